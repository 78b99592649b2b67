package io.zeolite.pickle;

/**
 * How much one message may hold, so that a short one cannot take much memory or a deep stack.
 *
 * @param depth how deep containers may be nested
 * @param values how many values, counted as often as they would be written out: a value that a pickle fetches from its
 *     memo counts again, with all that is in it, and once more for every 16 bytes of a string. A number, a bool or None counts
 *     once, anything else as {@link #OTHERS} of them, about what it takes
 */
public record ValueLimits(int depth, int values) {
    /** What a value counts that is no number, bool or None. */
    public static final int OTHERS = 8;

    /**
     * What a server takes: Python's clients tell it, at the end of a transaction, of all iterators that they do not use any
     * more, and there is one for each transaction whose records were read.
     */
    public static final ValueLimits FROM_CLIENT = new ValueLimits(100, 1 << 20);

    /** What a client takes: one invalidation names every object of a transaction. */
    public static final ValueLimits FROM_SERVER = new ValueLimits(100, 1 << 27);
}
