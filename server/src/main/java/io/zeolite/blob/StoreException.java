package io.zeolite.blob;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A request to a {@link BlobStore} that failed. The message names the store, the key, and what the store said. */
public final class StoreException extends IOException {
    private static final long serialVersionUID = 1L;

    /** What the caller can do about it. */
    public enum Reason {
        /** There is no such object. */
        NOT_FOUND,
        /** The object is not the one that was read before. */
        CHANGED,
        /** Somebody else is writing it at this moment. */
        CONTENDED,
        /** The credentials do not allow it, or there are none. An operator has to act. */
        DENIED,
        /** The store understood and refuses, for a reason that stays the same when asked again. */
        REFUSED,
        /** The object has to be restored before it can be read. Others need not be in an archive. */
        ARCHIVED,
        /** The store does not answer, not in time, or asks to come back later: trying again helps. */
        UNAVAILABLE
    }

    private final Reason reason;

    public StoreException(Reason reason, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }
}
