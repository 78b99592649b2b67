package io.zeolite.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(OS.LINUX)
final class FileMappingTest {
    private static final int SEGMENT = FileMapping.SEGMENT;
    private static final long SEED = 7;

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    private Path directory;

    private final Random random = new Random(SEED);

    @SuppressWarnings("NullAway.Init") // setUp sets it.
    private Path path;

    @BeforeEach
    void setUp() {
        path = directory.resolve("f");
    }

    private DiskFile open() throws IOException {
        DiskFile file = new RealDisk().open(path, Disk.Mode.READ_WRITE);
        file.mapReads();
        return file;
    }

    private ByteBuffer noise(int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return ByteBuffer.wrap(bytes);
    }

    private long mappings() throws IOException {
        try (var lines = Files.lines(Path.of("/proc/self/maps"))) {
            return lines.filter(line -> line.contains(path.toString())).count();
        }
    }

    /** Reads in both ways, and returns how much there was. */
    private static int readLikeTheChannel(DiskFile file, ByteBuffer buffer, long position) throws IOException {
        ByteBuffer expected = ByteBuffer.allocate(buffer.remaining());
        int there = file.read(expected, position);
        int start = buffer.position();
        assertThat(file.readMapped(buffer, position)).isEqualTo(there);
        assertThat(buffer.position()).isEqualTo(start + there);
        assertThat(buffer.slice(start, there)).isEqualTo(expected.flip());
        // The first time, pages are not read from memory.
        assertThat(file.readMapped(buffer.position(start), position)).isEqualTo(there);
        assertThat(buffer.slice(start, there)).isEqualTo(expected);
        return there;
    }

    @Test
    void readMapped_fileThatGrows_isAsTheChannelReads() throws IOException {
        try (DiskFile file = open()) {
            long end = 0;
            while (end < 3L * SEGMENT) {
                ByteBuffer piece = noise(SEGMENT / 3);
                file.write(piece, end);
                end += piece.limit();
                for (int i = 0; i < 300; i++) {
                    int length = random.nextInt(i % 10 == 0 ? 100_000 : 2_000);
                    ByteBuffer buffer =
                            i % 2 == 0 ? ByteBuffer.allocate(length + 1) : ByteBuffer.allocateDirect(length + 1);
                    readLikeTheChannel(file, buffer.position(1), random.nextLong(end));
                }
                for (long border = SEGMENT; border < end; border += SEGMENT) {
                    readLikeTheChannel(file, ByteBuffer.allocate(1_000), border - 1);
                    readLikeTheChannel(file, ByteBuffer.allocate(1_000), border - 1_000);
                    readLikeTheChannel(file, ByteBuffer.allocate(1_000), border);
                }
                assertThat(readLikeTheChannel(file, ByteBuffer.allocate(1_000), end - 10))
                        .isEqualTo(10);
                assertThat(mappings()).isBetween(end / SEGMENT > 0 ? 1L : 0, end / SEGMENT);
            }
        }
        assertThat(mappings()).isZero();
    }

    @Test
    void readMapped_ofWhatIsOverwritten_isWhatWasWrittenLast() throws IOException {
        try (DiskFile file = open()) {
            file.write(noise(SEGMENT), 0);
            for (int i = 0; i < 1_000; i++) {
                int position = random.nextInt(SEGMENT - 100);
                file.write(noise(100), position);
                readLikeTheChannel(file, ByteBuffer.allocateDirect(200), Math.max(0, position - 50));
            }
        }
    }

    @Test
    void truncate_andWritingAnew_isSeen() throws IOException {
        try (DiskFile file = open()) {
            file.write(noise(2 * SEGMENT), 0);
            readLikeTheChannel(file, ByteBuffer.allocate(500), 100);
            readLikeTheChannel(file, ByteBuffer.allocate(500), SEGMENT + 100_000);
            assertThat(mappings()).isPositive();
            file.truncate(SEGMENT + 50_000);
            assertThat(readLikeTheChannel(file, ByteBuffer.allocate(500), SEGMENT + 100_000))
                    .isZero();
            assertThat(readLikeTheChannel(file, ByteBuffer.allocate(500), SEGMENT + 49_900))
                    .isEqualTo(100);
            file.write(noise(SEGMENT), SEGMENT + 50_000);
            assertThat(readLikeTheChannel(file, ByteBuffer.allocate(500), SEGMENT + 100_000))
                    .isEqualTo(500);
            readLikeTheChannel(file, ByteBuffer.allocate(500), 100);
        }
    }

    /** As pages are that the disk cannot read: the process gets a SIGBUS. So often that the code has been compiled. */
    @Test
    void readMapped_ofPagesThatAreGone_isLeftToTheChannel() throws IOException {
        try (DiskFile file = open();
                FileChannel other = FileChannel.open(path, StandardOpenOption.WRITE)) {
            file.write(noise(SEGMENT), 0);
            ByteBuffer heap = ByteBuffer.allocate(9_000);
            ByteBuffer direct = ByteBuffer.allocateDirect(9_000);
            for (int i = 0; i < 20_000; i++) {
                file.readMapped(heap.clear().limit(random.nextInt(9_000)), random.nextInt(SEGMENT - 9_000));
                file.readMapped(direct.clear().limit(random.nextInt(9_000)), random.nextInt(SEGMENT - 9_000));
            }
            int end = SEGMENT / 2;
            other.truncate(end);
            int missing = 0;
            for (int i = 0; i < 20_000; i++) {
                ByteBuffer buffer = i % 2 == 0 ? heap : direct;
                int length = random.nextInt(9_000);
                buffer.clear().limit(length);
                if (readLikeTheChannel(file, buffer, end - 10_000 + random.nextInt(13_000)) < length) {
                    missing++;
                }
            }
            assertThat(missing).isGreaterThan(1_000);
            // Nothing is left of the errors that would come out somewhere else.
            assertThat(file.size()).isEqualTo(end);
            assertThat(readLikeTheChannel(file, ByteBuffer.allocate(100), 0)).isEqualTo(100);
        }
    }

    @Test
    void close_whileOthersRead_endsTheirReadsAndUnmaps() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(3);
        try {
            for (int round = 0; round < 100; round++) {
                DiskFile file = open();
                ByteBuffer content = noise(2 * SEGMENT);
                file.write(content.duplicate(), 0);
                CountDownLatch reading = new CountDownLatch(3);
                List<Future<Void>> readers = new ArrayList<>();
                for (int i = 0; i < 3; i++) {
                    readers.add(threads.submit(() -> {
                        readUntilClosed(file, content, reading);
                        return null;
                    }));
                }
                reading.await();
                file.close();
                for (Future<Void> reader : readers) {
                    assertThatThrownBy(reader::get)
                            .isInstanceOf(ExecutionException.class)
                            .hasCauseInstanceOf(ClosedChannelException.class);
                }
                assertThat(mappings()).isZero();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private static void readUntilClosed(DiskFile file, ByteBuffer content, CountDownLatch reading) throws IOException {
        Random positions = new Random(Thread.currentThread().getId());
        ByteBuffer buffer = ByteBuffer.allocateDirect(1_000);
        for (int i = 0; ; i++) {
            int position = positions.nextInt(content.capacity() - 1_000);
            file.readMapped(buffer.clear(), position);
            if (buffer.flip().mismatch(content.slice(position, 1_000)) >= 0) {
                throw new IllegalStateException("other bytes at " + position);
            }
            if (i == 100) {
                reading.countDown();
            }
        }
    }
}
