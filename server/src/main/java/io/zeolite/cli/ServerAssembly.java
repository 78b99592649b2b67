package io.zeolite.cli;

import io.zeolite.config.ServerAddress;
import io.zeolite.config.ServerConfig;
import io.zeolite.config.ZeoConfig;
import io.zeolite.session.ServedStorage;
import io.zeolite.session.SessionSettings;
import io.zeolite.storage.Completion;
import io.zeolite.tls.TlsContext;
import io.zeolite.tls.TlsSettings;
import io.zeolite.transport.TransportSettings;
import io.zeolite.transport.ZeoServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Puts a server together: threads, storages, sessions, and the address that they are served at. */
final class ServerAssembly implements RunningServer {
    private static final Logger LOG = LoggerFactory.getLogger("ZEO.runzeo");

    /** Those that do not hang are closed within that, even if the transactions have taken all of the time. */
    private static final Duration LEAST_FOR_BLOBS = Duration.ofSeconds(1);

    private final ServerThreads threads;
    private final Map<String, ServedStorage> storages;
    private final ZeoServer server;
    private final @Nullable TlsContext tls;
    private final Duration drainTimeout;
    private final AtomicBoolean stopping = new AtomicBoolean();
    private final CountDownLatch stopped = new CountDownLatch(1);

    private ServerAssembly(
            ServerThreads threads,
            Map<String, ServedStorage> storages,
            ZeoServer server,
            @Nullable TlsContext tls,
            Duration drainTimeout) {
        this.threads = threads;
        this.storages = storages;
        this.server = server;
        this.tls = tls;
        this.drainTimeout = drainTimeout;
    }

    /** Opens the storages and listens; see {@link ServerLauncher}. */
    static RunningServer start(ServerConfig config) throws IOException {
        ZeoConfig zeo = config.zeo();
        ServerThreads threads = new ServerThreads();
        StorageOpener opener = new StorageOpener(zeo, threads);
        Map<String, ServedStorage> storages = new LinkedHashMap<>();
        @Nullable TlsContext tls = null;
        try {
            // Before the storages, which may take long: a certificate that is not there is to be known at once.
            tls = zeo.tls() == null ? null : TlsContext.load(zeo.tls());
            if (tls != null) {
                TlsContext certificates = tls;
                Signals.handle(Signals.HANGUP, () -> threads.io().execute(certificates::reload));
            }
            Instant start = Instant.now();
            for (ServerConfig.NamedStorage named : config.storages()) {
                storages.put(
                        named.name(),
                        new ServedStorage(
                                named.name(),
                                opener.open(named.name(), named.storage()),
                                zeo.readOnly(),
                                zeo.transactionTimeout(),
                                start));
            }
            SessionSettings sessions =
                    new SessionSettings(storages, threads.io(), threads.iteration(), zeo.maxStagedSize());
            ZeoServer server = ZeoServer.listen(socketAddress(zeo.address()), transport(zeo), tls, sessions);
            if (zeo.tls() != null && tls != null) {
                keepCertificates(zeo.tls(), tls, threads);
            }
            return new ServerAssembly(threads, storages, server, tls, zeo.drainTimeout());
        } catch (IOException | RuntimeException e) {
            storages.values().forEach(served -> served.storage().close());
            if (tls != null) {
                tls.close();
            }
            threads.close();
            throw e;
        }
    }

    /** Has new certificates taken when they are there. */
    private static void keepCertificates(TlsSettings settings, TlsContext tls, ServerThreads threads) {
        if (!settings.checkInterval().isZero()) {
            threads.every(settings.checkInterval(), () -> threads.io().execute(tls::reloadIfChanged));
        }
    }

    private static TransportSettings transport(ZeoConfig zeo) {
        return new TransportSettings(
                zeo.msgpack(),
                zeo.maxMessageSize(),
                zeo.clientBufferLimit(),
                zeo.clientStallTimeout(),
                zeo.handshakeTimeout(),
                zeo.ioThreads());
    }

    private static SocketAddress socketAddress(ServerAddress address) throws IOException {
        if (address instanceof ServerAddress.Unix unix) {
            return UnixDomainSocketAddress.of(Path.of(unix.path()));
        }
        ServerAddress.Tcp tcp = (ServerAddress.Tcp) address;
        InetSocketAddress resolved = tcp.host().isEmpty()
                ? new InetSocketAddress(tcp.port())
                : new InetSocketAddress(tcp.host(), tcp.port());
        if (resolved.isUnresolved()) {
            throw new IOException("unknown host: " + tcp.host() + " (in the address " + tcp + ")");
        }
        return resolved;
    }

    @Override
    public SocketAddress address() {
        return server.address();
    }

    @Override
    public void stop() {
        if (stopping.compareAndSet(false, true)) {
            LOG.info("stopping");
            server.stopAccepting();
            long end = System.nanoTime() + drainTimeout.toNanos();
            drain();
            long left = Math.max(LEAST_FOR_BLOBS.toNanos(), end - System.nanoTime());
            if (!server.closeAfterBlobs(Duration.ofNanos(left))) {
                LOG.warn("some clients did not get all of their blobs in time, or hang; their connections are closed");
            }
            server.close();
            storages.values().forEach(served -> served.storage().close());
            threads.close();
            if (tls != null) {
                tls.close();
            }
            LOG.info("stopped");
            stopped.countDown();
        }
        try {
            awaitStop();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Gives the transactions that are voted a moment to finish. */
    private void drain() {
        CountDownLatch drained = new CountDownLatch(storages.size());
        Completion<Void> countDown = new Completion<>() {
            @Override
            public void complete(Void nothing) {
                drained.countDown();
            }

            @Override
            public void fail(Throwable failure) {
                drained.countDown();
            }
        };
        storages.values().forEach(served -> served.storage().drain(countDown));
        try {
            if (!drained.await(drainTimeout.toMillis(), TimeUnit.MILLISECONDS)) {
                LOG.warn(
                        "some voted transactions did not finish within {} s; they are aborted",
                        drainTimeout.toSeconds());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void awaitStop() throws InterruptedException {
        stopped.await();
    }
}
