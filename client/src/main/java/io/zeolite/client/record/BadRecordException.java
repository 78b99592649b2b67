package io.zeolite.client.record;

import org.jspecify.annotations.Nullable;

/** Bytes that are no record of ZODB; the message says where, what was found and what was expected. */
public final class BadRecordException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    BadRecordException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
