package io.zeolite.client.connection;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/** Looks up host names away from the event loop. */
final class Addresses {
    private Addresses() {}

    /** The address with the host looked up; the name it was looked up by stays in it, for certificates. */
    static CompletableFuture<SocketAddress> resolve(SocketAddress address, Executor background) {
        if (!(address instanceof InetSocketAddress inet) || !inet.isUnresolved()) {
            return CompletableFuture.completedFuture(address);
        }
        CompletableFuture<SocketAddress> resolved = new CompletableFuture<>();
        background.execute(() -> {
            try {
                InetAddress found = InetAddress.getByName(inet.getHostString());
                resolved.complete(new InetSocketAddress(found, inet.getPort()));
            } catch (UnknownHostException e) {
                resolved.completeExceptionally(new DisconnectedException(
                        "cannot connect to " + ClientLoops.describe(address) + ": unknown host", e));
            }
        });
        return resolved;
    }
}
