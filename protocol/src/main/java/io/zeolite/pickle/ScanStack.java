package io.zeolite.pickle;

import java.util.Arrays;

/**
 * The stack and the memo of a {@link RecordScanner}: what is known of each value, in three numbers.
 *
 * <p>A value is a kind and two numbers. For texts and bytes they say where the value is in the record: offset and length.
 * For tuples and lists they say where their first elements are among {@link #elements}, and how many elements there are
 * in all. Everything else is only there to be counted.
 */
final class ScanStack {
    /** A value of which nothing need be known. */
    static final byte OTHER = 0;

    static final byte MARK = 1;
    static final byte NONE = 2;
    /** Raw bytes, or a string of Python 2 in binary form. */
    static final byte BYTES = 3;
    /** A str in UTF-8. */
    static final byte TEXT = 4;
    /** A line with a string literal of Python 2. */
    static final byte QUOTED = 5;
    /** A line with a str, raw or with unicode escapes. */
    static final byte ESCAPED = 6;
    /** Two lines, module and name; the length is that of both with what is between them. */
    static final byte GLOBAL = 7;
    /** A class whose module and name are the first two elements. */
    static final byte STACK_GLOBAL = 8;

    static final byte TUPLE = 9;
    static final byte LIST = 10;

    /** As many elements of a tuple or list are known as the longest reference has. */
    static final int KNOWN_ELEMENTS = 3;

    private static final int NUMBERS = 3;
    private static final int INITIAL_LENGTH = 64;

    private byte[] kinds = new byte[INITIAL_LENGTH];
    private int[] as = new int[INITIAL_LENGTH];
    private int[] bs = new int[INITIAL_LENGTH];
    private int size;

    private byte[] memoKinds = new byte[INITIAL_LENGTH];
    private int[] memoAs = new int[INITIAL_LENGTH];
    private int[] memoBs = new int[INITIAL_LENGTH];
    /** Whether a place of the memo has been filled since {@link #clear}, and all places up to which may have been. */
    private boolean[] memoFilled = new boolean[INITIAL_LENGTH];

    private int memoEnd;

    /** Kind and two numbers of each. */
    private int[] elements = new int[NUMBERS * INITIAL_LENGTH];

    private int elementCount;

    void clear() {
        size = 0;
        elementCount = 0;
        Arrays.fill(memoFilled, 0, memoEnd, false);
        memoEnd = 0;
    }

    /** Forgets the values, not the memo: what an unpickler does between two pickles. */
    void clearValues() {
        size = 0;
    }

    int size() {
        return size;
    }

    void push(byte kind, int a, int b) {
        if (size == kinds.length) {
            kinds = Arrays.copyOf(kinds, 2 * size);
            as = Arrays.copyOf(as, 2 * size);
            bs = Arrays.copyOf(bs, 2 * size);
        }
        kinds[size] = kind;
        as[size] = a;
        bs[size++] = b;
    }

    void push(byte kind) {
        push(kind, 0, 0);
    }

    void drop(int count) {
        size -= count;
    }

    byte topKind() {
        return kinds[size - 1];
    }

    int topA() {
        return as[size - 1];
    }

    int topB() {
        return bs[size - 1];
    }

    void duplicate() {
        push(topKind(), topA(), topB());
    }

    /** How many values there are above the topmost mark; -1 if there is no mark. */
    int countAboveMark() {
        for (int i = size - 1; i >= 0; i--) {
            if (kinds[i] == MARK) {
                return size - 1 - i;
            }
        }
        return -1;
    }

    /** Replaces the topmost values, and a mark under them if there is one, by a tuple or a list of them. */
    void collect(byte kind, int count, boolean isMarked) {
        int first = size - count;
        int start = elementCount;
        addElements(first, count, kind == LIST);
        size = isMarked ? first - 1 : first;
        push(kind, start, count);
    }

    /** Adds the topmost values to the value under them, which is remembered if it is a list, and drops them. */
    boolean append(int count, boolean isMarked) {
        int first = size - count;
        int target = (isMarked ? first - 1 : first) - 1;
        if (target < 0) {
            return false;
        }
        if (kinds[target] == LIST) {
            int before = bs[target];
            if (before == 0) {
                as[target] = elementCount;
                addElements(first, count, true);
            } else {
                for (int i = 0; i < count && before + i < KNOWN_ELEMENTS; i++) {
                    setElement(as[target] + before + i, kinds[first + i], as[first + i], bs[first + i]);
                }
            }
            bs[target] = before + count;
        }
        size = target + 1;
        return true;
    }

    /** @param canGrow whether more elements may come later */
    private void addElements(int first, int count, boolean canGrow) {
        int known = Math.min(count, KNOWN_ELEMENTS);
        for (int i = first; i < first + known; i++) {
            addElement(kinds[i], as[i], bs[i]);
        }
        for (int i = known; canGrow && i < KNOWN_ELEMENTS; i++) {
            addElement(OTHER, 0, 0);
        }
    }

    private void addElement(byte kind, int a, int b) {
        if (NUMBERS * (elementCount + 1) > elements.length) {
            elements = Arrays.copyOf(elements, 2 * elements.length);
        }
        setElement(elementCount++, kind, a, b);
    }

    private void setElement(int element, byte kind, int a, int b) {
        elements[NUMBERS * element] = kind;
        elements[NUMBERS * element + 1] = a;
        elements[NUMBERS * element + 2] = b;
    }

    int elementKind(int element) {
        return elements[NUMBERS * element];
    }

    int elementA(int element) {
        return elements[NUMBERS * element + 1];
    }

    int elementB(int element) {
        return elements[NUMBERS * element + 2];
    }

    /** Where the next value goes into the memo that is put there without saying where. */
    int memoEnd() {
        return memoEnd;
    }

    void put(int place) {
        if (place >= memoKinds.length) {
            int length = Math.max(place + 1, 2 * memoKinds.length);
            memoKinds = Arrays.copyOf(memoKinds, length);
            memoAs = Arrays.copyOf(memoAs, length);
            memoBs = Arrays.copyOf(memoBs, length);
            memoFilled = Arrays.copyOf(memoFilled, length);
        }
        memoKinds[place] = topKind();
        memoAs[place] = topA();
        memoBs[place] = topB();
        memoFilled[place] = true;
        memoEnd = Math.max(memoEnd, place + 1);
    }

    /** Pushes what is in a place of the memo. Returns false if nothing is. */
    boolean get(long place) {
        if (place < 0 || place >= memoEnd || !memoFilled[(int) place]) {
            return false;
        }
        push(memoKinds[(int) place], memoAs[(int) place], memoBs[(int) place]);
        return true;
    }
}
