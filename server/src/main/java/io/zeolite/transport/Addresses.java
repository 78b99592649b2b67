package io.zeolite.transport;

import io.netty.channel.unix.DomainSocketAddress;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
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
        return address instanceof UnixDomainSocketAddress unix ? unix.getPath().toString() : String.valueOf(address);
    }

    /**
     * Deletes the socket that a server left behind when it was killed.
     *
     * @throws IOException if somebody listens on it, or that cannot be found out
     */
    static void removeStaleSocket(Path path) throws IOException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        if (!isSocket(path)) {
            throw new IOException("cannot listen on " + path + ": there is a file that is no socket");
        }
        try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            if (probe.connect(UnixDomainSocketAddress.of(path))) {
                throw new BindException("cannot listen on " + path + ": another server listens there");
            }
        } catch (BindException e) {
            throw e;
        } catch (ConnectException e) {
            // Refused. Its message is in the language of the system.
            Files.delete(path);
        } catch (IOException e) {
            throw new IOException(
                    "cannot listen on " + path
                            + ": there is a socket, and whether somebody listens there is unknown: "
                            + e.getMessage(),
                    e);
        }
    }

    private static boolean isSocket(Path path) throws IOException {
        BasicFileAttributes file = Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        return file.isOther();
    }
}
