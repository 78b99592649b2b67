package io.zeolite.pickle;

/** Bytes that are not a pickle, or one of more than this reader knows or allows. There is no stack trace. */
public final class PickleException extends Exception {
    private static final long serialVersionUID = 1L;

    private final int offset;

    PickleException(int offset, String found, String expected) {
        super("pickle, offset " + offset + ": " + found + " (expected: " + expected + ")", null, false, false);
        this.offset = offset;
    }

    /** Where in the pickle, counted from its first byte, the opcode is that could not be read. */
    public int offset() {
        return offset;
    }
}
