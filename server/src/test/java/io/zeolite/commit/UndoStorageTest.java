package io.zeolite.commit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zeolite.blob.ColdBlobs;
import io.zeolite.blob.directory.BlobDirectory;
import io.zeolite.client.blob.OpenBlob;
import io.zeolite.commit.staging.SpillFiles;
import io.zeolite.disk.RealDisk;
import io.zeolite.error.CallException;
import io.zeolite.error.ConflictException;
import io.zeolite.error.PosKeyException;
import io.zeolite.error.TransactionException;
import io.zeolite.error.UndoException;
import io.zeolite.storage.Completion;
import io.zeolite.storage.CopiedTransaction;
import io.zeolite.storage.Finished;
import io.zeolite.storage.Storage;
import io.zeolite.storage.StorageTransaction;
import io.zeolite.storage.TransactionLog;
import io.zeolite.storage.TransactionMetadata;
import io.zeolite.storage.TransactionSummary;
import io.zeolite.storage.VoteResult;
import io.zeolite.storage.file.FileLog;
import io.zeolite.storage.file.FileLogOptions;
import io.zeolite.storage.memory.MemoryLog;
import io.zeolite.zodb.Tid;
import io.zeolite.zodb.TimeStamp;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Undo, copies and deletions through a storage whose threads run when a test says so. */
class UndoStorageTest {
    private static final byte[] NOTHING = {};
    private static final byte[] BLOB = HexFormat.of().parseHex("8003635a4f44422e626c6f620a426c6f620a71002e80034e2e");

    private final List<Runnable> committer = new ArrayList<>();
    private final List<Runnable> io = new ArrayList<>();
    private final List<Runnable> timeouts = new ArrayList<>();
    private long nanoTime;
    private final Timers timers = new Timers() {
        @Override
        public long nanoTime() {
            return nanoTime;
        }

        @Override
        public void after(Duration delay, Runnable task) {
            timeouts.add(task);
        }
    };

    /** What was answered, in order. */
    private final List<Object> answers = new ArrayList<>();

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    private Path directory;

    @SuppressWarnings("NullAway.Init") // Set before each test.
    private BlobDirectory blobs;

    @SuppressWarnings("NullAway.Init") // Set before each test.
    private Storage storage;

    @BeforeEach
    void openStorage() throws IOException {
        blobs = BlobDirectory.open(directory.resolve("blobs"));
        storage = open(FileLog.open(new RealDisk(), directory.resolve("Data.fs"), FileLogOptions.DEFAULT));
    }

    private Storage open(TransactionLog log) throws IOException {
        return open(log, null);
    }

    private Storage open(TransactionLog log, @Nullable ColdBlobs cold) throws IOException {
        CommitContext context =
                new CommitContext(committer::add, io::add, InstantSource.system(), timers, Duration.ofSeconds(30));
        SpillFiles noSpills = () -> {
            throw new IOException("nothing should be spilled");
        };
        return LocalStorage.open(
                log,
                blobs,
                cold,
                context,
                new LocalStorageOptions(10, Duration.ZERO, Long.MAX_VALUE, 1 << 20, noSpills));
    }

    @AfterEach
    void closeStorage() {
        Thread closing = new Thread(storage::close);
        closing.start();
        while (closing.isAlive()) {
            runAll();
            Thread.onSpinWait();
        }
    }

    private void runCommitter() {
        while (!committer.isEmpty()) {
            committer.remove(0).run();
        }
    }

    private void runAll() {
        runCommitter();
        while (!io.isEmpty()) {
            io.remove(0).run();
            runCommitter();
        }
    }

    private StorageTransaction begin() {
        return storage.begin(null, new TransactionMetadata(NOTHING, NOTHING, NOTHING), () -> answers.add("timeout"));
    }

    /** What has become due by now. */
    private void runTimeouts() {
        List<Runnable> due = List.copyOf(timeouts);
        timeouts.clear();
        due.forEach(Runnable::run);
        runCommitter();
    }

    private StorageTransaction begin(long tid) {
        return storage.begin(
                null,
                new TransactionMetadata(NOTHING, NOTHING, NOTHING),
                new CopiedTransaction(tid, false),
                () -> answers.add("timeout"));
    }

    /** Notes a name if it succeeds, else the failure. */
    private <T> Completion<T> answer(String name) {
        return new Completion<>() {
            @Override
            public void complete(T value) {
                answers.add(name);
            }

            @Override
            public void fail(Throwable failure) {
                answers.add(failure);
            }
        };
    }

    private StorageTransaction storing(long oid, String data) {
        StorageTransaction transaction = begin();
        transaction.store(oid, storage.lastTransaction(), data.getBytes(StandardCharsets.UTF_8));
        return transaction;
    }

    private void commit(StorageTransaction transaction) {
        transaction.vote(new Completion<>() {
            @Override
            public void complete(VoteResult result) {
                assertThat(result.conflicts()).isEmpty();
                answers.add("changed " + Arrays.toString(result.changedOids()));
                transaction.finish(new Completion<>() {
                    @Override
                    public void complete(Finished finished) {
                        answers.add("finished");
                    }

                    @Override
                    public void fail(Throwable failure) {
                        answers.add(failure);
                    }
                });
            }

            @Override
            public void fail(Throwable failure) {
                answers.add(failure);
            }
        });
        runAll();
    }

    private long committed(StorageTransaction transaction) {
        answers.clear();
        commit(transaction);
        assertThat(answers).containsExactly("changed []", "finished");
        answers.clear();
        return storage.lastTransaction();
    }

    private long committedBlob(String content) throws IOException {
        Path file = storage.newBlobFile();
        Files.writeString(file, content);
        StorageTransaction transaction = begin();
        transaction.storeBlob(1, storage.lastTransaction(), BLOB, file);
        return committed(transaction);
    }

    @Test
    void undo_vote_namesTheChangedObjects() {
        StorageTransaction both = begin();
        both.store(1, 0, new byte[] {1});
        both.store(2, 0, new byte[] {2});
        long tid = committed(both);

        StorageTransaction undo = begin();
        undo.undo(tid);
        commit(undo);

        assertThat(answers).containsExactly("changed [1, 2]", "finished");
    }

    @Test
    void undo_waitsForWhoeverHoldsLocks_andOthersWaitForIt() {
        long tid = committed(storing(1, "a"));
        StorageTransaction first = storing(2, "b");
        first.vote(answer("first voted"));
        runAll();
        StorageTransaction undo = begin();
        undo.undo(tid);
        undo.vote(answer("undo voted"));
        runAll();
        StorageTransaction last = storing(3, "c");
        last.vote(answer("last voted"));
        runAll();
        assertThat(answers).containsExactly("first voted");

        first.finish(answer("first finished"));
        runAll();
        assertThat(answers).containsExactly("first voted", "first finished", "undo voted");

        undo.finish(answer("undo finished"));
        runAll();
        assertThat(answers)
                .containsExactly("first voted", "first finished", "undo voted", "undo finished", "last voted");
        last.abort();
        runAll();
        assertThat(storage.lockedSince()).isNull();
    }

    @Test
    void undo_unknownTransaction_failsWithoutWaitingForLocks() {
        committed(storing(1, "a"));
        StorageTransaction holder = storing(1, "b");
        holder.vote(answer("holder voted"));
        runAll();

        StorageTransaction undo = begin();
        undo.undo(storage.lastTransaction() + 1);
        undo.vote(answer("undo voted"));
        runAll();

        assertThat(answers).hasSize(2).last().isInstanceOf(UndoException.class);
        holder.abort();
        runAll();
    }

    @Test
    void abort_whileTheUndoIsPrepared_answersItAndFreesEverything() throws IOException {
        committedBlob("first");
        long tid = committedBlob("second");
        StorageTransaction undo = begin();
        undo.undo(tid);
        io.remove(0).run();
        undo.vote(answer("undo voted"));
        runCommitter();
        assertThat(io).as("the preparation").hasSize(1);

        undo.abort();
        runCommitter();
        assertThat(answers).singleElement().isInstanceOf(TransactionException.class);
        assertThat(storage.lockedSince()).isNull();
        runAll();

        assertThat(answers).hasSize(1);
        assertThat(directory.resolve("blobs/tmp")).isEmptyDirectory();
        committed(storing(1, "the locks are free"));
    }

    @Test
    void undo_thatTheServerIsLongAt_countsWhenItIsDone() {
        long first = committed(storing(1, "first"));
        committed(storing(1, "second"));
        StorageTransaction undo = begin();
        undo.undo(storage.lastTransaction());
        undo.vote(answer("voted"));
        // It is found, and the locks are taken.
        io.remove(0).run();
        runCommitter();
        assertThat(io).hasSize(1);

        nanoTime += Duration.ofSeconds(31).toNanos();
        runTimeouts();
        assertThat(answers).isEmpty();
        assertThat(timeouts).isEmpty();

        runAll();
        nanoTime += Duration.ofSeconds(29).toNanos();
        runTimeouts();
        assertThat(answers).containsExactly("voted");

        nanoTime += Duration.ofSeconds(1).toNanos();
        runTimeouts();
        assertThat(answers).containsExactly("voted", "timeout");
        assertThat(storage.lastTransaction()).isGreaterThan(first);
    }

    @Test
    void undo_blob_itsFileIsThereWhenItIsFinished() throws IOException {
        committedBlob("first");
        long second = committedBlob("second");

        StorageTransaction undo = begin();
        undo.undo(second);
        commit(undo);

        assertThat(answers).containsExactly("changed [1]", "finished");
        assertThat(blobs.path(1, storage.lastTransaction())).hasContent("first");
        assertThat(directory.resolve("blobs/tmp")).isEmptyDirectory();
    }

    @Test
    void undo_blobWithoutItsFile_fails() throws IOException {
        long first = committedBlob("first");
        long second = committedBlob("second");
        blobs.remove(1, first);

        StorageTransaction undo = begin();
        undo.undo(second);
        commit(undo);

        assertThat(answers).singleElement().isInstanceOf(PosKeyException.class);
        assertThat(directory.resolve("blobs/tmp")).isEmptyDirectory();
        committedBlob("the locks are free");
    }

    /** A bucket that answers when a test says so. */
    private static final class SlowBucket implements ColdBlobs {
        private final List<CompletableFuture<OpenBlob>> asked = new ArrayList<>();

        @Override
        public CompletableFuture<OpenBlob> open(long oid, long tid, PosKeyException missing) {
            asked.add(new CompletableFuture<>());
            return asked.get(asked.size() - 1);
        }

        @Override
        public void close() {}
    }

    private SlowBucket openWithBucket() throws IOException {
        closeStorage();
        SlowBucket bucket = new SlowBucket();
        storage = open(FileLog.open(new RealDisk(), directory.resolve("Data.fs"), FileLogOptions.DEFAULT), bucket);
        return bucket;
    }

    private OpenBlob source(String content) throws IOException {
        FileChannel channel = FileChannel.open(Files.writeString(directory.resolve("fetched"), content));
        return new OpenBlob.LocalFile(channel, channel.size());
    }

    @Test
    void undo_blobThatIsElsewhere_isFetchedBeforeAnyLockIsTaken() throws IOException {
        SlowBucket bucket = openWithBucket();
        long first = committedBlob("first");
        long second = committedBlob("second");
        blobs.remove(1, first);

        StorageTransaction undo = begin();
        undo.undo(second);
        commit(undo);
        assertThat(bucket.asked).hasSize(1);
        committed(storing(2, "nobody waits"));

        bucket.asked.get(0).complete(source("first"));
        runAll();
        assertThat(answers).containsExactly("changed [1]", "finished");
        assertThat(bucket.asked).hasSize(1);
        assertThat(blobs.path(1, storage.lastTransaction())).hasContent("first");
        assertThat(blobs.path(1, first)).doesNotExist();
        assertThat(directory.resolve("blobs/tmp")).isEmptyDirectory();
    }

    @Test
    void undo_blobThatCannotBeFetched_failsAndChangesNothing() throws IOException {
        SlowBucket bucket = openWithBucket();
        long first = committedBlob("first");
        long second = committedBlob("second");
        blobs.remove(1, first);

        StorageTransaction undo = begin();
        undo.undo(second);
        commit(undo);
        bucket.asked.get(0).completeExceptionally(CallException.storage("the bucket is away"));
        runAll();

        assertThat(answers).singleElement().asString().contains("the bucket is away");
        assertThat(blobs.path(1, second)).hasContent("second");
        assertThat(directory.resolve("blobs/tmp")).isEmptyDirectory();
        committedBlob("the locks are free");
    }

    @Test
    void undo_blobThatIsArchivedMeanwhile_isThereAllTheSame() throws IOException {
        SlowBucket bucket = openWithBucket();
        long first = committedBlob("first");
        long second = committedBlob("second");

        StorageTransaction undo = begin();
        undo.undo(second);
        runAll();
        blobs.remove(1, first);
        commit(undo);

        assertThat(answers).containsExactly("changed [1]", "finished");
        assertThat(bucket.asked).isEmpty();
        assertThat(blobs.path(1, storage.lastTransaction())).hasContent("first");
        assertThat(directory.resolve("blobs/tmp")).isEmptyDirectory();
    }

    @Test
    void undo_abortedWhileItsBlobIsFetched_leavesNothing() throws IOException {
        SlowBucket bucket = openWithBucket();
        long first = committedBlob("first");
        long second = committedBlob("second");
        blobs.remove(1, first);

        StorageTransaction undo = begin();
        undo.undo(second);
        commit(undo);
        undo.abort();
        runAll();
        bucket.asked.get(0).complete(source("first"));
        runAll();

        assertThat(answers).singleElement().isInstanceOf(TransactionException.class);
        assertThat(blobs.path(1, second)).hasContent("second");
        assertThat(directory.resolve("blobs/tmp")).isEmptyDirectory();
        committedBlob("the locks are free");
    }

    @Test
    void copy_tidThatIsNotLater_isRefused() {
        long last = committed(storing(1, "a"));
        for (long tid : new long[] {last, last - 1, 1}) {
            answers.clear();
            StorageTransaction copy = begin(tid);
            copy.restore(5, tid, new byte[] {1}, Tid.NONE);
            commit(copy);
            assertThat(answers).singleElement().isInstanceOf(CallException.class);
        }
        StorageTransaction copy = begin(last + 1);
        copy.restore(5, last + 1, new byte[] {1}, Tid.NONE);
        assertThat(committed(copy)).isEqualTo(last + 1);
        assertThat(committed(storing(6, "b"))).isGreaterThan(last + 1);
    }

    /** Nothing could be committed after it any more. */
    @Test
    void copy_tidThatLeavesNoRoomForOthers_isRefused() {
        for (long tid : new long[] {-1, Long.MIN_VALUE, Tid.MAX, Tid.MAX - 1}) {
            answers.clear();
            StorageTransaction copy = begin(tid);
            copy.restore(5, tid, new byte[] {1}, Tid.NONE);
            commit(copy);
            assertThat(answers).singleElement().isInstanceOfSatisfying(CallException.class, it -> assertThat(it)
                    .hasMessageContaining(Tid.toHex(tid))
                    .hasMessageContaining("expected: at most"));
        }
        long ahead = TimeStamp.of(Instant.parse("5000-01-01T00:00:00Z"));
        StorageTransaction copy = begin(ahead);
        copy.restore(5, ahead, new byte[] {1}, Tid.NONE);
        assertThat(committed(copy)).isEqualTo(ahead);
        assertThat(committed(storing(6, "b"))).isEqualTo(ahead + 1);
    }

    @Test
    void delete_notTheCurrentRevision_isRefused() {
        long tid = committed(storing(1, "a"));
        StorageTransaction stale = begin();
        stale.delete(1, tid - 1);
        commit(stale);
        StorageTransaction unknown = begin();
        unknown.delete(9, tid);
        commit(unknown);
        assertThat(answers).hasSize(2);
        assertThat(answers.get(0)).isInstanceOf(ConflictException.class);
        assertThat(answers.get(1)).isInstanceOf(PosKeyException.class);

        StorageTransaction delete = begin();
        delete.delete(1, tid);
        long deleted = committed(delete);
        storage.getTid(1, answer("a deleted object"));
        assertThat(answers).singleElement().isInstanceOf(PosKeyException.class);
        StorageTransaction again = begin();
        again.delete(1, deleted);
        committed(again);
    }

    @Test
    void undoLog_nobodyWaitsForAnyMore_isBrokenOff() {
        committed(storing(1, "first"));
        storage.undoLog(
                0,
                5,
                transaction -> {
                    answers.add("looked at");
                    return true;
                },
                new Completion<>() {
                    @Override
                    public void complete(List<TransactionSummary> page) {
                        answers.add("over");
                    }

                    @Override
                    public void fail(Throwable failure) {
                        answers.add(failure);
                    }

                    @Override
                    public boolean isAwaited() {
                        return false;
                    }
                });
        runAll();

        assertThat(answers).containsExactly("over");
    }

    @Test
    void undoLog_pages() {
        long first = committed(storing(1, "a"));
        long second = committed(storing(1, "b"));
        List<Long> tids = new ArrayList<>();
        storage.undoLog(0, 5, transaction -> true, new Completion<>() {
            @Override
            public void complete(List<TransactionSummary> found) {
                found.forEach(transaction -> tids.add(transaction.tid()));
            }

            @Override
            public void fail(Throwable failure) {
                answers.add(failure);
            }
        });
        assertThat(tids)
                .as("what a walk of the file gives, before an I/O thread ran")
                .isEmpty();
        runAll();
        assertThat(tids).containsExactly(second, first);
        assertThat(answers).isEmpty();
    }

    @Test
    void memory_hasNoUndo() throws IOException {
        storage = open(new MemoryLog("memory"));

        StorageTransaction transaction = begin();
        assertThatThrownBy(() -> transaction.undo(1)).isInstanceOf(CallException.class);
        assertThatThrownBy(() -> transaction.delete(1, 1)).isInstanceOf(CallException.class);
        assertThatThrownBy(() -> transaction.restore(1, 1, null, 0)).isInstanceOf(CallException.class);
        storage.undoLog(0, 5, any -> true, answer("empty"));
        assertThat(answers).containsExactly("empty");
    }
}
