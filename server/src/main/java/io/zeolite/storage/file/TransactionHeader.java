package io.zeolite.storage.file;

import static io.zeolite.storage.file.FileFormat.TRAILER_LENGTH;
import static io.zeolite.storage.file.FileFormat.TRANSACTION_HEADER_LENGTH;

/**
 * The start of a transaction as it stands in the file, unchecked.
 *
 * @param length {@code tlen}; may be anything, also negative
 */
record TransactionHeader(
        long position, long tid, long length, byte status, int userLength, int descriptionLength, int extensionLength) {
    int headerLength() {
        return TRANSACTION_HEADER_LENGTH + userLength + descriptionLength + extensionLength;
    }

    long recordsStart() {
        return position + headerLength();
    }

    long recordsEnd() {
        return position + length;
    }

    long end() {
        return position + length + TRAILER_LENGTH;
    }

    /** Whether it ends within the first {@code size} bytes of the file, however absurd its length is. */
    boolean fitsInto(long size) {
        return Long.compareUnsigned(length, size - position - TRAILER_LENGTH) <= 0;
    }
}
