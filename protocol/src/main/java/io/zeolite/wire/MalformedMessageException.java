package io.zeolite.wire;

/**
 * The peer has sent bytes that are no message of ZEO 5, or more than it may send. The connection cannot go on.
 *
 * <p>The message says where in the bytes it is; there is no stack trace, so that a peer cannot make one be taken for
 * each of its messages.
 */
public class MalformedMessageException extends Exception {
    private static final long serialVersionUID = 1L;

    public MalformedMessageException(String message) {
        super(message, null, false, false);
    }

    public MalformedMessageException(String message, Throwable cause) {
        super(message, cause, false, false);
    }
}
