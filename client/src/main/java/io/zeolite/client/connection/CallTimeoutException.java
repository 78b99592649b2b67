package io.zeolite.client.connection;

import java.io.IOException;
import java.time.Duration;

/** The server did not answer a call in time. The connection is still there, and the server may be at it. */
public final class CallTimeoutException extends IOException {
    private static final long serialVersionUID = 1L;

    CallTimeoutException(String server, String method, Duration timeout) {
        super(server + " has not answered " + method + " within " + timeout.toMillis() + " ms");
    }
}
