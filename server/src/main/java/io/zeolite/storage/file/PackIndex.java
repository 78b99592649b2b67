package io.zeolite.storage.file;

import io.zeolite.storage.index.PositionIndex;

/**
 * Where the record of each object is that was current at the time of a pack, and whether the pack keeps it. A little over
 * 8 bytes an object. For one thread.
 *
 * <p>A value is the position times two, plus one if it is marked, so positions have one bit less than in the file format.
 */
final class PackIndex {
    /** A file may not be longer, which is 128 TiB. */
    static final long POSITION_LIMIT = PositionIndex.POSITION_LIMIT >> 1;

    /** Of an object that was deleted. No record is at this position. */
    private static final long DELETED = 1;

    private final PositionIndex index = new PositionIndex();
    private long objects;

    /** Sets which record is current. The object may have been deleted before: an undo brings it back. */
    void put(long oid, long position) {
        if (!has(oid)) {
            objects++;
        }
        index.put(oid, position << 1);
    }

    /** Notes that an object does not exist any more. */
    void delete(long oid) {
        if (has(oid)) {
            index.put(oid, DELETED << 1);
            objects--;
        }
    }

    /** The position of the current record; 0 if the object does not exist. */
    long position(long oid) {
        long position = index.get(oid) >> 1;
        return position == DELETED ? 0 : position;
    }

    /** Whether {@link #mark} was called for an object. */
    boolean isMarked(long oid) {
        return (index.get(oid) & 1) != 0;
    }

    /** Marks an object. Returns the position of its record; 0 if it does not exist, or was marked before. */
    long mark(long oid) {
        long value = index.get(oid);
        if ((value & 1) != 0 || value >> 1 <= DELETED) {
            return 0;
        }
        index.put(oid, value | 1);
        return value >> 1;
    }

    /** Whether an object exists, marked or not. */
    boolean has(long oid) {
        return position(oid) != 0;
    }

    /** Whether no object exists. */
    boolean isEmpty() {
        return objects == 0;
    }
}
