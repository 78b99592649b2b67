package io.zeolite.client.connection;

import io.netty.handler.ssl.SslContext;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How to connect.
 *
 * @param connectTimeout how long it may take until the server has announced its protocol, more than zero
 * @param maxMessageBytes the longest message that is taken from the server
 * @param tls for a server with TLS; null for one without
 * @param serverName the name that the server's certificate is to have; null for the host of the address
 */
public record ConnectionOptions(
        Duration connectTimeout,
        int maxMessageBytes,
        @Nullable SslContext tls,
        @Nullable String serverName) {
    /** 10 s, 1 GB and no TLS. */
    public static final ConnectionOptions DEFAULT = new ConnectionOptions(Duration.ofSeconds(10), 1 << 30, null, null);

    public ConnectionOptions {
        if (connectTimeout.isNegative() || connectTimeout.isZero()) {
            throw new IllegalArgumentException("connectTimeout: " + connectTimeout + " (expected: more than zero)");
        }
    }

    /** These, with another time to connect. */
    public ConnectionOptions withConnectTimeout(Duration timeout) {
        return new ConnectionOptions(timeout, maxMessageBytes, tls, serverName);
    }

    /** These, with TLS. */
    public ConnectionOptions withTls(@Nullable SslContext context) {
        return new ConnectionOptions(connectTimeout, maxMessageBytes, context, serverName);
    }

    /** These, with the name that the server's certificate is to have. */
    public ConnectionOptions withServerName(@Nullable String name) {
        return new ConnectionOptions(connectTimeout, maxMessageBytes, tls, name);
    }
}
