package io.zeolite.platform;

import org.jspecify.annotations.Nullable;

/** A thread has ended without which a server cannot go on, and which nothing replaces. Nobody catches it: the process ends. */
public final class LostThreadError extends Error {
    private static final long serialVersionUID = 1;

    /** @param cause what ended it, null if it ended by itself */
    public LostThreadError(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
