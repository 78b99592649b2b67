package io.zeolite.client.connection;

import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Which servers a {@link ServerLink} connects to, and how patient it is.
 *
 * @param addresses where the same storage is served; at least one
 * @param storage the name of the storage
 * @param access what is asked of the server
 * @param label what the server's log calls the client; null for nothing
 * @param connection how a single connection is made
 * @param firstRetry the pause after the first attempt that failed at an address; it doubles, up to {@code lastRetry}
 * @param lastRetry the longest pause
 * @param waitTimeout how long a call waits for a connection; zero to fail at once
 * @param serverTimeout how long a server may say nothing although it was asked, before it is given up; more than zero
 * @param background where host names are looked up, which may take its time
 */
public record LinkOptions(
        List<SocketAddress> addresses,
        String storage,
        Access access,
        @Nullable String label,
        ConnectionOptions connection,
        Duration firstRetry,
        Duration lastRetry,
        Duration waitTimeout,
        Duration serverTimeout,
        Executor background) {
    /** What is asked of the server. */
    public enum Access {
        /** A server that takes writes; one that is read-only is not used. */
        READ_WRITE,
        /** Writes are refused by the server, whatever it is. */
        READ_ONLY,
        /** A read-only server is used as long as there is no other, and left when there is. */
        READ_ONLY_FALLBACK
    }

    public LinkOptions {
        addresses = List.copyOf(addresses);
        if (addresses.isEmpty()) {
            throw new IllegalArgumentException("addresses: none (expected: at least one)");
        }
    }
}
