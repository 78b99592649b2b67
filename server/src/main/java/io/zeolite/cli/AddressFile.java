package io.zeolite.cli;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * Tells another program where the server listens, as JSON: {@code ["127.0.0.1", 34567]} or {@code "path"}. The file is
 * complete as soon as it is there.
 */
final class AddressFile {
    private AddressFile() {}

    static void write(Path file, SocketAddress address) throws IOException {
        Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
        Files.writeString(temporary, json(address) + "\n");
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private static String json(SocketAddress address) {
        if (address instanceof InetSocketAddress inet) {
            return "[" + quoted(host(inet)) + ", " + inet.getPort() + "]";
        }
        return quoted(((UnixDomainSocketAddress) address).getPath().toString());
    }

    /** As a client on this machine can use it, whatever protocol its sockets are for. */
    private static String host(InetSocketAddress address) {
        return address.getAddress().isAnyLocalAddress()
                ? "0.0.0.0"
                : address.getAddress().getHostAddress();
    }

    private static String quoted(String text) {
        StringBuilder out = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < ' ') {
                out.append(String.format("\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        return out.append('"').toString();
    }
}
