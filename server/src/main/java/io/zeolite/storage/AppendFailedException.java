package io.zeolite.storage;

import java.io.IOException;

/** A log could not take transactions and is as it was before. */
public final class AppendFailedException extends IOException {
    private static final long serialVersionUID = 1L;

    public AppendFailedException(String message, Throwable cause) {
        super(message, cause);
    }
}
