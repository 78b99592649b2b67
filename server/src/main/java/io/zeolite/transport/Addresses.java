package io.zeolite.transport;

import io.netty.channel.unix.DomainSocketAddress;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Addresses as the log shows them, and what is special about those in the file system. */
final class Addresses {
    private Addresses() {}

    static String describe(@Nullable SocketAddress address) {
        if (address instanceof InetSocketAddress inet) {
            String host = inet.getAddress() == null
                    ? inet.getHostString()
                    : inet.getAddress().getHostAddress();
            return (host.contains(":") ? "[" + host + "]" : host) + ":" + inet.getPort();
        }
        if (address instanceof DomainSocketAddress unix) {
            return unix.path().isEmpty() ? "unix" : unix.path();
        }
        return String.valueOf(address);
    }

    /** Deletes the socket that a server left behind when it was killed; one that somebody listens on stays. */
    static void removeStaleSocket(Path path) throws IOException {
        if (!Files.exists(path) || Files.isRegularFile(path) || Files.isDirectory(path)) {
            return;
        }
        try (SocketChannel probe = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
            // Somebody answers: binding will fail and say so.
            probe.isConnected();
        } catch (IOException nobodyListens) {
            Files.delete(path);
        }
    }
}
