package io.zeolite.tls;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import javax.net.ssl.SSLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What new connections are given to speak TLS with. Its certificates can be replaced at any time; connections that are
 * there keep those that they began with.
 */
public final class TlsContext implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger("ZEO.runzeo");

    private final TlsSettings settings;
    private final SslProvider provider;

    // Guarded by this, for the handles of OpenSSL are counted. Nothing slow happens under it.
    private SslContext current;
    // Guarded by reloading: what was loaded last, or could not be.
    private TlsFiles files;
    private final Object reloading = new Object();

    private TlsContext(TlsSettings settings) throws IOException {
        this.settings = settings;
        this.provider = OpenSsl.isAvailable() ? SslProvider.OPENSSL_REFCNT : SslProvider.JDK;
        this.files = TlsFiles.of(settings);
        Loaded loaded = load();
        this.current = loaded.context;
        LOG.info("TLS by {}: {}", library(), loaded);
        loaded.warn();
    }

    /**
     * Loads the certificates and says so in the log, with the library that is used.
     *
     * @throws IOException if a file is missing or is not what it should be; the message names it
     */
    public static TlsContext load(TlsSettings settings) throws IOException {
        return new TlsContext(settings);
    }

    /** Any thread; loads no files. */
    public SslHandler newHandler(ByteBufAllocator allocator) {
        synchronized (this) {
            return current.newHandler(allocator);
        }
    }

    /** Loads the files again if they have changed since they were looked at last. Reads files: not for an event loop. */
    public void reloadIfChanged() {
        synchronized (reloading) {
            TlsFiles now = TlsFiles.of(settings);
            if (!now.equals(files)) {
                files = now;
                reload("changed");
            }
        }
    }

    /** Loads the files again, because the operator asked for it. Reads files: not for an event loop. */
    public void reload() {
        synchronized (reloading) {
            files = TlsFiles.of(settings);
            reload("asked for");
        }
    }

    private void reload(String why) {
        Loaded loaded;
        try {
            loaded = load();
        } catch (IOException e) {
            LOG.error("certificates not reloaded ({}), those from before stay: {}", why, e.getMessage());
            return;
        }
        synchronized (this) {
            ReferenceCountUtil.release(current);
            current = loaded.context;
        }
        LOG.info("certificates reloaded ({}): {}", why, loaded);
        loaded.warn();
    }

    @Override
    public void close() {
        synchronized (this) {
            ReferenceCountUtil.release(current);
        }
    }

    private String library() {
        return provider == SslProvider.JDK
                ? "Java, since OpenSSL cannot be loaded ("
                        + OpenSsl.unavailabilityCause().getMessage() + ")"
                : OpenSsl.versionString();
    }

    private Loaded load() throws IOException {
        ServerIdentity identity = ServerIdentity.load(settings);
        ClientTrust trust = ClientTrust.load(settings.authenticate());
        try {
            SslContext context = SslContextBuilder.forServer(
                            identity.key(), identity.chain().toArray(new X509Certificate[0]))
                    .sslProvider(provider)
                    .trustManager(trust)
                    .clientAuth(ClientAuth.REQUIRE)
                    .protocols("TLSv1.3", "TLSv1.2")
                    .build();
            return new Loaded(context, identity, trust);
        } catch (SSLException | IllegalArgumentException e) {
            throw new IOException(settings.certificate() + ": not usable for TLS: " + e.getMessage(), e);
        }
    }

    private record Loaded(SslContext context, ServerIdentity identity, ClientTrust trust) {
        @Override
        public String toString() {
            return "certificate of " + Names.withEnd(identity.certificate()) + ", clients by " + trust;
        }

        void warn() {
            Instant end = identity.certificate().getNotAfter().toInstant();
            if (end.isBefore(Instant.now())) {
                LOG.warn("the certificate of the server has expired: {}", Names.withEnd(identity.certificate()));
            }
            if (trust.isEmpty()) {
                LOG.warn(
                        "no client can connect: authenticate has no certificate that clients are trusted by (expected: a"
                                + " file with certificates, or a directory after openssl rehash)");
            }
        }
    }
}
