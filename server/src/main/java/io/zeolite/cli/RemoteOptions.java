package io.zeolite.cli;

import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.zeolite.client.connection.ConnectionOptions;
import io.zeolite.client.connection.KeyFile;
import io.zeolite.config.ServerAddress;
import io.zeolite.config.zconfig.ConfigException;
import io.zeolite.tool.remote.Server;
import java.io.File;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** The options of the commands that speak to a server: which one, and how to reach it. */
final class RemoteOptions {
    private static final String STORAGE = "--storage";
    private static final String TIMEOUT = "--timeout";
    private static final String TLS = "--tls";
    private static final String CA = "--ca";
    private static final String CERTIFICATE = "--certificate";
    private static final String KEY = "--key";
    private static final String ANY_HOSTNAME = "--no-check-hostname";
    private static final int DEFAULT_TIMEOUT_SECONDS = 30;

    private RemoteOptions() {}

    static void addTo(CommandSpec spec) {
        spec.addPositional(Options.argument(0, "ADDRESS", "HOST:PORT, PORT, or the path of a Unix socket (with a /)"));
        spec.addOption(Options.value(
                Double.class,
                "SECONDS",
                "how long the server may take to answer (default: " + DEFAULT_TIMEOUT_SECONDS + ")",
                TIMEOUT));
        spec.addOption(Options.flag("connect with TLS; implied by the next three", TLS));
        spec.addOption(Options.value(
                File.class, "FILE", "certificates that the server's must be signed by (default: the system's)", CA));
        spec.addOption(Options.value(File.class, "FILE", "our own certificate, PEM", CERTIFICATE));
        spec.addOption(Options.value(File.class, "FILE", "its key, PEM (default: in the certificate's file)", KEY));
        spec.addOption(Options.flag("take a server certificate for any name", ANY_HOSTNAME));
    }

    static void addStorageTo(CommandSpec spec) {
        spec.addOption(Options.value(String.class, "NAME", "the storage (default: 1)", "-S", STORAGE));
    }

    static String storage(ParseResult options) {
        return options.matchedOptionValue(STORAGE, "1");
    }

    static Server server(ParseResult options) throws ConfigException {
        String name = Options.argument(options, 0);
        double seconds = options.matchedOptionValue(TIMEOUT, (double) DEFAULT_TIMEOUT_SECONDS);
        if (!(seconds > 0 && seconds < Integer.MAX_VALUE)) {
            throw new ConfigException(TIMEOUT + ": " + seconds + " (expected: seconds, more than 0)");
        }
        Duration timeout = Duration.ofMillis(Math.max(1, (long) (seconds * 1000)));
        ConnectionOptions connection =
                ConnectionOptions.DEFAULT.withConnectTimeout(timeout).withTls(tls(options));
        return new Server(name, address(name), timeout, connection);
    }

    private static SocketAddress address(String text) throws ConfigException {
        ServerAddress address = ServerAddress.parse(text);
        if (address instanceof ServerAddress.Unix unix) {
            return UnixDomainSocketAddress.of(Path.of(unix.path()));
        } else if (address instanceof ServerAddress.Tcp tcp && tcp.port() > 0) {
            String host = tcp.host().isEmpty() ? "127.0.0.1" : tcp.host();
            return InetSocketAddress.createUnresolved(host, tcp.port());
        }
        throw new ConfigException(
                "address: \"" + text + "\" (expected: HOST:PORT, PORT, or the path of a Unix socket with a /)");
    }

    private static @Nullable SslContext tls(ParseResult options) throws ConfigException {
        @Nullable File authority = options.matchedOptionValue(CA, null);
        @Nullable File certificate = options.matchedOptionValue(CERTIFICATE, null);
        @Nullable File key = options.matchedOptionValue(KEY, null);
        if (key != null && certificate == null) {
            throw new ConfigException(KEY + " is given without " + CERTIFICATE);
        }
        if (!Options.isSet(options, TLS) && authority == null && certificate == null) {
            return null;
        }
        try {
            SslContextBuilder builder = SslContextBuilder.forClient();
            if (authority != null) {
                builder.trustManager(authority);
            }
            if (certificate != null) {
                KeyFile.use(builder, certificate.toPath(), (key == null ? certificate : key).toPath(), null);
            }
            if (Options.isSet(options, ANY_HOSTNAME)) {
                builder.endpointIdentificationAlgorithm(null);
            }
            return builder.build();
        } catch (SSLException | IllegalArgumentException e) {
            Throwable root = e.getCause() == null ? e : e.getCause();
            throw new ConfigException("TLS: " + e.getMessage() + ": " + root.getMessage());
        } catch (IOException e) {
            throw new ConfigException("TLS: " + e.getMessage());
        }
    }
}
