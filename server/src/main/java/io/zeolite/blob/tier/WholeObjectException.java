package io.zeolite.blob.tier;

import java.io.IOException;

/** Two differ that should have the same bytes, and that of the store is whole or may be: nothing is written over it. */
public final class WholeObjectException extends IOException {
    private static final long serialVersionUID = 1L;

    WholeObjectException(String message) {
        super(message);
    }
}
