package io.zeolite.storage.file;

import static io.zeolite.storage.file.FileFormat.BACK_POINTER_LENGTH;
import static io.zeolite.storage.file.FileFormat.DATA_HEADER_LENGTH;

/**
 * The start of a record as it stands in the file, unchecked.
 *
 * @param previous {@code prev}
 * @param transaction {@code tloc}
 * @param versionLength what was the length of a version's name, and must be 0 now
 * @param dataLength {@code plen}; may be anything, also negative
 */
record DataHeader(
        long position, long oid, long tid, long previous, long transaction, int versionLength, long dataLength) {
    boolean hasData() {
        return dataLength != 0;
    }

    long dataStart() {
        return position + DATA_HEADER_LENGTH;
    }

    long end() {
        return dataStart() + (hasData() ? dataLength : BACK_POINTER_LENGTH);
    }

    /** Whether it ends at or before a position, however absurd its length is. */
    boolean endsBy(long limit) {
        long room = limit - dataStart();
        return room >= 0 && Long.compareUnsigned(hasData() ? dataLength : BACK_POINTER_LENGTH, room) <= 0;
    }
}
