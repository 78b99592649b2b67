package io.zeolite.storage.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zeolite.disk.Disk;
import io.zeolite.disk.FaultyDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.Map;
import java.util.NavigableMap;
import java.util.OptionalLong;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class IndexFileTest {
    private final Disk disk = new FaultyDisk();
    private final PositionIndex index = new PositionIndex();

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    private Path directory;

    @SuppressWarnings("NullAway.Init") // Set before each test.
    private Path path;

    @BeforeEach
    void setPath() {
        path = directory.resolve("Data.fs.index");
    }

    private String written(long end) throws IOException {
        IndexFile.write(disk, path, index, end);
        assertThat(directory.toFile().listFiles()).containsExactly(path.toFile());
        return HexFormat.of().formatHex(Files.readAllBytes(path));
    }

    private PositionIndex readBack(long end) throws IOException {
        IndexFile.Contents contents = IndexFile.read(disk, path).orElseThrow();
        assertThat(contents.end()).isEqualTo(end);
        return contents.index();
    }

    private void assertSame(PositionIndex other) {
        assertThat(other.size()).isEqualTo(index.size());
        assertThat(other.maxOid()).isEqualTo(index.maxOid());
        index.forEach((oid, position) -> assertThat(other.get(oid)).isEqualTo(position));
    }

    @ParameterizedTest
    @CsvSource({
        "4, 4b04",
        "255, 4bff",
        "256, 4d0001",
        "65535, 4dffff",
        "65536, 4a00000100",
        "2147483647, 4affffff7f",
        "2147483648, 8a050000008000",
        "1099511627776, 8a06000000000001",
        "140737488355328, 8a0700000000008000"
    })
    void end_ofAnySize_asPythonWritesIt(long end, String pickled) throws IOException {
        if (end == 4) {
            assertThat(written(end)).isEqualTo("8003" + pickled + "2e80034e2e");
        } else {
            index.put(1, 27);
            assertThat(written(end)).startsWith("8003" + pickled + "2e80034306");
        }
        assertThat(readBack(end).size()).isEqualTo(end == 4 ? 0 : 1);
    }

    @Test
    void bucketsOfAllSizes_comeBack() throws IOException {
        for (int i = 0; i < 65536; i++) {
            index.put(0x20000 + i, 1000 + i);
        }
        for (int i = 0; i < 31; i++) {
            index.put(0x40000 + 7 * i, 2000 + i);
        }
        for (int i = 0; i < 32; i++) {
            index.put(0x70000 + 7 * i, 3000 + i);
        }
        index.put(0, 27);
        index.put(-1, 0xfedcba987654L);
        index.put(Long.MIN_VALUE, 5000);
        String content = written((1L << 48) - 1);

        // Up to 31 entries have a short length, a full bucket one of 524288 bytes.
        assertThat(content).contains("4306000000000004" + "43f8").contains("4306000000000007" + "4200010000");
        assertThat(content).contains("4306000000000002" + "4200000800");
        assertSame(readBack((1L << 48) - 1));
    }

    @Test
    void randomIndexes_comeBack() throws IOException {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int round = 0; round < 5; round++) {
            for (int i = 0; i < 2000; i++) {
                index.put(random.nextLong() >>> random.nextInt(64), 27 + random.nextInt(1 << 30));
            }
            written(1L << 31);
            assertSame(readBack(1L << 31));
        }
    }

    /** Buckets that stay as they are read: full ones, with gaps, alone, side by side; and what is written to them then. */
    @Test
    void largeBuckets_readSearchedAndWritten_likeASortedMap() throws IOException {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        NavigableMap<Long, Long> expected = new TreeMap<>(Long::compareUnsigned);
        for (long prefix : new long[] {0, 1, 3, 0x7fff_ffff_ffffL, 0x8000_0000_0000L, 0xffff_ffff_ffffL}) {
            int gap = prefix == 0 || random.nextInt(3) == 0 ? 0 : 1 + random.nextInt(40);
            for (int suffix = random.nextInt(1 + gap); suffix < 1 << 16; suffix++) {
                if (gap == 0 || random.nextInt(gap + 1) > 0) {
                    expected.put(prefix << 16 | suffix, 27 + (long) random.nextInt(1 << 30));
                }
            }
        }
        expected.forEach(index::put);
        written(1L << 31);
        PositionIndex read = readBack(1L << 31);
        assertLike(expected, read, random, seed);
        for (int round = 0; round < 8; round++) {
            // More and more pages of some buckets, until they are taken apart.
            for (int i = 0; i < 400; i++) {
                long oid = anyOid(expected, random);
                long position = 27 + (long) random.nextInt(1 << 30);
                read.put(oid, position);
                expected.put(oid, position);
            }
            assertLike(expected, read, random, seed);
        }
    }

    private static long anyOid(NavigableMap<Long, Long> expected, Random random) {
        Long found = expected.ceilingKey(random.nextLong(1 << 18));
        long oid = random.nextBoolean() && found != null ? found : expected.lastKey() - random.nextInt(1 << 16);
        // Now and then one that is not there yet.
        return oid ^ random.nextInt(2);
    }

    private static void assertLike(NavigableMap<Long, Long> expected, PositionIndex index, Random random, long seed) {
        assertThat(index.size()).as("seed %s", seed).isEqualTo(expected.size());
        assertThat(index.maxOid()).as("seed %s", seed).isEqualTo(expected.lastKey());
        Iterator<Map.Entry<Long, Long>> entries = expected.entrySet().iterator();
        index.forEach((oid, position) -> {
            Map.Entry<Long, Long> entry = entries.next();
            if (oid != entry.getKey() || position != entry.getValue() || index.get(oid) != position) {
                throw new AssertionError("seed " + seed + ": " + oid + " at " + position + ", expected " + entry);
            }
        });
        assertThat(entries.hasNext()).as("seed %s", seed).isFalse();
        for (int i = 0; i < 2_000; i++) {
            long oid = i % 2 == 0 ? random.nextLong() : random.nextLong(5 << 16);
            assertThat(index.get(oid)).as("seed %s, oid %x", seed, oid).isEqualTo(expected.getOrDefault(oid, 0L));
            Long next = expected.ceilingKey(oid);
            assertThat(index.nextFrom(oid))
                    .as("seed %s, oid %x", seed, oid)
                    .isEqualTo(next == null ? OptionalLong.empty() : OptionalLong.of(next));
        }
    }

    @Test
    void largeBucket_takenApartWhileOthersRead_losesNothing() throws Exception {
        for (int suffix = 0; suffix < 1 << 16; suffix++) {
            index.put(suffix, 1_000);
        }
        written(10_000);
        int rounds = 20;
        long reads = 0;
        ExecutorService reader = Executors.newSingleThreadExecutor();
        try {
            for (int round = 0; round < rounds; round++) {
                PositionIndex read = readBack(10_000);
                AtomicBoolean done = new AtomicBoolean();
                CountDownLatch begun = new CountDownLatch(1);
                Future<Long> result = reader.submit(() -> readUntil(done, read, begun));
                assertThat(begun.await(60, TimeUnit.SECONDS)).isTrue();
                for (int suffix = 0; suffix < 1 << 16; suffix += PositionIndex.PAGE_SIZE / 2) {
                    read.put(suffix, 2_000);
                }
                done.set(true);
                reads += result.get(60, TimeUnit.SECONDS);
            }
        } finally {
            reader.shutdownNow();
        }
        assertThat(reads)
                .as("more than those before each bucket is taken apart")
                .isGreaterThan(rounds);
    }

    private static long readUntil(AtomicBoolean done, PositionIndex index, CountDownLatch begun) {
        Random random = new Random(7);
        long reads = 0;
        while (!done.get() && !Thread.currentThread().isInterrupted()) {
            int suffix = random.nextInt(1 << 16);
            if (index.get(suffix) < 1_000 || index.nextFrom(suffix).orElse(-1) != suffix) {
                throw new AssertionError("suffix " + suffix + " is missing after " + reads + " reads");
            }
            reads++;
            begun.countDown();
        }
        return reads;
    }

    @Test
    void largeBucket_thatIsMalformed_isRefused() throws IOException {
        for (int suffix = 0; suffix < 1 << 16; suffix++) {
            index.put(suffix, 1_000);
        }
        written(10_000);
        byte[] good = Files.readAllBytes(path);
        // After the length of the data file, a prefix of 6 bytes, and the lengths of both.
        int bucket = 2 + 3 + 1 + 2 + 8 + 5;
        byte[] bad = good.clone();
        bad[bucket + 2 * 40_000] = 0;
        Files.write(path, bad);
        assertThatThrownBy(() -> IndexFile.read(disk, path)).hasMessageContaining("suffix 64");
        bad = good.clone();
        bad[bucket + 2 * 65_536 + 6 * 50_000] = 1;
        Files.write(path, bad);
        assertThatThrownBy(() -> IndexFile.read(disk, path)).hasMessageContaining("position 1099511628776");
        Files.write(path, Arrays.copyOf(good, good.length - 100_000));
        assertThatThrownBy(() -> IndexFile.read(disk, path)).hasMessageContaining("the end of the file");
    }

    @Test
    void noEntries_dataFileHasTransactions_isDeleted() throws IOException {
        Files.writeString(path, "old");
        IndexFile.write(disk, path, index, 200);
        assertThat(path).doesNotExist();
    }

    @Test
    void missing_isEmpty() throws IOException {
        assertThat(IndexFile.read(disk, path)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        // Other opcodes for the same values, memo puts, no protocol: Python would read them too.
        "4a00100000 2e | 8003 4206000000000000000000 7100 420800000000010000000000 1b 7201000000 86 7102 2e | 4e2e, 1",
        // An empty bucket.
        "4d0010 2e | 4306000000000000 4300 862e | 4e2e, 0",
    })
    void otherPickles_sameValues_areRead(String content, int size) throws IOException {
        Files.write(path, HexFormat.of().parseHex(content.replaceAll("[ |]", "")));
        assertThat(readBack(4096).size()).isEqualTo(size);
    }

    @ParameterizedTest
    @CsvSource({
        "'', the end of the file",
        "80044b042e80044e2e, pickle protocol 4",
        "7d71002e, opcode 125",
        "8a09ffffffffffffffffff2e, an int of 9 bytes",
        "4affffffff2e4e2e, data length -1",
        "4d00102e43050000000000, a prefix of 5 bytes",
        "4d00102e43060000000000004307, a bucket of 7 bytes",
        "4d00102e430600000000000042ffffffff, a length of more than 2 GB",
        "4d00102e430600000000000042f8ffff7f, a bucket of 2147483640 bytes",
        "4d00102e4306000000000000430800010000000000ff, the end of the file",
        "4d00102e43060000000000004308000100000000001a862e4e2e, position 26",
        "4d00102e430600000000000043080001000000001000862e4e2e, position 4096",
        "4d00102e43060000000000014300862e43060000000000014300862e4e2e, prefix 1",
        "4d00102e430600000000000043100002000100000000001b00000000001b862e4e2e, suffix 1",
        "63706f7369780a73797374656d0a, opcode 99"
    })
    void malformed_isRefusedWithWhatWasFound(String content, String found) throws IOException {
        Files.write(path, HexFormat.of().parseHex(content));
        assertThatThrownBy(() -> IndexFile.read(disk, path))
                .isInstanceOf(MalformedIndexException.class)
                .hasMessageContaining(found)
                .hasMessageContaining("Data.fs.index at ")
                .hasMessageContaining("expected");
    }

    @Test
    void randomBytes_givesOnlyMalformedIndex() throws IOException {
        for (int i = 0; i < 3000; i++) {
            index.put(i * 37L, 27 + i);
        }
        written(1 << 20);
        byte[] good = Files.readAllBytes(path);
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int round = 0; round < 500; round++) {
            byte[] bad = Arrays.copyOf(good, random.nextInt(good.length + 1));
            for (int i = random.nextInt(4); i >= 0 && bad.length > 0; i--) {
                bad[random.nextInt(Math.min(bad.length, 1 << random.nextInt(16)))] = (byte) random.nextInt();
            }
            Files.write(path, bad);
            try {
                IndexFile.read(disk, path);
            } catch (MalformedIndexException e) {
                assertThat(e).as("seed %s", seed).hasMessageContaining("expected");
            }
        }
    }

    @Test
    void write_fails_oldIndexStays() throws IOException {
        index.put(1, 100);
        written(1000);
        byte[] old = Files.readAllBytes(path);
        index.put(2, 200);
        for (int operation = 0; operation < 4; operation++) {
            FaultyDisk faulty = new FaultyDisk();
            faulty.failOnce(operation);
            assertThatThrownBy(() -> IndexFile.write(faulty, path, index, 2000)).isInstanceOf(IOException.class);
            assertThat(path).hasBinaryContent(old);
            assertThat(directory.toFile().listFiles()).containsExactly(path.toFile());
        }
    }
}
