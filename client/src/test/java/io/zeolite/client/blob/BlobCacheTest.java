package io.zeolite.client.blob;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zeolite.disk.Flock;
import io.zeolite.disk.LockedException;
import io.zeolite.disk.RealDisk;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class BlobCacheTest {
    private static final long TID = 0x03f1a2b3c4d5e6f7L;
    private static final String BOOT = "zeolite.boot";

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    private Path directory;

    private final List<Closeable> opened = new ArrayList<>();

    @AfterEach
    void closeAll() throws IOException {
        for (Closeable closeable : opened) {
            closeable.close();
        }
    }

    private BlobCache cache(long limitBytes) throws IOException {
        return cache(limitBytes, false);
    }

    private BlobCache cache(long limitBytes, boolean verify) throws IOException {
        BlobCache cache = BlobCache.open(directory, new CacheLimit.Bytes(limitBytes), verify);
        opened.add(cache);
        return cache;
    }

    private static byte[] bytes(long oid, int size) {
        byte[] bytes = new byte[size];
        new Random(oid).nextBytes(bytes);
        return bytes;
    }

    private static void write(NewEntry entry, byte[] bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
            entry.channel().write(buffer, buffer.position());
        }
    }

    private static int crc(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return (int) crc.getValue();
    }

    private static void add(BlobCache cache, long oid, int size) throws IOException {
        try (NewEntry entry = cache.begin(oid, TID, size).orElseThrow();
                FileChannel channel = entry.channel()) {
            assertThat(channel.isOpen()).isTrue();
            write(entry, bytes(oid, size));
            entry.keep(crc(bytes(oid, size)));
        }
    }

    private static boolean has(BlobCache cache, long oid) throws IOException {
        try (CacheEntry entry = cache.find(oid, TID)) {
            if (entry != null) {
                ByteBuffer all = ByteBuffer.allocate((int) entry.size());
                while (all.hasRemaining() && entry.channel().read(all, all.position()) >= 0) {
                    // Until all of it is there.
                }
                assertThat(all.array()).isEqualTo(bytes(oid, (int) entry.size()));
            }
            return entry != null;
        }
    }

    private long bytesOnDisk() throws IOException {
        long sum = 0;
        for (int i = 0; i < CacheLayout.DIRECTORIES; i++) {
            sum += Upkeep.bytes(directory.resolve(Integer.toString(i)));
        }
        return sum;
    }

    @Test
    void keep_entryThatIsComplete_isFoundWherePythonLooks() throws IOException {
        BlobCache cache = cache(1000);
        assertThat(cache.find(0x1234, TID)).isNull();
        add(cache, 0x1234, 100);
        assertThat(has(cache, 0x1234)).isTrue();
        Path expected = directory.resolve(0x1234 % 997 + "/" + 0x1234 / 997 + ".03f1a2b3c4d5e6f7.blob");
        assertThat(expected).exists();
        assertThat(Files.getPosixFilePermissions(expected)).isEqualTo(PosixFilePermissions.fromString("r--------"));
        assertThat(directory.resolve(".layout")).hasContent("zeocache");
        assertThat(cache.counters()).isEqualTo(new CacheCounters(1, 1, 1, 100, 0, 0, 0));
    }

    @Test
    void close_entryThatIsNotComplete_leavesNothing() throws IOException {
        BlobCache cache = cache(1000);
        try (NewEntry entry = cache.begin(1, TID, 600).orElseThrow();
                FileChannel channel = entry.channel()) {
            channel.write(ByteBuffer.allocate(10));
            assertThat(cache.totalBytes()).isEqualTo(600);
        }
        assertThat(cache.totalBytes()).isZero();
        assertThat(has(cache, 1)).isFalse();
        assertThat(bytesOnDisk()).isZero();
    }

    @Test
    void begin_fullCache_lastUsedGoesLast() throws IOException {
        BlobCache cache = cache(1000);
        for (long oid = 1; oid <= 3; oid++) {
            add(cache, oid, 300);
        }
        assertThat(has(cache, 1)).isTrue();
        add(cache, 4, 300);
        assertThat(directory.resolve("2/0.03f1a2b3c4d5e6f7.blob")).doesNotExist();
        assertThat(List.of(has(cache, 1), has(cache, 3), has(cache, 4))).containsOnly(true);
        assertThat(cache.counters().evicted()).isEqualTo(1);
        assertThat(cache.counters().evictedBytes()).isEqualTo(300);
    }

    /** As they are of another user's after a program has run as one. */
    @Test
    void begin_fullCache_whatCannotBeLockedOrListed_doesNotKeepTheRest() throws IOException {
        BlobCache cache = cache(1000);
        for (long oid = 1; oid <= 3; oid++) {
            add(cache, oid, 300);
        }
        Files.deleteIfExists(directory.resolve("1/.lock"));
        Files.createDirectory(directory.resolve("1/.lock"));
        Files.createFile(directory.resolve("700"));
        add(cache, 4, 300);
        assertThat(directory.resolve("1/0.03f1a2b3c4d5e6f7.blob")).exists();
        assertThat(directory.resolve("2/0.03f1a2b3c4d5e6f7.blob")).doesNotExist();
        assertThat(List.of(has(cache, 3), has(cache, 4))).containsOnly(true);
    }

    @Test
    void makeRoomOnDisk_letsBlobsGoOnlyIfTheDiskIsFull() throws IOException {
        BlobCache cache = cache(1_000_000);
        add(cache, 1, 1000);
        assertThat(cache.makeRoomOnDisk(1000)).isFalse();
        assertThat(has(cache, 1)).isTrue();
        assertThat(cache.makeRoomOnDisk(Long.MAX_VALUE)).isTrue();
        assertThat(has(cache, 1)).isFalse();
        assertThat(cache.makeRoomOnDisk(Long.MAX_VALUE)).isFalse();
    }

    /** Larger than any disk, so that it is full. */
    private static final long MORE_THAN_THERE_IS = 1L << 60;

    /** The same on a disk without room, until a blob has gone from the cache. */
    private NewEntry onAFullDisk(BlobCache cache, NewEntry entry, long inItsWay, long size) throws IOException {
        entry.channel().close();
        return new NewEntry(
                cache,
                5,
                TID,
                size,
                new FullDiskChannel(() -> cache.contains(inItsWay, TID)),
                directory.resolve("5/0.03f1a2b3c4d5e6f7.blob.part"),
                Flock.open(entry.descriptor()));
    }

    @Test
    void write_fullDisk_blobsGoAndAllIsWritten() throws IOException {
        BlobCache cache = cache(Long.MAX_VALUE / 2);
        add(cache, 1, 1000);
        try (NewEntry place = cache.begin(5, TID, 0).orElseThrow();
                NewEntry entry = onAFullDisk(cache, place, 1, MORE_THAN_THERE_IS)) {
            ByteBuffer[] pieces = {ByteBuffer.allocate(10), ByteBuffer.allocate(20)};
            entry.write(100, pieces);
            assertThat(pieces).noneMatch(ByteBuffer::hasRemaining);
            assertThat(entry.channel().size()).isEqualTo(130);
        }
        assertThat(has(cache, 1)).isFalse();
    }

    @Test
    void grow_fullDisk_blobsGoAndThereIsRoom() throws IOException {
        BlobCache cache = cache(Long.MAX_VALUE / 2);
        add(cache, 1, 1000);
        try (NewEntry place = cache.begin(5, TID, 0).orElseThrow();
                NewEntry entry = onAFullDisk(cache, place, 1, 0)) {
            entry.grow(MORE_THAN_THERE_IS);
            assertThat(entry.hasPlace()).isTrue();
            assertThat(entry.channel().size()).isEqualTo(MORE_THAN_THERE_IS);
        }
        assertThat(has(cache, 1)).isFalse();
    }

    @Test
    void write_fullDiskAndNothingMayGo_saysWhere() throws IOException {
        BlobCache cache = cache(Long.MAX_VALUE / 2);
        add(cache, 1, 1000);
        try (CacheEntry inUse = cache.find(1, TID);
                NewEntry place = cache.begin(5, TID, 0).orElseThrow();
                NewEntry entry = onAFullDisk(cache, place, 1, MORE_THAN_THERE_IS)) {
            assertThat(inUse).isNotNull();
            String file = directory.resolve("5/0.03f1a2b3c4d5e6f7.blob.part").toString();
            assertThatThrownBy(() -> entry.write(0, ByteBuffer.allocate(10)))
                    .hasMessage("cannot write " + file + ": No space left on device");
            assertThatThrownBy(() -> entry.grow(MORE_THAN_THERE_IS + 1)).hasMessageContaining(file);
        }
        assertThat(has(cache, 1)).isTrue();
    }

    @Test
    void begin_everythingInUse_evictsNothingAndStillWorks() throws IOException {
        BlobCache cache = cache(1000);
        add(cache, 1, 600);
        try (CacheEntry inUse = cache.find(1, TID);
                NewEntry entry = cache.begin(2, TID, 600).orElseThrow();
                FileChannel channel = entry.channel()) {
            assertThat(inUse).isNotNull();
            assertThat(entry.hasPlace()).isFalse();
            write(entry, bytes(2, 600));
            assertThat(channel.size()).isEqualTo(600);
            entry.keep(null);
        }
        assertThat(has(cache, 1)).isTrue();
        assertThat(has(cache, 2)).isFalse();
        assertThat(cache.totalBytes()).isEqualTo(600);
    }

    @Test
    void arrivingBlob_withoutAPlace_isAFileOfItsOwnForEachReader() throws IOException {
        BlobCache cache = cache(1000);
        add(cache, 1, 600);
        byte[] bytes = bytes(2, 600);
        try (CacheEntry inUse = cache.find(1, TID)) {
            assertThat(inUse).isNotNull();
            NewEntry entry = cache.begin(2, TID, 600).orElseThrow();
            assertThat(entry.hasPlace()).isFalse();
            ArrivingBlob blob = new ArrivingBlob(entry);
            ArrivingBlob.Reader first = Objects.requireNonNull(blob.reader());
            ArrivingBlob.Reader second = Objects.requireNonNull(blob.reader());
            write(entry, bytes);
            blob.complete(600);
            entry.close();
            blob.release();
            try (CacheEntry one = first.file();
                    CacheEntry other = second.file()) {
                first.close();
                second.close();
                assertThat(entry.channel().isOpen()).isFalse();
                assertThat(Channels.newInputStream(one.channel()).readAllBytes())
                        .isEqualTo(bytes);
                assertThat(Channels.newInputStream(other.channel()).readAllBytes())
                        .isEqualTo(bytes);
                assertThat(Files.readAllBytes(one.descriptor())).isEqualTo(bytes);
            }
        }
        assertThat(directory.resolve("tmp")).isEmptyDirectory();
    }

    @Test
    void begin_largerThanTheLimit_getsNoPlaceAndEvictsNothing() throws IOException {
        BlobCache cache = cache(1000);
        add(cache, 1, 600);
        try (NewEntry entry = cache.begin(2, TID, 1001).orElseThrow();
                FileChannel channel = entry.channel()) {
            assertThat(channel.isOpen()).isTrue();
            assertThat(entry.hasPlace()).isFalse();
        }
        assertThat(has(cache, 1)).isTrue();
    }

    /** As upkeep does, which looks whether it was left. */
    @Test
    void begin_whileSomebodyLooksAtItsFile_getsIt() throws Exception {
        try (BlobCache cache = cache(1000)) {
            Path part = directory.resolve("1/0.03f1a2b3c4d5e6f7.blob.part");
            AtomicBoolean over = new AtomicBoolean();
            ExecutorService upkeep = Executors.newSingleThreadExecutor();
            Future<Void> looking = upkeep.submit(() -> {
                while (!over.get()) {
                    if (Files.exists(part)) {
                        try (Flock lock = Flock.open(part)) {
                            lock.tryLock();
                        } catch (NoSuchFileException e) {
                            // Between two entries.
                        }
                    }
                    Thread.onSpinWait();
                }
                return null;
            });
            try {
                int refused = 0;
                for (int i = 0; i < 2000; i++) {
                    Optional<NewEntry> begun = cache.begin(1, TID, 100);
                    if (begun.isEmpty()) {
                        refused++;
                        continue;
                    }
                    try (NewEntry entry = begun.get();
                            FileChannel channel = entry.channel()) {
                        assertThat(channel.isOpen()).isTrue();
                    }
                }
                // A few times the machine may have left the other one with the lock for longer than a moment.
                assertThat(refused).isLessThan(100);
            } finally {
                over.set(true);
                upkeep.shutdown();
            }
            looking.get();
        }
    }

    @Test
    void begin_whileSomebodyFetches_isEmpty() throws IOException {
        BlobCache cache = cache(1000);
        BlobCache other = cache(1000);
        try (NewEntry entry = cache.begin(1, TID, 100).orElseThrow();
                FileChannel channel = entry.channel()) {
            assertThat(channel.isOpen()).isTrue();
            assertThat(cache.begin(1, TID, 100)).isEmpty();
            assertThat(other.begin(1, TID, 100)).isEmpty();
            write(entry, bytes(1, 100));
            entry.keep(null);
            assertThat(other.begin(1, TID, 100)).isEmpty();
        }
        assertThat(has(other, 1)).isTrue();
    }

    @Test
    void begin_whileSomebodyFetchesAndDoesNotGetAhead_getsNoPlace() throws IOException {
        BlobCache cache = cache(1000);
        BlobCache other = cache(1000);
        Path part = directory.resolve("1/0.03f1a2b3c4d5e6f7.blob.part");
        try (NewEntry entry = cache.begin(1, TID, 100).orElseThrow();
                FileChannel channel = entry.channel()) {
            assertThat(other.isArriving(1, TID)).isTrue();
            Files.setLastModifiedTime(part, FileTime.from(Instant.now().minusSeconds(60)));
            assertThat(other.isArriving(1, TID)).isFalse();
            try (NewEntry second = other.begin(1, TID, 100).orElseThrow();
                    FileChannel own = second.channel()) {
                assertThat(own.size()).isZero();
                assertThat(second.hasPlace()).isFalse();
                write(second, bytes(1, 100));
                second.keep(null);
            }
            assertThat(has(other, 1)).isFalse();
            assertThat(channel.size()).isEqualTo(100);
            write(entry, bytes(1, 100));
            assertThat(other.begin(1, TID, 100)).isEmpty();
            entry.keep(null);
        }
        assertThat(has(other, 1)).isTrue();
        assertThat(cache.totalBytes()).isEqualTo(100).isEqualTo(bytesOnDisk());
    }

    @Test
    void begin_manyAtOnceInTwoCaches_limitHolds() throws Exception {
        int size = 10_000;
        long limit = 100_000;
        BlobCache[] caches = {cache(limit), cache(limit)};
        AtomicLong most = new AtomicLong();
        AtomicBoolean done = new AtomicBoolean();
        ExecutorService threads = Executors.newFixedThreadPool(9);
        try {
            Future<?> watcher = threads.submit((Callable<Void>) () -> {
                while (!done.get()) {
                    most.accumulateAndGet(bytesOnDisk(), Math::max);
                }
                return null;
            });
            List<Future<?>> workers = new ArrayList<>();
            for (int worker = 0; worker < 8; worker++) {
                BlobCache cache = caches[worker % 2];
                Random random = new Random(worker);
                workers.add(threads.submit((Callable<Void>) () -> {
                    for (int i = 0; i < 100; i++) {
                        use(cache, 1 + random.nextInt(60), size);
                    }
                    return null;
                }));
            }
            for (Future<?> worker : workers) {
                worker.get();
            }
            done.set(true);
            watcher.get();
        } finally {
            done.set(true);
            threads.shutdown();
        }
        // A watcher that reads one directory after another may see a file go and its successor come.
        assertThat(most.get()).isLessThanOrEqualTo(limit + 8L * size);
        assertThat(caches[0].totalBytes()).isEqualTo(bytesOnDisk()).isLessThanOrEqualTo(limit);
        assertThat(caches[0].counters().evicted() + caches[1].counters().evicted())
                .isPositive();
    }

    private static void use(BlobCache cache, long oid, int size) throws IOException {
        while (!has(cache, oid)) {
            var begun = cache.begin(oid, TID, size);
            if (begun.isPresent()) {
                try (NewEntry entry = begun.get();
                        FileChannel channel = entry.channel()) {
                    assertThat(channel.isOpen()).isTrue();
                    write(entry, bytes(oid, size));
                    entry.keep(null);
                }
                return;
            }
        }
    }

    @Test
    void open_afterARestart_servesAndCountsWhatIsThere() throws IOException {
        BlobCache first = cache(1000);
        add(first, 1, 300);
        add(first, 2, 300);
        first.close();
        BlobCache second = cache(1000);
        assertThat(has(second, 1)).isTrue();
        assertThat(second.totalBytes()).isEqualTo(600);
        add(second, 3, 500);
        assertThat(has(second, 2)).isFalse();
        assertThat(has(second, 1)).isTrue();
    }

    @Test
    void open_filesOfPythonAndNoLedger_areServedAndCountTowardsTheLimit() throws IOException {
        Path python = Files.createDirectories(directory.resolve("1")).resolve("0.03f1a2b3c4d5e6f7.blob");
        Files.write(python, bytes(1, 700));
        Files.writeString(directory.resolve(".layout"), "zeocache");
        BlobCache cache = cache(1000);
        assertThat(has(cache, 1)).isTrue();
        // The same directory, so it is counted before room is reserved in it.
        add(cache, 998, 600);
        assertThat(has(cache, 1)).isFalse();
        assertThat(cache.totalBytes()).isEqualTo(600);
    }

    @Test
    void lockOfPython_holdsUpEvictionFromItsDirectory() throws IOException {
        BlobCache cache = cache(1000);
        add(cache, 1, 600);
        try (Closeable lock = new RealDisk().lock(directory.resolve("1/.lock"))) {
            assertThat(lock).isNotNull();
            try (NewEntry entry = cache.begin(2, TID, 600).orElseThrow();
                    FileChannel channel = entry.channel()) {
                assertThat(channel.isOpen()).isTrue();
                assertThat(entry.hasPlace()).isFalse();
            }
        }
        assertThat(has(cache, 1)).isTrue();
    }

    @Test
    void ledger_processDiedWhileItChangedADirectory_isCountedAgain() throws IOException {
        BlobCache cache = cache(1000);
        add(cache, 1, 300);
        cache.close();
        try (FileChannel ledger = FileChannel.open(directory.resolve(".zeolite-ledger"), StandardOpenOption.WRITE)) {
            ledger.write(ByteBuffer.allocate(8).putLong(0, 1), 8);
        }
        Files.write(directory.resolve("1/5.03f1a2b3c4d5e6f7.blob"), new byte[50]);
        assertThat(cache(1000).totalBytes()).isEqualTo(350);
    }

    @Test
    void begin_fetcherWasKilled_roomIsGivenBackAndTheNextOneFetches() throws Exception {
        Process fetcher = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        FetcherProcess.class.getName(),
                        directory.toString())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            assertThat(fetcher.inputReader().readLine()).isEqualTo("begun");
            BlobCache cache = cache(1000);
            assertThat(cache.begin(1, TID, 600)).isEmpty();
            assertThat(cache.totalBytes()).isEqualTo(600);
            fetcher.destroyForcibly().waitFor();
            add(cache, 1, 600);
            assertThat(has(cache, 1)).isTrue();
            assertThat(cache.totalBytes()).isEqualTo(600).isEqualTo(bytesOnDisk());
        } finally {
            fetcher.destroyForcibly().waitFor();
        }
    }

    @Test
    void open_leftovers_areRemovedInTheBackground() throws Exception {
        Path part = Files.createDirectories(directory.resolve("5")).resolve("0.03f1a2b3c4d5e6f7.blob.part");
        Files.write(part, new byte[900]);
        BlobCache cache = cache(1000);
        while (Files.exists(part)) {
            Thread.onSpinWait();
        }
        add(cache, 1, 600);
        assertThat(has(cache, 1)).isTrue();
    }

    @Test
    void open_uploadsOfADeadProcess_areRemovedADayLater() throws Exception {
        Path temporary = Files.createDirectories(directory.resolve("tmp"));
        FileTime longAgo = FileTime.from(Instant.now().minus(Duration.ofHours(25)));
        Path left = Files.write(temporary.resolve("zeolite-1.tmp"), new byte[900]);
        Files.setLastModifiedTime(left, longAgo);
        Path underWay = Files.write(temporary.resolve("zeolite-2.tmp"), new byte[900]);
        Path ofPython = Files.write(temporary.resolve("BUC1.tmp"), new byte[900]);
        Files.setLastModifiedTime(ofPython, longAgo);
        try (BlobCache cache = cache(1000)) {
            while (Files.exists(left)) {
                Thread.onSpinWait();
            }
            assertThat(cache.totalBytes()).isZero();
        }
        assertThat(underWay).exists();
        assertThat(ofPython).exists();
    }

    private Path damage(long oid) throws IOException {
        Path file = directory.resolve(oid + "/0.03f1a2b3c4d5e6f7.blob");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(new byte[] {1, 2, 3}), 50);
        }
        return file;
    }

    @Test
    void find_damagedFile_isRemovedIfItIsToBeVerified() throws IOException {
        BlobCache cache = cache(1000, true);
        add(cache, 1, 100);
        add(cache, 2, 100);
        Path damaged = damage(1);
        assertThat(cache.find(1, TID)).isNull();
        assertThat(damaged).doesNotExist();
        assertThat(has(cache, 2)).isTrue();
        assertThat(cache.counters().damaged()).isEqualTo(1);
        assertThat(cache.totalBytes()).isEqualTo(100);
    }

    @Test
    void find_damagedFileThatSomebodyReads_isRemovedAndCanBeFetched() throws IOException {
        BlobCache cache = cache(1000, true);
        BlobCache other = cache(1000);
        add(cache, 1, 100);
        try (CacheEntry inUse = Objects.requireNonNull(other.find(1, TID))) {
            Path damaged = damage(1);
            assertThat(cache.find(1, TID)).isNull();
            assertThat(damaged).doesNotExist();
            assertThat(cache.totalBytes()).isZero();
            add(cache, 1, 100);
            assertThat(has(cache, 1)).isTrue();
            assertThat(inUse.channel().read(ByteBuffer.allocate(200))).isEqualTo(100);
        }
        assertThat(has(cache, 1)).isTrue();
        assertThat(cache.totalBytes()).isEqualTo(100).isEqualTo(bytesOnDisk());
    }

    @Test
    void find_damagedFileWhilePythonHoldsTheDirectory_removesWhatNobodyElseReads() throws IOException {
        BlobCache cache = BlobCache.open(directory, new CacheLimit.Bytes(1000), true, Duration.ofMillis(1));
        opened.add(cache);
        BlobCache other = cache(1000);
        add(cache, 1, 100);
        try (Closeable lock = new RealDisk().lock(directory.resolve("1/.lock"))) {
            assertThat(lock).isNotNull();
            Path damaged = damage(1);
            try (CacheEntry inUse = other.find(1, TID)) {
                assertThat(inUse).isNotNull();
                assertThatThrownBy(() -> cache.find(1, TID)).isInstanceOf(LockedException.class);
            }
            assertThat(cache.find(1, TID)).isNull();
            assertThat(damaged).doesNotExist();
        }
        assertThat(cache.totalBytes()).isZero();
        add(cache, 1, 100);
        assertThat(has(cache, 1)).isTrue();
    }

    @Test
    void find_thatCannotRead_removesItAndPinsNothing() throws IOException {
        BlobCache cache = cache(1000, true);
        // It can be opened, but not read.
        Path unreadable = Files.createDirectories(directory.resolve("1/0.03f1a2b3c4d5e6f7.blob"));
        Files.getFileAttributeView(unreadable, UserDefinedFileAttributeView.class)
                .write("zeolite.crc32c", ByteBuffer.allocate(4));
        try (Flock pin = Flock.open(unreadable)) {
            assertThat(cache.find(1, TID)).isNull();
            assertThat(pin.tryLock()).isTrue();
        }
        assertThat(unreadable).doesNotExist();
        assertThat(cache.counters().damaged()).isEqualTo(1);
        add(cache, 1, 100);
        assertThat(has(cache, 1)).isTrue();
    }

    private Path writtenBeforeTheMachineCrashed(BlobCache cache, long oid) throws IOException {
        add(cache, oid, 100);
        Path file = directory.resolve(oid + "/0.03f1a2b3c4d5e6f7.blob");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        Files.getFileAttributeView(file, UserDefinedFileAttributeView.class)
                .write(BOOT, ByteBuffer.wrap("00000000-0000-0000-0000-000000000000".getBytes(US_ASCII)));
        return file;
    }

    @Test
    void find_afterACrashOfTheMachine_whatIsNotAllOnDiskIsRemoved() throws IOException {
        BlobCache cache = cache(1000);
        Path lost = writtenBeforeTheMachineCrashed(cache, 1);
        Files.write(lost, new byte[100]);
        Path whole = writtenBeforeTheMachineCrashed(cache, 2);
        assertThat(has(cache, 1)).isFalse();
        assertThat(lost).doesNotExist();
        assertThat(has(cache, 2)).isTrue();
        assertThat(cache.counters().damaged()).isEqualTo(1);
        // It need not be looked at again.
        assertThat(Files.getFileAttributeView(whole, UserDefinedFileAttributeView.class)
                        .list())
                .doesNotContain(BOOT);
        assertThat(has(cache, 2)).isTrue();
    }

    @Test
    void open_blobDirectory_isRefused() throws IOException {
        Files.writeString(directory.resolve(".layout"), "bushy");
        assertThatThrownBy(() -> cache(1000))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("bushy")
                .hasMessageContaining("zeocache");
    }

    @Test
    void limit_asAShareOfTheDisk_isThatManyBytes() throws IOException {
        long total = Files.getFileStore(directory).getTotalSpace();
        assertThat(new CacheLimit.ShareOfDisk(10).bytes(directory)).isEqualTo(total / 100 * 10);
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files).isEmpty();
        }
    }
}
