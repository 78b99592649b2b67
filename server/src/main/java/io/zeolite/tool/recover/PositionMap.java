package io.zeolite.tool.recover;

import io.zeolite.storage.file.Longs;

/**
 * Where the records of one file are in another. They come in the order of both files, and most of them as far from each
 * other as they were, so that a stretch of them takes one entry.
 */
final class PositionMap {
    private final Longs starts = new Longs();
    private final Longs shifts = new Longs();
    private long end;

    /** Adds a record, which lies behind all before it. */
    void add(long position, long length, long newPosition) {
        long shift = newPosition - position;
        boolean continues = !starts.isEmpty() && shifts.get(shifts.size() - 1) == shift;
        if (!continues) {
            starts.add(position);
            shifts.add(shift);
        }
        end = position + length;
    }

    /**
     * Says that something was left out: what lies between the last record and this position is not in the other file.
     */
    void gap(long position) {
        starts.add(Math.max(position, end));
        shifts.add(Long.MIN_VALUE);
    }

    /** The new position of a record that was added, 0 for one that was left out. */
    long get(long position) {
        int low = 0;
        int high = starts.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (starts.get(middle) <= position) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        boolean known = low > 0 && position < end && shifts.get(low - 1) != Long.MIN_VALUE;
        return known ? position + shifts.get(low - 1) : 0;
    }
}
