package io.zeolite.client.connection;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** There is no connection, or not any more; whether the server carried out what was under way is not known. */
public final class DisconnectedException extends IOException {
    private static final long serialVersionUID = 1L;

    DisconnectedException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
