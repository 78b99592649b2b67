package io.zeolite.client;

import org.jspecify.annotations.Nullable;

/**
 * Hears what a {@link Relay} has to pass on, in the order of the server. Called on the client's event loop, so it must not
 * block; {@link #publish} is for the transactions of others.
 */
public interface RelayListener extends RelayPublication {
    /** For a client that nobody is behind. */
    RelayListener NONE = (tid, oids, makeVisible) -> makeVisible.run();

    /**
     * There is a new connection, and the client knows what has changed since the one before.
     *
     * @param tid the last transaction
     * @param oids what has changed since the last one that was published; null if that is not known, or there was none
     * @param makeVisible to be run in the call, once: the client's cache is as of that transaction afterwards
     */
    default void caughtUp(long tid, long @Nullable [] oids, Runnable makeVisible) {
        makeVisible.run();
    }

    /** The connection is verified, and calls go out from now on. */
    default void connected() {}

    /** The server has told the size of the storage: before the answer to a finish, or after a pack. */
    default void resized() {}

    /** The client has failed: there will be no connection any more. */
    default void ended(Throwable failure) {}
}
