package io.zeolite.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zeolite.blob.BlobStore;
import io.zeolite.blob.KeyLayout;
import io.zeolite.blob.directory.BlobDirectory;
import io.zeolite.blob.file.DirectoryStore;
import io.zeolite.blob.tier.BlobTier;
import io.zeolite.blob.tier.BreakingStore;
import io.zeolite.blob.tier.TierSettings;
import io.zeolite.client.blob.BlobCache;
import io.zeolite.client.blob.CacheLimit;
import io.zeolite.client.connection.BlockingConnection;
import io.zeolite.client.connection.ConnectionOptions;
import io.zeolite.commit.CommitContext;
import io.zeolite.commit.LocalStorage;
import io.zeolite.commit.LocalStorageOptions;
import io.zeolite.commit.Timers;
import io.zeolite.commit.staging.SpillFiles;
import io.zeolite.error.ZeoException;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PyTuple;
import io.zeolite.session.ServedStorage;
import io.zeolite.session.SessionSettings;
import io.zeolite.storage.memory.MemoryLog;
import io.zeolite.zodb.Tid;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Blobs whose bytes stop coming while they are sent, and clients that ask again on the same connection. */
final class BrokenBlobTest {
    private static final long OID = 5;
    private static final long TID = 0x03f1a2b3c4d5e6f7L;
    private static final int SIZE = 3_000_000;
    private static final Duration PATIENT = Duration.ofSeconds(30);

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    private Path directory;

    private final ExecutorService committer = Executors.newSingleThreadExecutor();
    private final ExecutorService io = Executors.newFixedThreadPool(4);
    private final PythonFile file = new PythonFile();

    @SuppressWarnings("NullAway.Init") // Set before each test.
    private BreakingStore store;

    @SuppressWarnings("NullAway.Init")
    private LocalStorage storage;

    @SuppressWarnings("NullAway.Init")
    private ZeoServer server;

    @SuppressWarnings("NullAway.Init")
    private BlockingConnection client;

    /** The file in a Python client's cache: what comes for a blob is appended, whatever it has. */
    private static final class PythonFile {
        private @Nullable ByteArrayOutputStream arriving;
        private byte @Nullable [] complete;

        synchronized void received(String method, PyTuple args) {
            switch (method) {
                case Methods.RECEIVE_BLOB_START -> {
                    assertThat(arriving).as("what there is of it").isNull();
                    arriving = new ByteArrayOutputStream();
                }
                case Methods.RECEIVE_BLOB_CHUNK -> {
                    Objects.requireNonNull(arriving).writeBytes((byte[]) args.get(2));
                }
                case Methods.RECEIVE_BLOB_STOP -> {
                    complete = Objects.requireNonNull(arriving).toByteArray();
                    arriving = null;
                }
                default -> {}
            }
        }

        synchronized byte @Nullable [] complete() {
            return complete;
        }

        synchronized int arrived() {
            return arriving == null ? -1 : arriving.size();
        }
    }

    @BeforeEach
    void start() throws Exception {
        Path bucket = Files.createDirectories(directory.resolve("bucket"));
        store = new BreakingStore(new DirectoryStore(bucket));
        storage = LocalStorage.open(
                new MemoryLog("1"),
                BlobDirectory.open(directory.resolve("blobs")),
                tier(store),
                new CommitContext(committer, io, InstantSource.system(), new NoTimers(), Duration.ZERO),
                new LocalStorageOptions(10, Duration.ZERO, Long.MAX_VALUE, 1 << 20, SpillFiles.in(directory)));
        ServedStorage served = new ServedStorage("1", storage, false, Duration.ZERO, Instant.now());
        server = ZeoServer.listen(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                new TransportSettings(false, 1 << 20, 1 << 20, PATIENT, PATIENT, 1),
                null,
                new SessionSettings(Map.of("1", served), io, 1 << 20));
        client = BlockingConnection.open(server.address(), ConnectionOptions.DEFAULT, file::received);
        client.register("1", false, PATIENT);
    }

    private static final class NoTimers implements Timers {
        @Override
        public long nanoTime() {
            return System.nanoTime();
        }

        @Override
        public void after(Duration delay, Runnable task) {
            throw new UnsupportedOperationException("nothing is committed here");
        }
    }

    private BlobTier tier(BlobStore cold) throws IOException {
        BlobCache cache = BlobCache.open(directory.resolve("cache"), new CacheLimit.None(), false);
        TierSettings once = new TierSettings(2, 1, Duration.ofMillis(1), Duration.ofMillis(1), 1000);
        return new BlobTier(cold, KeyLayout.FLAT, cache, once, null);
    }

    @AfterEach
    void stop() {
        client.close();
        server.close();
        storage.close();
        committer.shutdown();
        io.shutdown();
    }

    private byte[] put(long seed) throws IOException {
        byte[] bytes = new byte[SIZE];
        new Random(seed).nextBytes(bytes);
        Files.write(directory.resolve("bucket").resolve(KeyLayout.FLAT.key(OID, TID)), bytes);
        return bytes;
    }

    private static byte[] id(long id) {
        return ByteBuffer.allocate(8).putLong(id).array();
    }

    private void ask() throws IOException {
        ask(client);
    }

    private static void ask(BlockingConnection connection) throws IOException {
        connection.call(PATIENT, Methods.SEND_BLOB, PyTuple.of(id(OID), id(TID)));
    }

    private void askInVain(String why) {
        assertThatThrownBy(this::ask).isInstanceOf(ZeoException.class).hasMessageContaining(why);
        assertThat(file.complete()).isNull();
    }

    @Test
    void downloadBreaks_nextOneIsWhole_restIsSent() throws IOException {
        byte[] bytes = put(1);
        store.breakAt(1_200_000);
        askInVain("breaks here");
        assertThat(file.arrived()).isEqualTo(1_200_000);
        store.breakAt(SIZE);
        ask();
        assertThat(file.complete()).isEqualTo(bytes);
    }

    @Test
    void downloadBreaks_nextOneBreaksEarlier_isAnErrorAgain() throws IOException {
        byte[] bytes = put(1);
        store.breakAt(1_200_000);
        askInVain("breaks here");
        store.breakAt(300_000);
        askInVain("breaks here");
        store.breakAt(0);
        askInVain("breaks here");
        assertThat(file.arrived()).isEqualTo(1_200_000);
        store.breakAt(1_900_000);
        askInVain("breaks here");
        assertThat(file.arrived()).isEqualTo(1_900_000);
        store.breakAt(SIZE);
        ask();
        assertThat(file.complete()).isEqualTo(bytes);
    }

    @Test
    void downloadBreaks_nextOneHasOtherBytes_isRefused() throws IOException {
        put(1);
        store.breakAt(1_200_000);
        askInVain("breaks here");
        store.breakAt(SIZE);
        put(2);
        askInVain("keeps 1200000 bytes that are not its beginning");
        askInVain("keeps 1200000 bytes that are not its beginning");
        // All of it comes to this name, by the layout of the cache, though the refusal has been answered.
        Path cached = directory.resolve("cache/5/0." + Tid.toHex(TID) + ".blob");
        while (!Files.deleteIfExists(cached)) {
            Thread.onSpinWait();
        }
        byte[] bytes = put(1);
        ask();
        assertThat(file.complete()).isEqualTo(bytes);
    }

    @Test
    void downloadBreaks_fileComesBackToTheDirectory_restIsSent() throws IOException {
        byte[] bytes = put(1);
        store.breakAt(1_200_000);
        askInVain("breaks here");
        BlobDirectory blobs = BlobDirectory.open(directory.resolve("blobs"));
        blobs.prepare(OID);
        Files.write(blobs.path(OID, TID), bytes);
        ask();
        assertThat(file.complete()).isEqualTo(bytes);
    }

    @Test
    void serverStops_blobIsSentToItsEnd_othersAreClosedAtOnce() throws Exception {
        // More than sockets take of it while the client does not read.
        byte[] bytes = new byte[64 << 20];
        new Random(4).nextBytes(bytes);
        BlobDirectory blobs = BlobDirectory.open(directory.resolve("blobs"));
        blobs.prepare(OID);
        Files.write(blobs.path(OID, TID), bytes);
        PythonFile another = new PythonFile();
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        try (BlockingConnection next =
                BlockingConnection.open(server.address(), ConnectionOptions.DEFAULT, (method, args) -> {
                    begun.countDown();
                    await(goOn);
                    another.received(method, args);
                })) {
            next.register("1", false, PATIENT);
            Future<?> asked = io.submit(() -> {
                ask(next);
                return null;
            });
            await(begun);
            Future<Boolean> stopped = io.submit(() -> server.closeAfterBlobs(PATIENT));
            assertThatThrownBy(() -> {
                        while (true) {
                            client.call(PATIENT, Methods.PING, PyTuple.EMPTY);
                        }
                    })
                    .isNotInstanceOf(ZeoException.class);
            assertThat(stopped).isNotDone();
            goOn.countDown();
            asked.get();
            assertThat(another.complete()).isEqualTo(bytes);
            assertThat(stopped.get()).isTrue();
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The connection breaks once; after that nobody is sent a part of what the disk cannot give. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void fileCannotBeRead_nextClientGetsAnError_restoredFileIsSent() throws Exception {
        // Linux opens a directory, and does not read it.
        Path path = BlobDirectory.openReadOnly(directory.resolve("blobs")).path(OID, TID);
        Files.createDirectories(path.resolve("unreadable"));
        assertThatThrownBy(this::ask).isNotInstanceOf(ZeoException.class);
        assertThat(file.arrived()).isZero();

        PythonFile another = new PythonFile();
        try (BlockingConnection next =
                BlockingConnection.open(server.address(), ConnectionOptions.DEFAULT, another::received)) {
            next.register("1", false, PATIENT);
            for (int i = 0; i < 2; i++) {
                assertThatThrownBy(() -> ask(next))
                        .isInstanceOf(ZeoException.class)
                        .hasMessageContaining("cannot be read");
                assertThat(another.arrived()).isEqualTo(-1);
            }
            Files.delete(path.resolve("unreadable"));
            Files.delete(path);
            byte[] bytes = new byte[SIZE];
            new Random(3).nextBytes(bytes);
            Files.write(path, bytes);
            ask(next);
            assertThat(another.complete()).isEqualTo(bytes);
        }
    }
}
