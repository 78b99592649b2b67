package io.zeolite.wire;

/** The peer has announced a frame that is longer than is taken from it. It may be a message all the same. */
public final class FrameTooLongException extends MalformedMessageException {
    private static final long serialVersionUID = 1L;

    private final long length;

    FrameTooLongException(String message, long length) {
        super(message);
        this.length = length;
    }

    /** How long it is, in bytes. */
    public long length() {
        return length;
    }
}
