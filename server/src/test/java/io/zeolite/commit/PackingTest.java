package io.zeolite.commit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.zeolite.blob.ColdBlobs;
import io.zeolite.blob.directory.BlobDirectory;
import io.zeolite.client.blob.OpenBlob;
import io.zeolite.disk.RealDisk;
import io.zeolite.error.PosKeyException;
import io.zeolite.storage.Completion;
import io.zeolite.storage.LoadResult;
import io.zeolite.storage.Logs;
import io.zeolite.storage.Pack;
import io.zeolite.storage.StorageTransaction;
import io.zeolite.storage.TestRecords;
import io.zeolite.storage.TransactionLog;
import io.zeolite.storage.TransactionMetadata;
import io.zeolite.storage.file.FileLog;
import io.zeolite.storage.file.FileLogOptions;
import io.zeolite.storage.memory.MemoryLog;
import io.zeolite.zodb.Tid;
import io.zeolite.zodb.TimeStamp;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PackingTest {
    private static final String ROOT = "cmodule\nClass\n.N.";
    private static final String BLOB = "cZODB.blob\nBlob\n.N.";

    private final Queue<Runnable> packer = new ArrayDeque<>();
    private final List<String> outcomes = new ArrayList<>();
    private Path directory = Path.of("");

    /** What is told to where blobs also are, and whether the old blobs, or the list of the pack, are still there then. */
    private final List<String> told = new ArrayList<>();

    private final List<Instant> removals = new ArrayList<>();

    private final ColdBlobs cold = new ColdBlobs() {
        @Override
        public CompletableFuture<OpenBlob> open(long oid, long tid, PosKeyException missing) {
            throw new AssertionError("nothing is read here");
        }

        @Override
        public void packed() {
            told.add("packed, " + Files.exists(directory.resolve("blobs.old")));
        }

        @Override
        public void removed(long oid, long tid, Instant since) {
            removals.add(since);
            told.add("removed " + oid + " of " + Long.toHexString(tid));
        }

        @Override
        public void forceRemoved() {
            told.add("forced, " + Files.exists(directory.resolve("blobs/.removed")));
        }

        @Override
        public void close() {}
    };

    @SuppressWarnings("NullAway.Init") // Set before each test.
    private LocalStorage storage;

    @BeforeEach
    void open(@TempDir Path temporary) throws IOException {
        directory = temporary;
        FileLog log = FileLog.open(new RealDisk(), directory.resolve("Data.fs"), FileLogOptions.DEFAULT);
        if (log.lastTransaction() == Tid.NONE) {
            Logs.commit(log, 0x10, TestRecords.of(0, ROOT).and(1, BLOB));
            Logs.commit(log, 0x20, TestRecords.of(0, ROOT));
            Logs.commit(log, 0x30, TestRecords.of(0, ROOT).and(2, BLOB));
        }
        storage = open(log);
    }

    private LocalStorage open(TransactionLog log) throws IOException {
        return LocalStorage.open(
                log,
                BlobDirectory.open(directory.resolve("blobs")),
                cold,
                new CommitContext(
                        Runnable::run,
                        Runnable::run,
                        InstantSource.system(),
                        new Timers() {
                            @Override
                            public long nanoTime() {
                                // As of a machine that has been up for a while.
                                return Duration.ofHours(1).toNanos();
                            }

                            @Override
                            public void after(Duration delay, Runnable task) {}
                        },
                        Duration.ZERO,
                        packer::add),
                new LocalStorageOptions(10, Duration.ZERO, Long.MAX_VALUE, 1 << 20, () -> {
                    throw new IOException("no spills in this test");
                }));
    }

    @AfterEach
    void close() {
        runPacker();
        storage.close();
    }

    private void runPacker() {
        for (Runnable task = packer.poll(); task != null; task = packer.poll()) {
            task.run();
        }
    }

    private void pack() {
        storage.pack(Tid.MAX, true, noting("done"));
    }

    private Path blob(String directoryName, long oid, long tid) throws IOException {
        String bushy = "0x00/0x00/0x00/0x00/0x00/0x00/0x00/0x0" + oid + "/0x" + Long.toHexString(tid) + ".blob";
        Path file = directory.resolve(directoryName).resolve(bushy);
        if (directoryName.equals("blobs")) {
            Files.createDirectories(file.getParent());
            Files.writeString(file, "content");
        }
        return file;
    }

    @Test
    void pack_whileAnotherIsUnderWay_isRefused() {
        pack();
        pack();
        assertThat(outcomes).containsExactly("Already packing");

        runPacker();
        assertThat(outcomes).containsExactly("Already packing", "done");
        assertThat(storage.length()).isEqualTo(1);

        pack();
        runPacker();
        assertThat(outcomes).last().isEqualTo("done");
    }

    @ParameterizedTest
    @ValueSource(strings = {"TransactionLog.pack", "Pack.copy", "Pack.replace", "Pack.close"})
    void pack_error_endsItAndAnotherMayBegin(String failing) throws IOException {
        storage.close();
        MemoryLog log = new MemoryLog("memory");
        Logs.commit(log, 0x10, TestRecords.of(0, ROOT));
        storage = open(failing(log, TransactionLog.class, failing));
        pack();
        runPacker();
        pack();
        runPacker();

        assertThat(outcomes).hasSize(2).containsOnly("pack failed: java.lang.StackOverflowError: " + failing);
    }

    /** Has a method that fails with an error, before it has done anything or after, or what one of its methods returns has. */
    private static <T> T failing(Object target, Class<T> type, String failing) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (proxy, method, args) -> {
            String name = type.getSimpleName() + "." + method.getName();
            if (name.equals(failing)) {
                throw new StackOverflowError(failing);
            }
            Object result = method.invoke(target, args);
            if (("after " + name).equals(failing)) {
                throw new StackOverflowError(failing);
            }
            return result instanceof Pack ? failing(result, Pack.class, failing) : result;
        }));
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void listThatCannotBeForced_isNamed() throws IOException {
        BlobDirectory blobs = BlobDirectory.open(directory.resolve("others"));
        // Linux takes what is written to it, and does not force it.
        Files.createSymbolicLink(blobs.removedList().resolveSibling(".removed.pack"), Path.of("/dev/null"));
        PackedBlobs packed = new PackedBlobs(blobs, false, null);
        packed.clear();
        assertThatThrownBy(packed::force)
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("cannot force the list of removed blobs " + blobs.removedList());
        packed.discard();
    }

    /** Nobody knows whether the log still has what it names: a pack keeps records which only back pointers lead to. */
    @Test
    void list_ofAPackThatWasKilledOnItsWay_isNotWorkedOff() throws IOException {
        BlobDirectory blobs = BlobDirectory.open(directory.resolve("others"));
        PackedBlobs killed = new PackedBlobs(blobs, false, null);
        killed.clear();
        for (int i = 0; i < 10_000; i++) {
            killed.add(i, 0x10);
        }
        assertThat(new PackedBlobs(blobs, false, null).isLeft()).isFalse();

        PackedBlobs next = new PackedBlobs(blobs, false, null);
        next.clear();
        next.add(1, 0x20);
        next.force();
        assertThat(new PackedBlobs(blobs, false, null).isLeft()).isFalse();
        next.complete();

        assertThat(new PackedBlobs(blobs, false, null).isLeft()).isTrue();
        assertThat(blobs.removedList()).hasContent(Tid.toHex(1) + Tid.toHex(0x20) + "\n");
        next.discard();
        assertThat(directory.resolve("others")).isDirectoryNotContaining("glob:**/.removed*");
    }

    /** What the undo is going to write are positions in the file that the pack replaces. */
    @Test
    void pack_whileAnUndoIsVoted_waitsForItsEnd() {
        StorageTransaction undo = storage.begin(
                null, new TransactionMetadata(new byte[0], new byte[0], new byte[0]), () -> outcomes.add("timeout"));
        undo.undo(0x30);
        undo.vote(noting("voted"));
        pack();
        runPacker();
        assertThat(outcomes).containsExactly("voted");

        undo.finish(noting("finished"));
        runPacker();

        assertThat(outcomes).containsExactly("voted", "finished", "done");
        long tid = storage.lastTransaction();
        storage.loadBefore(0, Tid.MAX, new Completion<>() {
            @Override
            public void complete(LoadResult result) {
                assertThat(result).isInstanceOfSatisfying(LoadResult.Loaded.class, loaded -> {
                    assertThat(loaded.data()).isEqualTo(ROOT.getBytes(StandardCharsets.UTF_8));
                    assertThat(loaded.serial()).isEqualTo(tid);
                });
                outcomes.add("loaded");
            }

            @Override
            public void fail(Throwable failure) {
                throw new AssertionError(failure);
            }
        });
        assertThat(outcomes).last().isEqualTo("loaded");
    }

    private <T> Completion<T> noting(String outcome) {
        return new Completion<>() {
            @Override
            public void complete(T value) {
                outcomes.add(outcome);
            }

            @Override
            public void fail(Throwable failure) {
                outcomes.add(String.valueOf(failure.getMessage()));
            }
        };
    }

    @Test
    void pack_ofAStorageThatIsToEnd_endsWithoutAChange() throws IOException {
        byte[] before = Files.readAllBytes(directory.resolve("Data.fs"));
        pack();
        storage.drain(new Completion<>() {
            @Override
            public void complete(Void nothing) {}

            @Override
            public void fail(Throwable failure) {
                throw new AssertionError(failure);
            }
        });
        runPacker();

        assertThat(outcomes).singleElement().asString().contains("the storage is being closed");
        assertThat(Files.readAllBytes(directory.resolve("Data.fs"))).isEqualTo(before);
        assertThat(directory.resolve("Data.fs.pack")).doesNotExist();
        assertThat(directory.resolve("blobs/.removed")).doesNotExist();
    }

    @Test
    void pack_blobsOfGarbage_areMovedAside() throws IOException {
        Path first = blob("blobs", 1, 0x10);
        Path second = blob("blobs", 2, 0x30);
        Path later = blob("blobs", 2, 0x99);
        pack();
        runPacker();

        assertThat(outcomes).containsExactly("done");
        assertThat(first).doesNotExist();
        assertThat(first.getParent()).doesNotExist();
        assertThat(second).doesNotExist();
        assertThat(later).exists();
        assertThat(blob("blobs.old", 1, 0x10)).hasContent("content");
        assertThat(directory.resolve("blobs.old/.layout")).hasContent("bushy");
        assertThat(directory.resolve("blobs/.removed")).doesNotExist();
    }

    @Test
    void pack_blobsOfGarbageInMemory_areMovedAside() throws IOException {
        storage.close();
        MemoryLog log = new MemoryLog("memory");
        Logs.commit(log, 0x10, TestRecords.of(0, ROOT).and(1, BLOB));
        Logs.commit(log, 0x20, TestRecords.of(0, ROOT));
        storage = open(log);
        Path garbage = blob("blobs", 1, 0x10);
        pack();
        runPacker();

        assertThat(outcomes).containsExactly("done");
        assertThat(garbage).doesNotExist();
        assertThat(blob("blobs.old", 1, 0x10)).hasContent("content");
        assertThat(directory.resolve("blobs/.removed")).doesNotExist();
    }

    @Test
    void pack_blobsOnAnotherFileSystem_areCopiedAside() throws IOException {
        Path sharedMemory = Path.of("/dev/shm");
        assumeTrue(Files.isWritable(sharedMemory));
        assumeTrue(!Files.getAttribute(sharedMemory, "unix:dev").equals(Files.getAttribute(directory, "unix:dev")));
        storage.close();
        Path elsewhere = Files.createTempDirectory(sharedMemory, "blobs");
        try {
            Files.move(directory.resolve("blobs"), directory.resolve("unused"));
            Files.createSymbolicLink(directory.resolve("blobs"), elsewhere);
            open(directory);
            Path first = blob("blobs", 1, 0x10);
            pack();
            runPacker();

            assertThat(outcomes).containsExactly("done");
            assertThat(first).doesNotExist();
            assertThat(first.getParent()).doesNotExist();
            Path kept = blob("blobs.old", 1, 0x10);
            assertThat(kept).hasContent("content");
            assertThat(kept.getParent()).isDirectoryNotContaining(file -> !file.equals(kept));
            assertThat(elsewhere.resolve(".removed")).doesNotExist();
        } finally {
            deleteTree(elsewhere);
        }
    }

    private static void deleteTree(Path root) throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    @Test
    void pack_blobsOfGarbage_areToldWhetherTheyAreHereOrNot() throws IOException {
        blob("blobs", 1, 0x10);
        pack();
        runPacker();

        assertThat(told).containsExactly("packed, false", "removed 1 of 10", "removed 2 of 30", "forced, true");
    }

    @Test
    void open_withListOfAnInterruptedPack_removesOnlyWhatTheFileDoesNotHave() throws IOException {
        Path kept = blob("blobs", 1, 0x10);
        Path gone = blob("blobs", 3, 0x10);
        Files.writeString(
                directory.resolve("blobs/.removed"),
                Tid.toHex(1) + Tid.toHex(0x10) + "\n" + Tid.toHex(3) + Tid.toHex(0x10) + "\nnonsense\n");
        storage.close();
        open(directory);
        runPacker();

        assertThat(told).containsExactly("removed 3 of 10", "forced, true");
        assertThat(kept).exists();
        assertThat(gone).doesNotExist();
        assertThat(blob("blobs.old", 3, 0x10)).exists();
        assertThat(directory.resolve("blobs/.removed")).doesNotExist();
    }

    @Test
    void pack_listLeftByAnEarlierOne_isWorkedOffFirst() throws IOException {
        Path gone = blob("blobs", 3, 0x10);
        Path list = directory.resolve("blobs/.removed");
        Files.writeString(list, Tid.toHex(3) + Tid.toHex(0x10) + "\n");
        pack();
        runPacker();

        assertThat(outcomes).containsExactly("done");
        assertThat(told)
                .containsExactly(
                        "removed 3 of 10",
                        "forced, true",
                        "packed, false",
                        "removed 1 of 10",
                        "removed 2 of 30",
                        "forced, true");
        assertThat(gone).doesNotExist();
        assertThat(list).doesNotExist();
    }

    /** As on a full disk: what is there has to go before more can be moved to it. */
    private Path obstructOldBlobs() throws IOException {
        return Files.createFile(
                Files.createDirectory(directory.resolve("blobs.old")).resolve("0x00"));
    }

    @Test
    void pack_listLeftThatCannotBeWorkedOff_isWorkedOffAfterTheExchange() throws IOException {
        obstructOldBlobs();
        Path ofThisPack = blob("blobs", 1, 0x10);
        Path left = blob("blobs", 3, 0x10);
        Path list = directory.resolve("blobs/.removed");
        Files.writeString(list, Tid.toHex(1) + Tid.toHex(0x10) + "\n" + Tid.toHex(3) + Tid.toHex(0x10) + "\n");
        pack();
        runPacker();

        assertThat(outcomes).containsExactly("done");
        assertThat(ofThisPack).doesNotExist();
        assertThat(blob("blobs.old", 1, 0x10)).hasContent("content");
        assertThat(told).containsSubsequence("packed, false", "removed 1 of 10");
        assertThat(left).doesNotExist();
        assertThat(blob("blobs.old", 3, 0x10)).as("of no file that there is").doesNotExist();
        assertThat(directory.resolve("blobs")).isDirectoryNotContaining("glob:**/.removed*");
    }

    /** What is removed stays in the bucket for a while from then on, whatever the clock says. */
    @Test
    void pack_clockThatIsBehindTheLastTransaction_removesAtTheTimeOfThat() throws IOException {
        storage.close();
        FileLog log = FileLog.open(new RealDisk(), directory.resolve("Data.fs"), FileLogOptions.DEFAULT);
        long tomorrow = TimeStamp.of(Instant.now().plus(Duration.ofDays(1)));
        Logs.commit(log, tomorrow, TestRecords.of(0, ROOT));
        storage = open(log);
        pack();
        runPacker();

        assertThat(removals).isNotEmpty().containsOnly(TimeStamp.toInstant(tomorrow));
    }

    @Test
    void pack_thatComesToNothing_leavesWhatCannotBeWorkedOff() throws IOException {
        storage.close();
        Files.delete(directory.resolve("Data.fs"));
        Files.delete(directory.resolve("Data.fs.index"));
        FileLog log = FileLog.open(new RealDisk(), directory.resolve("Data.fs"), FileLogOptions.DEFAULT);
        Logs.commit(log, 0x10, TestRecords.of(0, ROOT));
        storage = open(log);
        Path kept = obstructOldBlobs();
        Path left = blob("blobs", 3, 0x10);
        Path list = directory.resolve("blobs/.removed");
        Files.writeString(list, Tid.toHex(3) + Tid.toHex(0x10) + "\n");
        pack();
        runPacker();

        assertThat(outcomes).containsExactly("done");
        assertThat(kept).exists();
        assertThat(left).exists();
        assertThat(list).hasContent(Tid.toHex(3) + Tid.toHex(0x10) + "\n");
    }

    /** The files may have been exchanged although it failed. */
    @Test
    void pack_exchangeOfTheFilesFails_leavesTheList() throws IOException {
        storage.close();
        FileLog log = FileLog.open(new RealDisk(), directory.resolve("Data.fs"), FileLogOptions.DEFAULT);
        storage = open(failing(log, TransactionLog.class, "after Pack.replace"));
        pack();
        runPacker();

        assertThat(outcomes).containsExactly("pack failed: java.lang.StackOverflowError: after Pack.replace");
        assertThat(directory.resolve("blobs/.removed"))
                .hasContent(Tid.toHex(1) + Tid.toHex(0x10) + "\n" + Tid.toHex(2) + Tid.toHex(0x30) + "\n");
    }
}
