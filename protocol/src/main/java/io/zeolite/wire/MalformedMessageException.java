package io.zeolite.wire;

/** The peer has sent bytes that are no message of ZEO 5, or more than it may send. The connection cannot go on. */
public final class MalformedMessageException extends Exception {
    private static final long serialVersionUID = 1L;

    public MalformedMessageException(String message) {
        super(message);
    }

    public MalformedMessageException(String message, Throwable cause) {
        super(message, cause);
    }
}
