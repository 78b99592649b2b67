package io.zeolite.client;

/**
 * There was no connection to a server within the time that the client waits for one, it broke, or the client was closed. A
 * call that fails with this has changed nothing, and may be made again; but a pack that was asked for may be under way.
 */
public final class ServerUnavailableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ServerUnavailableException(String message, Throwable cause) {
        super(message, cause);
    }
}
