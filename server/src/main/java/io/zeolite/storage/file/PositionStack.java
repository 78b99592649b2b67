package io.zeolite.storage.file;

import java.util.ArrayDeque;
import java.util.Arrays;

/** Positions that are still to be looked at. It grows by pieces, so that nothing is copied. For one thread. */
final class PositionStack {
    /** What is taken at once. Also the length of a piece: half a megabyte. */
    static final int BATCH = 1 << 16;

    private final ArrayDeque<long[]> full = new ArrayDeque<>();
    private long[] top = new long[BATCH];
    private int size;

    void push(long position) {
        if (size == BATCH) {
            full.push(top);
            top = new long[BATCH];
            size = 0;
        }
        top[size++] = position;
    }

    boolean isEmpty() {
        return size == 0 && full.isEmpty();
    }

    /** Takes some of those that were pushed last, in ascending order, so that reading them is quick. */
    long[] takeSorted() {
        long[] taken;
        if (size == 0 && !full.isEmpty()) {
            taken = full.pop();
        } else {
            taken = Arrays.copyOf(top, size);
            size = 0;
        }
        Arrays.sort(taken);
        return taken;
    }
}
