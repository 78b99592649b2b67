package io.zeolite.client.connection;

import java.util.concurrent.CompletableFuture;

/** Whose calls a {@link ServerLink} carries. Called on the event loop, so it must not block. */
public interface LinkUser extends ServerMessages {
    /**
     * A server has been found. Whatever it says on its own is held back until the future has completed, and so are the
     * calls of others; a failure, there or in what is done with what was held back, makes the link try again.
     *
     * @param lastTransaction that of the storage when the server took the client on its list for invalidations
     * @return completes on the event loop
     */
    CompletableFuture<Done> verify(ZeoConnection connection, long lastTransaction);

    /**
     * Whether a server with this last transaction cannot be verified, since more is known already. One that is only
     * readable is not given up for it.
     */
    boolean isBehind(long lastTransaction);

    /** Calls go out from now on. */
    void connected(ZeoConnection connection, boolean readOnly);

    /** A connection for which {@link #connected} was called has ended; its calls have failed already. */
    void disconnected(DisconnectedException reason);

    /** The link has failed, see {@link ServerLink#failure}: all calls fail from now on. */
    default void ended(Throwable failure) {}
}
