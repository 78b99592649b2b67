package io.zeolite.cli;

import java.net.SocketAddress;

/** A server that accepts connections. */
public interface RunningServer {
    /**
     * Where it listens: an {@link java.net.InetSocketAddress} with the real port, or a
     * {@link java.net.UnixDomainSocketAddress} with the path as it was configured.
     */
    SocketAddress address();

    /**
     * Ends it in order: no more connections, voted transactions may finish for a moment, storages are closed. Returns
     * when that is done. Any thread may call it, more than once.
     */
    void stop();

    /** Returns when the server has ended, because of {@link #stop} or because it cannot go on. */
    void awaitStop() throws InterruptedException;
}
