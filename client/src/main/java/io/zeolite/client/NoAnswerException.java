package io.zeolite.client;

/** A call was not answered in time, or its thread was interrupted meanwhile. The server may still be at it. */
public final class NoAnswerException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    NoAnswerException(String message) {
        super(message);
    }
}
