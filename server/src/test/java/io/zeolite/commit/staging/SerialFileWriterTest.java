package io.zeolite.commit.staging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatRuntimeException;

import io.zeolite.error.CallException;
import io.zeolite.error.TransactionException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SerialFileWriterTest {
    private static final int MEGABYTE = 1 << 20;

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    Path temp;

    private final QueuedExecutor executor = new QueuedExecutor();
    private final MemoryFile file = new MemoryFile(Integer.MAX_VALUE);
    private final SerialFileWriter writer = new SerialFileWriter(() -> file, executor);

    @Test
    void finish_sameThread_fileHasTheBytesInOrder() throws Exception {
        Path path = temp.resolve("blob");
        SerialFileWriter direct =
                new SerialFileWriter(() -> StagingFile.open(Files.createFile(path), true), Runnable::run);
        Outcome<Path> finished = new Outcome<>();

        direct.write(new byte[] {1, 2});
        direct.write(new byte[0]);
        direct.write(new byte[] {3});
        direct.finish(finished);

        assertThat(finished.value()).isEqualTo(path);
        assertThat(path).hasBinaryContent(new byte[] {1, 2, 3});
    }

    @Test
    void finish_severalMegabytesOfBorrowedBuffers_fileHasThem() throws Exception {
        Path path = temp.resolve("blob");
        SerialFileWriter direct =
                new SerialFileWriter(() -> StagingFile.open(Files.createFile(path), true), Runnable::run);
        ByteArrayOutputStream expected = new ByteArrayOutputStream();
        List<String> released = new ArrayList<>();
        for (int i = 0; i < 35; i++) {
            byte[] bytes = new byte[MEGABYTE];
            new Random(i).nextBytes(bytes);
            expected.write(bytes);
            String name = "buffer " + i;
            ByteBuffer buffer =
                    ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
            ByteBuffer[] pieces = {buffer.slice(0, 1000 * i), buffer.slice(1000 * i, bytes.length - 1000 * i)};
            direct.write(pieces, () -> released.add(name));
        }
        Outcome<Path> finished = new Outcome<>();
        direct.finish(finished);

        assertThat(finished.value()).hasBinaryContent(expected.toByteArray());
        assertThat(released).hasSize(35).doesNotHaveDuplicates();
    }

    @Test
    void write_borrowedBuffer_isGivenBackOnceItIsWritten() {
        List<String> released = new ArrayList<>();
        writer.write(pieces(new byte[] {1, 2}), () -> released.add("a"));
        writer.write(pieces(new byte[] {3}), () -> released.add("b"));
        writer.finish(new Outcome<>());
        assertThat(released).isEmpty();

        executor.runAll();

        assertThat(released).containsExactly("a", "b");
        assertThat(file.content()).containsExactly(1, 2, 3);
    }

    @Test
    void write_borrowedBufferThatIsDropped_isGivenBack() {
        List<String> released = new ArrayList<>();
        SerialFileWriter full = new SerialFileWriter(() -> new MemoryFile(1), executor);
        full.write(pieces(new byte[2]), () -> released.add("does not fit"));
        full.write(pieces(new byte[2]), () -> released.add("comes after that"));
        full.whenWritten(new Outcome<>());
        executor.runAll();
        assertThat(released).containsExactly("does not fit", "comes after that");
        full.write(pieces(new byte[2]), () -> released.add("is queued at the abort"));
        full.abort();
        full.write(pieces(new byte[2]), () -> released.add("comes after the abort"));
        executor.runAll();

        assertThat(released)
                .containsExactly("does not fit", "comes after that", "is queued at the abort", "comes after the abort");
    }

    @Test
    void finish_nothingWritten_createsAnEmptyFile() throws Exception {
        Outcome<Path> finished = new Outcome<>();

        writer.finish(finished);
        executor.runAll();

        assertThat(finished.value()).isEqualTo(file.path());
        assertThat(file.content()).isEmpty();
        assertThat(file.closed).isTrue();
    }

    @Test
    void write_manyChunks_oneTaskAtATimeAndFewWrites() {
        int chunk = 59_000;
        for (int i = 1; i <= 10; i++) {
            writer.write(new byte[chunk]);
            assertThat(executor.size()).isEqualTo(i * chunk < SerialFileWriter.GATHER_BYTES ? 0 : 1);
        }

        executor.runOne();

        assertThat(executor.size()).isZero();
        assertThat(file.content()).hasSize(10 * chunk);
        assertThat(file.appends).isEqualTo(2);
    }

    @Test
    void write_less_waitsUntilSomebodyAsks() throws Exception {
        Outcome<Void> written = new Outcome<>();
        writer.write(new byte[] {1});
        writer.write(new byte[] {2});
        assertThat(executor.size()).isZero();

        writer.whenWritten(written);
        executor.runOne();

        assertThat(written.value()).isNull();
        assertThat(file.content()).containsExactly(1, 2);
    }

    @Test
    void flush_little_isWritten() {
        writer.write(new byte[] {1});

        writer.flush();
        writer.flush();

        assertThat(executor.size()).isEqualTo(1);
        executor.runOne();
        assertThat(file.content()).containsExactly(1);
        writer.flush();
        assertThat(executor.size()).isZero();
    }

    @Test
    void write_longUpload_letsOthersHaveTheThread() {
        for (int i = 0; i < 9; i++) {
            writer.write(new byte[MEGABYTE]);
        }

        executor.runOne();

        assertThat(file.content()).hasSize(4 * MEGABYTE);
        assertThat(writer.pendingBytes()).isEqualTo(5 * (MEGABYTE + SerialFileWriter.CHUNK_OVERHEAD_BYTES));
        assertThat(executor.size()).isEqualTo(1);
    }

    @Test
    void writeOrFinish_afterFinish_isRefused() {
        writer.finish(new Outcome<>());

        assertThatIllegalStateException().isThrownBy(() -> writer.write(new byte[1]));
        assertThatIllegalStateException().isThrownBy(() -> writer.finish(new Outcome<>()));
    }

    // Back-pressure

    @Test
    void isBacklogged_upToTheHighMark_isNot() {
        writer.write(new byte[MEGABYTE - 128]);

        assertThat(writer.isBacklogged(() -> {
                    throw new AssertionError("called though it was not backlogged");
                }))
                .isFalse();

        executor.runAll();
    }

    @Test
    void isBacklogged_aboveTheHighMark_callsBackOnceAtTheLowMark() {
        List<Long> pendingWhenDrained = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            writer.write(new byte[MEGABYTE / 8]);
        }

        boolean backlogged = writer.isBacklogged(() -> pendingWhenDrained.add(writer.pendingBytes()));
        executor.runAll();
        writer.write(new byte[10]);
        writer.whenWritten(new Outcome<>());
        executor.runAll();

        assertThat(backlogged).isTrue();
        assertThat(pendingWhenDrained).containsExactly(2 * (MEGABYTE / 8 + SerialFileWriter.CHUNK_OVERHEAD_BYTES));
        assertThat(writer.pendingBytes()).isZero();
    }

    @Test
    void isBacklogged_manySmallChunks_countsWhatTheyCost() {
        for (int i = 0; i < 10_000; i++) {
            writer.write(new byte[1]);
        }

        assertThat(writer.isBacklogged(() -> {})).isTrue();
    }

    @Test
    void isBacklogged_abort_callsBack() {
        AtomicInteger drained = new AtomicInteger();
        writer.write(new byte[2 * MEGABYTE]);
        assertThat(writer.isBacklogged(drained::incrementAndGet)).isTrue();

        writer.abort();

        assertThat(drained).hasValue(1);
        assertThat(writer.pendingBytes()).isZero();
    }

    @Test
    void isBacklogged_callbackThatWrites_works() {
        writer.write(new byte[2 * MEGABYTE]);
        writer.isBacklogged(() -> writer.write(new byte[] {1}));

        executor.runAll();

        assertThat(file.content()).hasSize(2 * MEGABYTE + 1);
    }

    @Test
    void callback_throws_restIsWritten() {
        writer.write(new byte[2 * MEGABYTE]);
        writer.isBacklogged(() -> {
            throw new IllegalArgumentException("of the test");
        });
        writer.write(new byte[] {1});

        assertThatRuntimeException().isThrownBy(executor::runOne).withMessage("of the test");
        writer.write(new byte[] {2});
        writer.whenWritten(new Outcome<>());
        executor.runAll();

        assertThat(file.content()).hasSize(2 * MEGABYTE + 2);
    }

    // What is written

    @Test
    void whenWritten_nothingPending_completesAtOnce() {
        Outcome<Void> written = new Outcome<>();

        writer.whenWritten(written);

        assertThat(written.isThere()).isTrue();
        assertThat(executor.size()).isZero();
    }

    @Test
    void whenWritten_pending_completesAfterWhatWasThere() throws Exception {
        Outcome<Void> written = new Outcome<>();
        writer.write(new byte[MEGABYTE * 4]);
        writer.whenWritten(written);
        writer.write(new byte[1]);
        assertThat(written.isThere()).isFalse();

        executor.runOne();
        assertThat(written.isThere()).isFalse();
        executor.runOne();

        assertThat(written.value()).isNull();
    }

    // Failures

    @Test
    void finish_diskFull_namesFileBytesAndCauseAndDeletesIt() throws Exception {
        MemoryFile small = new MemoryFile(100);
        SerialFileWriter full = new SerialFileWriter(() -> small, executor);
        Outcome<Void> written = new Outcome<>();
        Outcome<Path> finished = new Outcome<>();
        AtomicInteger drained = new AtomicInteger();

        full.write(new byte[60]);
        full.write(new byte[50]);
        full.write(new byte[2 * MEGABYTE]);
        full.isBacklogged(drained::incrementAndGet);
        full.whenWritten(written);
        full.finish(finished);
        executor.runAll();

        assertThat(finished.failure())
                .isInstanceOf(CallException.class)
                .hasMessage("cannot write staged data to memory/file: No space left on device (" + (110 + 2 * MEGABYTE)
                        + " bytes at 0)");
        assertThat(written.failure()).isSameAs(finished.failure());
        assertThat(drained).hasValue(1);
        assertThat(small.discarded).isTrue();
    }

    @Test
    void finish_fileCannotBeCreated_fails() throws Exception {
        SerialFileWriter nowhere =
                new SerialFileWriter(() -> StagingFile.open(temp.resolve("absent/file"), true), executor);
        Outcome<Path> finished = new Outcome<>();

        nowhere.write(new byte[1]);
        nowhere.finish(finished);
        executor.runAll();

        assertThat(finished.failure())
                .isInstanceOf(CallException.class)
                .hasMessage("cannot open a file for staged data: " + NoSuchFileException.class.getName() + ": "
                        + temp.resolve("absent/file"));
    }

    @Test
    void finish_executorShutDown_failsAndDeletesTheFile() throws Exception {
        ExecutorService pool = Executors.newSingleThreadExecutor();
        SerialFileWriter late = new SerialFileWriter(() -> file, pool);
        Outcome<Void> written = new Outcome<>();
        late.write(new byte[1]);
        late.whenWritten(written);
        written.value();
        pool.shutdown();
        assertThat(pool.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
        Outcome<Path> finished = new Outcome<>();

        late.write(new byte[1]);
        late.finish(finished);

        assertThat(finished.failure()).hasMessageContaining("shutting down");
        assertThat(file.discarded).isTrue();
    }

    @Test
    void abort_executorShutDown_deletesTheFile() throws Exception {
        ExecutorService pool = Executors.newSingleThreadExecutor();
        SerialFileWriter late = new SerialFileWriter(() -> file, pool);
        Outcome<Void> written = new Outcome<>();
        late.write(new byte[1]);
        late.whenWritten(written);
        written.value();
        pool.shutdown();
        assertThat(pool.awaitTermination(60, TimeUnit.SECONDS)).isTrue();

        late.abort();

        assertThat(file.discarded).isTrue();
    }

    // Aborts

    @Test
    void abort_queued_dropsWhatIsQueuedAndDeletesTheFile() throws Exception {
        Outcome<Void> written = new Outcome<>();
        Outcome<Path> finished = new Outcome<>();
        writer.write(new byte[1]);
        writer.whenWritten(new Outcome<>());
        executor.runAll();
        writer.write(new byte[1]);
        writer.whenWritten(written);
        writer.finish(finished);

        writer.abort();
        writer.abort();

        assertThat(written.failure()).isInstanceOf(TransactionException.class);
        assertThat(finished.failure()).isInstanceOf(TransactionException.class);
        executor.runAll();
        assertThat(file.content()).hasSize(1);
        assertThat(file.discarded).isTrue();
        assertThat(executor.size()).isZero();
    }

    @Test
    void abort_littleWaits_givesItBackAndCreatesNoFile() {
        List<String> released = new ArrayList<>();
        writer.write(pieces(new byte[1]), () -> released.add("a"));

        writer.abort();

        assertThat(released).containsExactly("a");
        assertThat(executor.size()).isZero();
        assertThat(writer.pendingBytes()).isZero();
    }

    @Test
    void abort_nothingWritten_createsNoFileAndNoTask() {
        writer.abort();

        assertThat(executor.size()).isZero();
        assertThat(file.closed).isFalse();
    }

    @Test
    void abort_afterFinishCompleted_leavesTheFile() throws Exception {
        Outcome<Path> finished = new Outcome<>();
        writer.finish(finished);
        executor.runAll();

        writer.abort();
        executor.runAll();

        assertThat(finished.value()).isNotNull();
        assertThat(file.discarded).isFalse();
    }

    @Test
    void afterAbort_everythingFailsOrIsDropped() throws Exception {
        Outcome<Void> written = new Outcome<>();
        Outcome<Path> finished = new Outcome<>();
        writer.abort();

        writer.write(new byte[1]);
        writer.whenWritten(written);
        writer.finish(finished);

        assertThat(written.failure()).isInstanceOf(TransactionException.class);
        assertThat(finished.failure()).isInstanceOf(TransactionException.class);
        assertThat(executor.size()).isZero();
    }

    // All at once

    @Test
    void pool_randomChunksAndAborts_everyFileIsWholeOrGone() throws Exception {
        long seed = System.nanoTime();
        ExecutorService pool = Executors.newFixedThreadPool(3);
        ExecutorService clients = Executors.newFixedThreadPool(4);
        try {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < 80; i++) {
                Random random = new Random(seed + i);
                Path path = temp.resolve("file" + i);
                all.add(clients.submit(() -> {
                    upload(random, path, pool);
                    return null;
                }));
            }
            for (Future<?> one : all) {
                one.get();
            }
            pool.shutdown();
            assertThat(pool.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
            try (Stream<Path> left = Files.list(temp)) {
                assertThat(left).as("files left, seed %d", seed).isEmpty();
            }
        } catch (Exception | AssertionError e) {
            throw new AssertionError("seed " + seed, e);
        } finally {
            pool.shutdownNow();
            clients.shutdownNow();
        }
    }

    /** Writes a file of random chunks, ending or aborting it somewhere; no file is left. */
    private static void upload(Random random, Path path, ExecutorService pool) throws Exception {
        SerialFileWriter writer = new SerialFileWriter(() -> StagingFile.open(Files.createFile(path), true), pool);
        ByteArrayOutputStream expected = new ByteArrayOutputStream();
        int chunks = random.nextInt(60);
        int abortAt = random.nextInt(3) == 0 ? random.nextInt(chunks + 2) : -1;
        Outcome<Void> written = new Outcome<>();
        int reportAt = random.nextInt(60);
        for (int i = 0; i < chunks && i != abortAt; i++) {
            byte[] chunk = new byte[random.nextInt(8) == 0 ? random.nextInt(600_000) : random.nextInt(60_000)];
            random.nextBytes(chunk);
            expected.writeBytes(chunk);
            writer.write(chunk);
            Outcome<Void> drained = new Outcome<>();
            if (writer.isBacklogged(() -> succeed(drained)) && random.nextBoolean()) {
                drained.value();
            }
            if (i == reportAt) {
                writer.whenWritten(written);
            }
        }
        if (abortAt >= 0 && abortAt <= chunks) {
            writer.abort();
        } else {
            Outcome<Path> finished = new Outcome<>();
            writer.finish(finished);
            if (abortAt >= 0) {
                writer.abort();
            }
            checkAndDelete(finished, expected.toByteArray());
        }
        if (reportAt < chunks && (abortAt < 0 || reportAt < abortAt)) {
            awaitEither(written);
        }
    }

    private static void checkAndDelete(Outcome<Path> finished, byte[] expected) throws Exception {
        Path path;
        try {
            path = finished.value();
        } catch (ExecutionException e) {
            assertThat(e).hasCauseInstanceOf(TransactionException.class);
            return;
        }
        assertThat(Files.readAllBytes(path)).isEqualTo(expected);
        Files.delete(path);
    }

    private static void awaitEither(Outcome<Void> written) throws Exception {
        try {
            written.value();
        } catch (ExecutionException e) {
            assertThat(e).hasCauseInstanceOf(TransactionException.class);
        }
    }

    @SuppressWarnings("NullAway") // Void has no other value than null.
    private static void succeed(Outcome<Void> outcome) {
        outcome.complete(null);
    }

    @Test
    void localFile_largerThanASlice_readsBackAcrossSlices() throws IOException {
        byte[] bytes = new byte[3 * MEGABYTE / 4 + 7];
        new Random(1).nextBytes(bytes);
        StagingFile local = StagingFile.open(Files.createFile(temp.resolve("local")), true);
        ByteBuffer back = ByteBuffer.allocate(bytes.length + 10);

        local.append(ByteBuffer.wrap(bytes));
        int read = local.read(back, 3);
        local.discard();

        assertThat(read).isEqualTo(bytes.length - 3);
        assertThat(back.limit()).isEqualTo(back.capacity());
        assertThat(Arrays.copyOf(back.array(), read)).isEqualTo(Arrays.copyOfRange(bytes, 3, bytes.length));
        assertThat(temp.resolve("local")).doesNotExist();
    }

    private static ByteBuffer[] pieces(byte[] bytes) {
        return new ByteBuffer[] {ByteBuffer.wrap(bytes)};
    }
}
