package io.zeolite.storage.file;

import java.util.Arrays;

/**
 * How far records have moved: from where they were in one file to where they are in the other. Nearly all that follow
 * each other have moved by the same distance, so there is little to remember. For one thread.
 */
final class Shifts {
    private long[] starts = new long[16];
    private long[] distances = new long[16];
    private int size;

    /** Notes a move. What comes later has been moved as far, until something else is said. In ascending order. */
    void add(long from, long to) {
        long distance = to - from;
        if (size > 0 && distances[size - 1] == distance) {
            return;
        }
        if (size == starts.length) {
            starts = Arrays.copyOf(starts, 2 * size);
            distances = Arrays.copyOf(distances, 2 * size);
        }
        starts[size] = from;
        distances[size++] = distance;
    }

    /** Where something is now, given where it was, which is not before the first move. */
    long map(long position) {
        int i = Arrays.binarySearch(starts, 0, size, position);
        return position + distances[i >= 0 ? i : -i - 2];
    }
}
