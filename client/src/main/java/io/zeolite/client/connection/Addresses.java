package io.zeolite.client.connection;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;

/** Looks up host names away from the event loop. */
final class Addresses {
    private Addresses() {}

    /** The address with the host looked up; the name it was looked up by stays in it, for certificates. */
    static CompletableFuture<SocketAddress> resolve(SocketAddress address, Executor background) {
        if (!(address instanceof InetSocketAddress inet) || !inet.isUnresolved()) {
            return CompletableFuture.completedFuture(address);
        }
        try {
            return CompletableFuture.supplyAsync(() -> lookUp(inet), background);
        } catch (RuntimeException | Error e) {
            // There is no thread for it.
            return CompletableFuture.failedFuture(e);
        }
    }

    private static SocketAddress lookUp(InetSocketAddress address) {
        try {
            return new InetSocketAddress(InetAddress.getByName(address.getHostString()), address.getPort());
        } catch (UnknownHostException e) {
            throw new CompletionException(new DisconnectedException(
                    "cannot connect to " + ClientLoops.describe(address) + ": unknown host", e));
        }
    }
}
