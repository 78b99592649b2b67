package io.zeolite.pickle;

/** Bytes that are not a pickle, or one of more than this reader knows or allows. There is no stack trace. */
public final class PickleException extends Exception {
    private static final long serialVersionUID = 1L;

    private final int offset;

    PickleException(int offset, String found, String expected) {
        this("pickle, offset " + offset, offset, found, expected);
    }

    private PickleException(String where, int offset, String found, String expected) {
        super(where + ": " + found + " (expected: " + expected + ")", null, false, false);
        this.offset = offset;
    }

    /** That of a compressed record; the offset counts in what it inflates to. */
    static PickleException inflated(int offset, String found, String expected) {
        return new PickleException("inflated pickle, offset " + offset, 0, found, expected);
    }

    /**
     * Where in the pickle, counted from its first byte, the opcode is that could not be read; 0 for one that a
     * {@link RecordScanner} has inflated.
     */
    public int offset() {
        return offset;
    }
}
