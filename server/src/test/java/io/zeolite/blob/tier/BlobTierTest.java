package io.zeolite.blob.tier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.zeolite.blob.BlobStore;
import io.zeolite.blob.KeyLayout;
import io.zeolite.blob.StoreException;
import io.zeolite.blob.StoredContent;
import io.zeolite.blob.directory.BlobDirectory;
import io.zeolite.blob.file.DirectoryStore;
import io.zeolite.blob.s3.S3Server;
import io.zeolite.blob.s3.S3Settings;
import io.zeolite.blob.s3.S3Store;
import io.zeolite.blob.tier.Archiver.Effort;
import io.zeolite.blob.tier.FaultProxy.Fault;
import io.zeolite.client.blob.BlobCache;
import io.zeolite.client.blob.CacheEntry;
import io.zeolite.client.blob.CacheLimit;
import io.zeolite.client.blob.NewEntry;
import io.zeolite.client.blob.OpenBlob;
import io.zeolite.error.CallException;
import io.zeolite.error.PosKeyException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

final class BlobTierTest {
    private static final long TID = 0x03f1a2b3c4d5e6f7L;
    private static final Duration PATIENT = Duration.ofSeconds(30);
    private static final int LARGE = 3_000_000;
    private static final List<Class<?>> LOGGED = List.of(Breaker.class, BlobTier.class);
    private static final TierSettings SETTINGS = new TierSettings(8, 3, Duration.ofMillis(1), Duration.ofMillis(50), 3);

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    private Path directory;

    @SuppressWarnings("NullAway.Init")
    private S3Server server;

    @SuppressWarnings("NullAway.Init")
    private FaultProxy proxy;

    private final List<BlobTier> tiers = new ArrayList<>();
    private final ListAppender<ILoggingEvent> log = new ListAppender<>();

    @BeforeEach
    void start() throws Exception {
        server = S3Server.start(Files.createDirectories(directory.resolve("s3")));
        proxy = FaultProxy.before(server.port());
        log.start();
        for (Class<?> logged : LOGGED) {
            ((Logger) LoggerFactory.getLogger(logged)).addAppender(log);
        }
    }

    @AfterEach
    void stop() throws Exception {
        for (Class<?> logged : LOGGED) {
            ((Logger) LoggerFactory.getLogger(logged)).detachAppender(log);
        }
        tiers.forEach(BlobTier::close);
        proxy.close();
        server.close();
    }

    private S3Settings settings(Duration timeout) {
        S3Settings plain = S3Server.settings(
                proxy.endpoint(), "", new S3Settings.Credentials.Keys(S3Server.ACCESS_KEY, S3Server.SECRET_KEY, null));
        return new S3Settings(
                plain.bucket(),
                "",
                null,
                plain.endpoint(),
                null,
                null,
                plain.encryption(),
                false,
                plain.credentials(),
                null,
                timeout,
                timeout,
                16);
    }

    private BlobTier tier() throws IOException {
        return tier(100_000_000, PATIENT);
    }

    private BlobTier tier(long cacheBytes, Duration timeout) throws IOException {
        return tier(cacheBytes, new S3Store(settings(timeout)));
    }

    private BlobTier tier(long cacheBytes, BlobStore store) throws IOException {
        BlobCache cache = BlobCache.open(directory.resolve("cache"), new CacheLimit.Bytes(cacheBytes), false);
        BlobTier tier = new BlobTier(store, KeyLayout.FLAT, cache, SETTINGS, null);
        tiers.add(tier);
        return tier;
    }

    private static byte[] bytes(long oid, int size) {
        byte[] bytes = new byte[size];
        new Random(oid).nextBytes(bytes);
        return bytes;
    }

    private void put(long oid, int size) throws IOException {
        CRC32C crc = new CRC32C();
        crc.update(bytes(oid, size));
        put(oid, size, (int) crc.getValue());
    }

    private void put(long oid, int size, int crc32c) throws IOException {
        Path file = Files.write(directory.resolve("upload-" + oid), bytes(oid, size));
        try (S3Store store = new S3Store(server.settings(""))) {
            store.put(KeyLayout.FLAT.key(oid, TID), file, crc32c, "application/octet-stream");
        }
    }

    private static CompletableFuture<OpenBlob> open(BlobTier tier, long oid) {
        return tier.open(oid, TID, PosKeyException.noBlob("/srv/blobs/x.blob", oid, TID));
    }

    private static OpenBlob opened(BlobTier tier, long oid) throws Exception {
        return open(tier, oid).get(100, TimeUnit.SECONDS);
    }

    private static void awaitMoreThan(long position, OpenBlob source) throws InterruptedException {
        CountDownLatch there = new CountDownLatch(1);
        source.whenAvailable(position, there::countDown);
        assertThat(there.await(100, TimeUnit.SECONDS)).isTrue();
    }

    /** Everything, as a sender reads it: as far as it is there. */
    private static byte[] read(OpenBlob source) throws Exception {
        try (source) {
            ByteBuffer all = ByteBuffer.allocate((int) source.size());
            while (all.hasRemaining()) {
                awaitMoreThan(all.position(), source);
                if (source.available() <= all.position()) {
                    throw new IOException("failed at " + all.position(), source.failure());
                }
                all.limit((int) source.available());
                while (all.hasRemaining()) {
                    source.channel().read(all, all.position());
                }
                all.limit(all.capacity());
            }
            return all.array();
        }
    }

    /** What lies in the cache for the blobs of these tests. */
    private List<Path> cached() {
        List<Path> files = new ArrayList<>();
        for (int number = 1; number <= 50; number++) {
            Path home = directory.resolve("cache/" + number);
            String[] names = home.toFile().list((parent, name) -> name.contains(".blob"));
            Stream.of(names == null ? new String[0] : names).map(home::resolve).forEach(files::add);
        }
        return files;
    }

    /** What is kept is kept after the readers have everything. */
    private static void awaitKept(BlobTier tier, long oid) throws Exception {
        while (true) {
            try (OpenBlob source = opened(tier, oid)) {
                if (source instanceof CacheEntry) {
                    return;
                }
            }
        }
    }

    @Test
    void open_blobInTheBucket_isFetchedOnce() throws Exception {
        put(1, LARGE);
        BlobTier tier = tier();
        assertThat(read(opened(tier, 1))).isEqualTo(bytes(1, LARGE));
        awaitKept(tier, 1);
        // More than one if the machine is so busy that a request was given up.
        int requests = proxy.requests();
        assertThat(requests).isPositive();
        assertThat(read(opened(tier, 1))).isEqualTo(bytes(1, LARGE));
        assertThat(proxy.requests()).isEqualTo(requests);
    }

    @Test
    void open_damagedInTheCacheWhileSomebodyReadsIt_isFetchedOnce() throws Exception {
        put(1, 1000);
        BlobCache cache = BlobCache.open(directory.resolve("cache"), new CacheLimit.Bytes(100_000_000), true);
        BlobTier tier = new BlobTier(new S3Store(settings(PATIENT)), KeyLayout.FLAT, cache, SETTINGS, null);
        tiers.add(tier);
        assertThat(read(opened(tier, 1))).isEqualTo(bytes(1, 1000));
        awaitKept(tier, 1);
        int requests = proxy.requests();
        try (OpenBlob inUse = opened(tier, 1)) {
            Path file = cached().get(0);
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
            Files.write(file, bytes(2, 1000));
            assertThat(read(opened(tier, 1))).isEqualTo(bytes(1, 1000));
            assertThat(proxy.requests()).isEqualTo(requests + 1);
            assertThat(inUse.size()).isEqualTo(1000);
        }
    }

    @Test
    void open_emptyBlob_isEmpty() throws Exception {
        put(1, 0);
        assertThat(read(opened(tier(), 1))).isEmpty();
    }

    @Test
    void open_inADirectoryThatPlaysABucket_isTheSame() throws Exception {
        DirectoryStore store = new DirectoryStore(directory.resolve("cold"));
        store.put(
                KeyLayout.NESTED.key(1, TID),
                Files.write(directory.resolve("upload"), bytes(1, LARGE)),
                0,
                "application/octet-stream");
        BlobCache cache = BlobCache.open(directory.resolve("cache"), new CacheLimit.Bytes(100_000_000), false);
        BlobTier tier = new BlobTier(store, KeyLayout.NESTED, cache, SETTINGS, null);
        tiers.add(tier);
        assertThat(read(opened(tier, 1))).isEqualTo(bytes(1, LARGE));
        awaitKept(tier, 1);
        assertThatThrownBy(() -> opened(tier, 2)).hasCauseInstanceOf(PosKeyException.class);
    }

    @Test
    void open_blobThatArrives_canBeReadBeforeItsEndIsThere() throws Exception {
        put(1, LARGE);
        CountDownLatch rest = new CountDownLatch(1);
        proxy.set(new Fault.Hold(1_000_000, rest));
        try (OpenBlob source = opened(tier(), 1)) {
            assertThat(source.size()).isEqualTo(LARGE);
            awaitMoreThan(500_000, source);
            assertThat(source.available()).isBetween(500_001L, 1_000_000L);
            ByteBuffer start = ByteBuffer.allocate(500_000);
            while (start.hasRemaining()) {
                source.channel().read(start, start.position());
            }
            assertThat(start.array()).isEqualTo(Arrays.copyOf(bytes(1, LARGE), 500_000));
            rest.countDown();
            awaitMoreThan(LARGE - 1, source);
            assertThat(source.available()).isEqualTo(LARGE);
        }
    }

    @Test
    void open_manyAtOnce_shareOneDownload() throws Exception {
        put(1, LARGE);
        CountDownLatch rest = new CountDownLatch(1);
        proxy.set(new Fault.Hold(1000, rest));
        BlobTier tier = tier();
        List<CompletableFuture<OpenBlob>> askers = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            askers.add(open(tier, 1));
        }
        rest.countDown();
        for (CompletableFuture<OpenBlob> asker : askers) {
            assertThat(read(asker.get(100, TimeUnit.SECONDS))).isEqualTo(bytes(1, LARGE));
        }
        assertThat(proxy.requests()).isEqualTo(1);
    }

    @Test
    void open_inTwoServersWithOneCache_downloadsOnce() throws Exception {
        put(1, LARGE);
        BlobTier[] two = {tier(), tier()};
        List<CompletableFuture<OpenBlob>> askers = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            askers.add(open(two[i % 2], 1));
        }
        for (CompletableFuture<OpenBlob> asker : askers) {
            assertThat(read(asker.get(100, TimeUnit.SECONDS))).isEqualTo(bytes(1, LARGE));
        }
        awaitKept(two[0], 1);
        awaitKept(two[1], 1);
        assertThat(cached()).hasSize(1);
    }

    @Test
    void open_anotherServerWithTheSameCacheHangs_isFetchedAllTheSame() throws Exception {
        BlobTier tier = tier();
        try (BlobCache other = BlobCache.open(directory.resolve("cache"), new CacheLimit.Bytes(100_000_000), false)) {
            List<NewEntry> held = new ArrayList<>();
            for (long oid = 1; oid <= SETTINGS.downloads(); oid++) {
                put(oid, 1000);
                held.add(other.begin(oid, TID, 1000).orElseThrow());
            }
            for (Path part : cached()) {
                Files.setLastModifiedTime(part, FileTime.from(Instant.now().minusSeconds(60)));
            }
            put(99, 1000);
            List<CompletableFuture<OpenBlob>> askers = new ArrayList<>();
            for (long oid = 1; oid <= SETTINGS.downloads(); oid++) {
                askers.add(open(tier, oid));
            }
            assertThat(read(opened(tier, 99))).isEqualTo(bytes(99, 1000));
            for (int i = 0; i < askers.size(); i++) {
                assertThat(read(askers.get(i).get(100, TimeUnit.SECONDS))).isEqualTo(bytes(i + 1, 1000));
                held.get(i).channel().close();
                held.get(i).close();
            }
        }
    }

    @Test
    void open_connectionBreaks_goesOnWhereItBroke() throws Exception {
        put(1, LARGE);
        proxy.set(new Fault.Cut(1_000_000), 1);
        BlobTier tier = tier();
        assertThat(read(opened(tier, 1))).isEqualTo(bytes(1, LARGE));
        assertThat(proxy.requests()).isEqualTo(2);
        awaitKept(tier, 1);
    }

    @Test
    void open_connectionBreaksEveryTimeFarBehindTheLastBreak_comesToItsEnd() throws Exception {
        int headway = 16 << 20;
        int size = SETTINGS.attempts() * headway + 1;
        DirectoryStore store = new DirectoryStore(directory.resolve("cold"));
        store.put(
                KeyLayout.FLAT.key(1, TID),
                Files.write(directory.resolve("upload"), new byte[size]),
                0,
                "application/octet-stream");
        BreakingStore breaking = new BreakingStore(store) {
            @Override
            public StoredContent open(String key, long offset, @Nullable String version) throws StoreException {
                breakAt(offset + headway);
                return super.open(key, offset, version);
            }
        };
        try (OpenBlob source = opened(tier(100_000_000, breaking), 1)) {
            awaitMoreThan(size - 1, source);
            assertThat(source.available()).isEqualTo(size);
        }
    }

    @Test
    void open_storeThatTrickles_goesOnOverAnotherConnection() throws Exception {
        put(1, 100_000);
        proxy.set(new Fault.Trickle(2), 1);
        // It is waited for three times as long.
        BlobTier tier = tier(100_000_000, Duration.ofSeconds(1));
        assertThat(read(opened(tier, 1))).isEqualTo(bytes(1, 100_000));
        assertThat(proxy.requests()).isGreaterThan(1);
    }

    @Test
    void open_connectionBreaksEveryTime_isAFailureAndNothingIsKept() throws Exception {
        put(1, LARGE);
        proxy.set(new Fault.Cut(500_000));
        BlobTier tier = tier();
        OpenBlob source = opened(tier, 1);
        assertThatThrownBy(() -> read(source)).hasCauseInstanceOf(CallException.class);
        assertThat(source.available()).isBetween(1_000_000L, (long) LARGE - 1);
        assertThat(proxy.requests()).isEqualTo(SETTINGS.attempts());
        tier.close();
        assertThat(cached()).isEmpty();
    }

    @Test
    void open_wrongChecksum_neverGivesTheLastByte() throws Exception {
        put(1, 200_000, 12345);
        BlobTier tier = tier();
        OpenBlob source = opened(tier, 1);
        assertThatThrownBy(() -> read(source)).rootCause().hasMessageContaining("is damaged");
        assertThat(source.available()).isEqualTo(199_999);
        tier.close();
        assertThat(cached()).isEmpty();
    }

    @Test
    void open_failuresOfTwoKinds_areBothSaid() throws Exception {
        put(1, 1000, 12345);
        put(2, 1000, 12345);
        BlobTier tier = tier();
        for (long oid = 1; oid <= 2; oid++) {
            OpenBlob source = opened(tier, oid);
            assertThatThrownBy(() -> read(source)).rootCause().hasMessageContaining("is damaged");
        }
        proxy.set(new Fault.Status(403));
        assertThatThrownBy(() -> opened(tier, 3)).rootCause().hasMessageContaining("HTTP 403");
        assertThat(log.list)
                .extracting(ILoggingEvent::getFormattedMessage)
                .satisfiesExactly(damaged -> assertThat(damaged).contains("is damaged"), denied -> assertThat(denied)
                        .contains("HTTP 403"));
    }

    @Test
    void open_cacheThatCannotBeWritten_isSaidOnceWithItsDirectory() throws Exception {
        BlobTier tier = tier();
        for (long oid = 1; oid <= 2; oid++) {
            put(oid, LARGE);
            CountDownLatch rest = new CountDownLatch(1);
            proxy.set(new Fault.Hold(1000, rest));
            try (OpenBlob source = opened(tier, oid)) {
                // The same one that is written to, but not at this moment, or the failure would be another one.
                awaitMoreThan(0, source);
                source.channel().close();
                rest.countDown();
                awaitMoreThan(LARGE - 1, source);
                assertThat(source.failure())
                        .hasMessageContaining(KeyLayout.FLAT.key(oid, TID))
                        .hasMessageContaining(directory.resolve("cache").toString());
            }
        }
        assertThat(log.list).singleElement().satisfies(event -> assertThat(event.getFormattedMessage())
                .contains(KeyLayout.FLAT.key(1, TID), directory.resolve("cache").toString()));
    }

    @Test
    void open_storeIsBusyOnce_isTriedAgain() throws Exception {
        put(1, 1000);
        proxy.set(new Fault.Status(503), 1);
        assertThat(read(opened(tier(), 1))).isEqualTo(bytes(1, 1000));
        assertThat(proxy.requests()).isEqualTo(2);
    }

    @Test
    void open_pageOfAProxyInItsPlace_isTriedAgainAndNeverGiven() throws Exception {
        put(1, 1000);
        proxy.set(new Fault.Page("Content-Type: text/html\r\n", "<html>We are back soon</html>"), 1);
        BlobTier tier = tier();
        assertThat(read(opened(tier, 1))).isEqualTo(bytes(1, 1000));
        assertThat(proxy.requests()).isEqualTo(2);
    }

    @Test
    void open_pageOfAProxyWithAnETag_isTriedAgainAndNeverGiven() throws Exception {
        put(1, 1000);
        proxy.set(new Fault.Page("ETag: \"5f-abc\"\r\n", "<html>We are back soon</html>"), 1);
        assertThat(read(opened(tier(), 1))).isEqualTo(bytes(1, 1000));
        assertThat(proxy.requests()).as("it, a list, and the object").isEqualTo(3);
    }

    @Test
    void open_missingEverywhere_saysWhereItWasLookedFor() throws Exception {
        assertThatThrownBy(() -> opened(tier(), 1))
                .cause()
                .isInstanceOf(PosKeyException.class)
                .hasMessageContaining("/srv/blobs/x.blob")
                .hasMessageContaining("s3://blobs/" + KeyLayout.FLAT.key(1, TID))
                .hasMessageContaining("not been archived yet");
        assertThat(proxy.requests()).isEqualTo(1);
        assertThat(cached()).as("places that were taken for it").isEmpty();
    }

    @Test
    void open_missingEverywhere_leavesNoFileOpen() throws Exception {
        BlobTier tier = tier();
        for (long oid = 1; oid <= 3; oid++) {
            long missing = oid;
            assertThatThrownBy(() -> opened(tier, missing)).hasCauseInstanceOf(PosKeyException.class);
        }
        tier.close();
        assertThat(openFiles()).isEmpty();
    }

    /** What this process has open in the cache, as far as the system tells. */
    private List<Path> openFiles() throws IOException {
        Path descriptors = Path.of("/proc/self/fd");
        assumeTrue(Files.isDirectory(descriptors));
        List<Path> open = new ArrayList<>();
        try (Stream<Path> all = Files.list(descriptors)) {
            for (Path descriptor : all.toList()) {
                try {
                    Path file = Files.readSymbolicLink(descriptor);
                    if (file.startsWith(directory.resolve("cache"))
                            && file.toString().contains(".part")) {
                        open.add(file);
                    }
                } catch (NoSuchFileException closedMeanwhile) {
                    // As that of the list itself is.
                }
            }
        }
        return open;
    }

    @Test
    void open_storeThatHangs_failsAndThenFailsAtOnceUntilItIsBack() throws Exception {
        put(1, 1000);
        put(2, 1000);
        BlobTier tier = tier(100_000_000, Duration.ofMillis(500));
        assertThat(read(opened(tier, 2))).hasSize(1000);
        awaitKept(tier, 2);
        proxy.set(new Fault.Hang());
        assertThatThrownBy(() -> opened(tier, 1))
                .cause()
                .isInstanceOf(CallException.class)
                .hasMessageContaining("cannot be fetched");
        int before = proxy.requests();
        int refused = 0;
        while (proxy.requests() == before) {
            // One is let through now and then; all others are answered without a request.
            CompletableFuture<OpenBlob> asked = open(tier, 1);
            refused++;
            if (proxy.requests() == before) {
                assertThatThrownBy(asked::get).cause().isInstanceOf(CallException.class);
            }
        }
        assertThat(refused).isGreaterThan(1);
        // What is in the cache does not care.
        assertThat(read(opened(tier, 2))).hasSize(1000);
        proxy.set(new Fault.None());
        while (true) {
            try {
                assertThat(read(opened(tier, 1))).isEqualTo(bytes(1, 1000));
                break;
            } catch (ExecutionException stillAway) {
                assertThat(stillAway).hasCauseInstanceOf(CallException.class);
            }
        }
        assertThat(log.list)
                .filteredOn(event -> event.getLevel() == Level.ERROR)
                .hasSize(1);
        assertThat(log.list)
                .filteredOn(event -> event.getLevel() == Level.INFO)
                .extracting(ILoggingEvent::getFormattedMessage)
                .containsExactly("s3://blobs/ is back");
    }

    @Test
    void close_withDownloadsUnderWay_isNoFailureOfTheStore() throws Exception {
        BlobTier tier = tier();
        proxy.set(new Fault.Hold(1000, new CountDownLatch(1)));
        List<OpenBlob> sources = new ArrayList<>();
        for (long oid = 1; oid <= SETTINGS.failuresUntilAway() + 1; oid++) {
            put(oid, LARGE);
            sources.add(opened(tier, oid));
        }
        tier.close();
        for (OpenBlob source : sources) {
            assertThatThrownBy(() -> read(source)).rootCause().hasMessageContaining("the server is stopping");
        }
        assertThat(log.list).isEmpty();
    }

    @Test
    void close_whileAnUploadHangs_cutsItOffAndTriesNothingAgain() throws Exception {
        BlobDirectory blobs = BlobDirectory.open(directory.resolve("blobs"));
        blobs.prepare(1);
        Files.write(blobs.path(1, TID), bytes(1, 1000));
        S3Store store = new S3Store(settings(PATIENT));
        RetryingStore writing = new RetryingStore(store, SETTINGS);
        BlobTier tier = tier(100_000_000, store);
        Keeper keeper = new Keeper(directory.resolve("blobs"), store, writing, Clock.systemUTC());
        tier.keep(keeper);
        // It is looked for, and then written.
        proxy.setAfter(1, new Fault.Hang(), Integer.MAX_VALUE);
        keeper.archive(
                new Archiver(blobs, writing, KeyLayout.FLAT),
                new ArchivePolicy(Duration.ZERO, 0, Duration.ofHours(1), null, null, new Effort(1, 0)));
        while (proxy.requests() < 2) {
            Thread.onSpinWait();
        }
        long start = System.nanoTime();
        tier.close();
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(PATIENT.dividedBy(2));
        assertThat(proxy.requests()).isEqualTo(2);
        assertThat(blobs.path(1, TID)).hasBinaryContent(bytes(1, 1000));
        assertThat(log.list).isEmpty();
    }

    @Test
    void open_muchMoreThanTheCacheHolds_limitHolds() throws Exception {
        int size = 200_000;
        long limit = 2_000_000;
        int blobs = 50;
        int readers = 8;
        for (long oid = 1; oid <= blobs; oid++) {
            put(oid, size);
        }
        BlobTier tier = tier(limit, PATIENT);
        AtomicLong most = new AtomicLong();
        ExecutorService threads = Executors.newFixedThreadPool(readers);
        try {
            List<Future<?>> done = new ArrayList<>();
            for (int reader = 0; reader < readers; reader++) {
                Random random = new Random(reader);
                done.add(threads.submit((Callable<Void>) () -> {
                    for (int i = 0; i < 40; i++) {
                        long oid = 1L + random.nextInt(blobs);
                        assertThat(read(opened(tier, oid))).isEqualTo(bytes(oid, size));
                        most.accumulateAndGet(sizeOnDisk(), Math::max);
                    }
                    return null;
                }));
            }
            for (Future<?> reader : done) {
                reader.get();
            }
        } finally {
            threads.shutdown();
        }
        assertThat(most.get()).isBetween(1L, limit + (long) readers * size);
        assertThat(sizeOnDisk()).isLessThanOrEqualTo(limit);
    }

    private long sizeOnDisk() throws IOException {
        long sum = 0;
        for (Path file : cached()) {
            try {
                sum += Files.size(file);
            } catch (NoSuchFileException e) {
                // It has had to go.
            }
        }
        return sum;
    }
}
