package io.zeolite.storage.file;

import java.util.Arrays;

/** A list of numbers that takes eight bytes for each. For one thread. */
public final class Longs {
    private long[] elements = new long[16];
    private int size;

    public void add(long element) {
        if (size == elements.length) {
            elements = Arrays.copyOf(elements, size * 2);
        }
        elements[size++] = element;
    }

    public long get(int i) {
        return elements[i];
    }

    public int size() {
        return size;
    }

    public boolean isEmpty() {
        return size == 0;
    }

    public long[] toArray() {
        return Arrays.copyOf(elements, size);
    }

    /** Takes the last one away and returns it. */
    public long removeLast() {
        return elements[--size];
    }
}
