package io.zeolite.config;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Where a server listens. */
public sealed interface ServerAddress {
    /**
     * A TCP address.
     *
     * @param host a name or an IPv4 or IPv6 address without brackets, not looked up yet; empty for all interfaces
     * @param port 0 lets the system choose
     */
    record Tcp(String host, int port) implements ServerAddress {
        @Override
        public String toString() {
            return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
        }
    }

    /** A Unix socket; the path is as it was written. */
    record Unix(String path) implements ServerAddress {
        @Override
        public String toString() {
            return path;
        }
    }

    /**
     * Reads {@code port}, {@code host:port}, {@code [ipv6]:port}, {@code :port}, {@code host}, or a path, which holds
     * a {@code /}. A blank after the colon does not count. An IPv6 address without brackets has no port.
     *
     * @return null if it is none of these
     */
    static @Nullable ServerAddress parse(String text) {
        if (text.indexOf('/') >= 0) {
            return new Unix(text);
        }
        int colon = text.lastIndexOf(':');
        if (colon < 0) {
            Integer port = Datatypes.parsePort(text);
            return port != null ? new Tcp("", port) : host(text);
        }
        String host = text.substring(0, colon);
        boolean bracketed = host.startsWith("[") && host.endsWith("]");
        if (!bracketed && host.indexOf(':') >= 0) {
            return host(text.startsWith("[") && text.endsWith("]") ? text.substring(1, text.length() - 1) : text);
        }
        String digits = text.substring(colon + 1);
        Integer port = digits.isBlank() ? Integer.valueOf(0) : Datatypes.parsePort(digits);
        String bare = bracketed ? host.substring(1, host.length() - 1) : host;
        return port == null || hasBlank(bare) ? null : new Tcp(bare.toLowerCase(Locale.ROOT), port);
    }

    private static @Nullable ServerAddress host(String text) {
        // Digits that are not a port are a mistake, although Python takes them for the name of a host.
        boolean number = text.chars().allMatch(c -> c >= '0' && c <= '9');
        return number || hasBlank(text) ? null : new Tcp(text.toLowerCase(Locale.ROOT), 0);
    }

    private static boolean hasBlank(String text) {
        return text.chars().anyMatch(Character::isWhitespace);
    }
}
