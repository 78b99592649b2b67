package io.zeolite.client;

import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.zeolite.client.connection.KeyFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * How the client and the server prove to each other who they are. Files are PEM; keys in any form that OpenSSL
 * writes: PKCS#8, PKCS#1 or SEC 1, encrypted or not.
 *
 * @param trust certificates of servers, or of who signed them; null for those that the JVM trusts
 * @param certificate the client's, with those between it and a root behind it; null for none, which ZEO servers refuse
 * @param key the client's; null if it is in the file of the certificate
 * @param keyPassword null if the key is not encrypted
 * @param serverName the name that the server's certificate must have; null for the host of the address
 * @param checkServerName whether the name is looked at; without, any certificate that is trusted will do
 */
public record TlsOptions(
        @Nullable Path trust,
        @Nullable Path certificate,
        @Nullable Path key,
        @Nullable String keyPassword,
        @Nullable String serverName,
        boolean checkServerName) {
    /** Trusts servers with one of these certificates, and shows the client's. */
    public static TlsOptions of(Path trust, Path certificate, Path key) {
        return new TlsOptions(trust, certificate, key, null, null, true);
    }

    /**
     * These, with a name that the server's certificate must have in place of the host of the address. It is looked at, also if no name
     * was before.
     */
    public TlsOptions withServerName(String name) {
        return new TlsOptions(trust, certificate, key, keyPassword, name, true);
    }

    @Override
    public String toString() {
        return "TlsOptions[trust=" + trust + ", certificate=" + certificate + ", key=" + key + ", serverName="
                + serverName + ", checkServerName=" + checkServerName + "]";
    }

    /** Reads the files. */
    SslContext context() throws IOException {
        for (Path file : new @Nullable Path[] {trust, certificate, key}) {
            if (file != null && !Files.isReadable(file)) {
                throw new IOException("TLS: " + file + " cannot be read");
            }
        }
        try {
            SslContextBuilder builder = SslContextBuilder.forClient();
            if (trust != null) {
                builder.trustManager(trust.toFile());
            }
            if (certificate != null) {
                KeyFile.use(builder, certificate, key == null ? certificate : key, keyPassword);
            }
            if (!checkServerName) {
                builder.endpointIdentificationAlgorithm(null);
            }
            return builder.build();
        } catch (SSLException | IllegalArgumentException e) {
            Throwable root = e.getCause() == null ? e : e.getCause();
            throw new IOException("TLS: " + e.getMessage() + ": " + root.getMessage(), e);
        }
    }
}
