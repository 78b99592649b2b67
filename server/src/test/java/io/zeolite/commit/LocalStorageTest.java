package io.zeolite.commit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zeolite.blob.directory.BlobDirectory;
import io.zeolite.commit.staging.SpillFiles;
import io.zeolite.error.CallException;
import io.zeolite.error.ConflictException;
import io.zeolite.error.PosKeyException;
import io.zeolite.error.TransactionException;
import io.zeolite.logging.RecordedLog;
import io.zeolite.storage.Completion;
import io.zeolite.storage.Finished;
import io.zeolite.storage.Logs;
import io.zeolite.storage.Storage;
import io.zeolite.storage.StorageAwayException;
import io.zeolite.storage.StorageTransaction;
import io.zeolite.storage.TestRecords;
import io.zeolite.storage.TransactionLog;
import io.zeolite.storage.TransactionMetadata;
import io.zeolite.storage.VoteResult;
import io.zeolite.storage.memory.MemoryLog;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A storage whose committer runs when a test says so. The simulation has the rest. */
class LocalStorageTest {
    private static final byte[] NOTHING = {};
    private static final String QUOTA_ERROR = "ZODB.FileStorage.FileStorage.FileStorageQuotaError";

    /** The smallest tids are of the year 1900. */
    private static final Duration SINCE_THE_FIRST_TID = Duration.ofDays(1000 * 365);

    private final List<Runnable> committer = new ArrayList<>();
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
    private final List<Runnable> timeouts = new ArrayList<>();
    private long nanoTime;

    @TempDir
    @SuppressWarnings("NullAway.Init") // Set before each test.
    private Path directory;

    @SuppressWarnings("NullAway.Init") // Set before each test.
    private Storage storage;

    /** Null to run at once what is for the I/O threads. */
    private @Nullable List<Runnable> ioTasks;

    /** What was answered, in order. */
    private final List<Object> answers = new ArrayList<>();

    private final MemoryLog memory = new MemoryLog("test");

    @BeforeEach
    void openStorage() throws IOException {
        storage = open(memory);
    }

    private Storage open(TransactionLog log) throws IOException {
        return open(log, committer::add);
    }

    private Storage open(TransactionLog log, Executor committer) throws IOException {
        return open(log, committer, 10, Duration.ZERO);
    }

    private Storage open(TransactionLog log, Executor committer, int queueSize, Duration queueAge) throws IOException {
        return open(log, committer, queueSize, queueAge, Long.MAX_VALUE);
    }

    private Storage open(TransactionLog log, Executor committer, int queueSize, Duration queueAge, long quota)
            throws IOException {
        CommitContext context =
                new CommitContext(committer, this::runIo, InstantSource.system(), timers, Duration.ofSeconds(30));
        SpillFiles noSpills = () -> {
            throw new IOException("nothing should be spilled");
        };
        return LocalStorage.open(
                log,
                BlobDirectory.open(directory),
                context,
                new LocalStorageOptions(queueSize, queueAge, quota, 1 << 20, noSpills));
    }

    private void runIo(Runnable task) {
        if (ioTasks == null) {
            task.run();
        } else {
            ioTasks.add(task);
        }
    }

    private void runCommitter() {
        while (!committer.isEmpty()) {
            committer.remove(0).run();
        }
    }

    private <T> Completion<T> answer(Consumer<T> onValue) {
        return completion(onValue, answers::add);
    }

    private static <T> Completion<T> completion(Consumer<T> onValue, Consumer<Throwable> onFailure) {
        return new Completion<>() {
            @Override
            public void complete(T value) {
                onValue.accept(value);
            }

            @Override
            public void fail(Throwable failure) {
                onFailure.accept(failure);
            }
        };
    }

    private <T> Completion<T> answer() {
        return answer(answers::add);
    }

    private StorageTransaction begin() {
        return storage.begin(null, new TransactionMetadata(NOTHING, NOTHING, NOTHING), () -> answers.add("timeout"));
    }

    private void commit(long oid) {
        StorageTransaction transaction = begin();
        transaction.store(oid, 0, new byte[] {1});
        transaction.vote(answer((VoteResult result) -> transaction.finish(answer((Finished finished) -> {}))));
        runCommitter();
    }

    @Test
    void read_thatFailsByAMistake_isAnswered() throws IOException {
        IllegalStateException mistake = new IllegalStateException("a mistake");
        TransactionLog log = (TransactionLog) Proxy.newProxyInstance(
                TransactionLog.class.getClassLoader(),
                new Class<?>[] {TransactionLog.class},
                (proxy, method, arguments) -> {
                    if (method.getName().equals("history")) {
                        throw mistake;
                    }
                    return method.invoke(memory, arguments);
                });
        storage = open(log);

        storage.history(1, 1, answer());

        assertThat(answers).containsExactly(mistake);
    }

    @Test
    void vote_thatFitsTheQuotaAloneAndNotBesideOthers_isRefused() throws IOException {
        commit(1);
        storage = open(memory, committer::add, 10, Duration.ZERO, 3 * memory.size());
        for (int oid = 2; oid <= 4; oid++) {
            StorageTransaction transaction = begin();
            transaction.store(oid, 0, new byte[] {1});
            transaction.vote(completion(
                    result -> answers.add("voted"), failure -> answers.add(String.valueOf(failure.getMessage()))));
        }
        runCommitter();

        assertThat(answers).hasSize(3).startsWith("voted", "voted");
        assertThat(answers.get(2).toString()).contains("for transactions that are being finished");
    }

    @Test
    void vote_manyThatWaitForTheSameLock_isLoggedAsPythonDoes() {
        try (RecordedLog log = new RecordedLog("ZEO.StorageServer")) {
            for (int i = 0; i <= 10; i++) {
                StorageTransaction transaction = begin();
                transaction.store(1, 0, new byte[] {1});
                transaction.vote(answer());
            }
            runCommitter();

            assertThat(log.lines().stream().filter(line -> !line.startsWith("DEBUG ")))
                    .hasSize(7)
                    .startsWith(
                            "WARNING (test) queue lock: transactions waiting: 4",
                            "WARNING (test) queue lock: transactions waiting: 5")
                    .endsWith("CRITICAL (test) queue lock: transactions waiting: 10 (more than 9)");
        }
    }

    private StorageTransaction votedWithinTheQuota(long oid) {
        StorageTransaction transaction = begin();
        transaction.store(oid, 0, new byte[] {1});
        transaction.vote(completion(
                result -> answers.add("voted"),
                failure -> answers.add(
                        failure instanceof CallException refusal ? refusal.pythonClass() : failure.toString())));
        runCommitter();
        return transaction;
    }

    @Test
    void vote_upToTheQuota_passesAndAByteMoreIsRefused() throws IOException {
        commit(1);
        long quota = 2 * memory.size();

        storage = open(memory, committer::add, 10, Duration.ZERO, quota - 1);
        votedWithinTheQuota(2);
        storage = open(memory, committer::add, 10, Duration.ZERO, quota);
        votedWithinTheQuota(2).finish(answer((Finished finished) -> answers.add("finished")));
        runCommitter();

        assertThat(answers).containsExactly(QUOTA_ERROR, "voted", "finished");
        assertThat(memory.size()).isEqualTo(quota);
    }

    @Test
    void vote_afterOneThatWasNotFinished_hasItsBytesOfTheQuota() throws IOException {
        commit(1);
        storage = open(memory, committer::add, 10, Duration.ZERO, 2 * memory.size());

        StorageTransaction aborted = votedWithinTheQuota(2);
        votedWithinTheQuota(3);
        assertThat(answers).containsExactly("voted", QUOTA_ERROR);
        aborted.abort();
        runCommitter();
        votedWithinTheQuota(4);
        votedWithinTheQuota(5);
        assertThat(answers).containsExactly("voted", QUOTA_ERROR, "voted", QUOTA_ERROR);
        nanoTime = Duration.ofSeconds(31).toNanos();
        timeouts.forEach(Runnable::run);
        runCommitter();
        votedWithinTheQuota(6);
        votedWithinTheQuota(7);
        assertThat(answers)
                .containsExactly("voted", QUOTA_ERROR, "voted", QUOTA_ERROR, "timeout", "voted", QUOTA_ERROR);
    }

    @Test
    void invalidationsSince_readFromTheLog_onlyAfterATransactionThatItHas() throws IOException {
        MemoryLog log = new MemoryLog("test");
        for (long tid = 0x10; tid <= 0x40; tid += 0x10) {
            Logs.commit(log, tid, TestRecords.of(tid, "data"));
        }
        storage = open(log, committer::add, 1, SINCE_THE_FIRST_TID);

        for (long tid : new long[] {0x10, 0x18, 0x20, 0x40, 0x48, 0x8}) {
            storage.invalidationsSince(
                    tid,
                    answer(found -> answers.add(found.map(changed -> Arrays.toString(changed.oids()))
                            .orElse("unknown"))));
        }

        assertThat(answers).containsExactly("[32, 48, 64]", "unknown", "[48, 64]", "[]", "unknown", "unknown");
    }

    /** The sum wraps around to ids that were given long ago; it must not do so one call later either. */
    @Test
    void newOids_afterTheLargest_areRefusedForEver() {
        commit(0xfffffffffffffffeL);

        storage.newOids(10, answer());
        storage.newOids(10, answer());
        storage.newOids(1, answer((long[] oids) -> answers.add(oids[0])));

        assertThat(answers).hasSize(3);
        assertThat(answers.subList(0, 2))
                .allSatisfy(answer -> assertThat(answer.toString()).contains("out of object ids"));
        assertThat(answers.get(2)).isEqualTo(-1L);
    }

    /** Clients keep those that they have been given, and objects that are gone, over a restart. */
    @Test
    void newOids_ofAStorageThatWasThere_areNoneThatMayHaveBeenGiven() throws IOException {
        MemoryLog log = new MemoryLog("test");
        Logs.commit(log, 0x10, TestRecords.of(7, "data"));
        storage = open(log);

        storage.newOids(1, answer((long[] oids) -> answers.add(oids[0])));

        assertThat(answers).containsExactly(7L + 65_536 + 1);
    }

    @Test
    void newOids_ofAStorageWhoseLastOneIsNearTheEnd_areTheOnesThatAreLeft() throws IOException {
        MemoryLog log = new MemoryLog("test");
        Logs.commit(log, 0x10, TestRecords.of(-3, "data"));
        storage = open(log);

        storage.newOids(1, answer((long[] oids) -> answers.add(oids[0])));

        assertThat(answers).containsExactly(-2L);
    }

    @Test
    void newOids_afterAnAbortedStore_doNotMindIt() {
        StorageTransaction transaction = begin();
        transaction.store(-1, 0, new byte[] {1});
        transaction.abort();
        runCommitter();

        storage.newOids(1, answer((long[] oids) -> answers.add(oids[0])));

        assertThat(answers).containsExactly(1L);
    }

    @Test
    void newOids_whileAStoreIsVoted_areLater() {
        StorageTransaction transaction = begin();
        transaction.store(7, 0, new byte[] {1});
        vote(transaction);

        storage.newOids(1, answer((long[] oids) -> answers.add(oids[0])));

        assertThat(answers).containsExactly("0 conflicts", 8L);
    }

    @Test
    @Timeout(60)
    void checkCurrent_oidsChosenToCollide_takeNoLongerThanOthers() {
        StorageTransaction transaction = begin();
        for (long i = 0; i < 200_000; i++) {
            transaction.checkCurrent(i << 32 | i, 1);
        }
        transaction.vote(answer());
        runCommitter();

        assertThat(answers).singleElement().isInstanceOf(PosKeyException.class);
    }

    @Test
    void vote_mistakeInTheLog_isAnsweredAndFreesItsLocks() throws IOException {
        storage = open(failingLog(new IllegalStateException("a mistake")));

        vote(storing(0));

        assertThat(answers).singleElement().isInstanceOfSatisfying(CallException.class, it -> assertThat(it)
                .hasMessageContaining("a mistake"));
        assertThat(storage.lockedSince()).isNull();
    }

    /** A log in which the last step of a vote fails. */
    private static TransactionLog failingLog(Throwable failure) {
        return log((method, arguments) -> {
            if (method.equals("sizeOf")) {
                throw failure;
            }
        });
    }

    /** A log that waits for a disk when it appends. */
    private static TransactionLog forcingLog(Runnable meanwhile) {
        return log((method, arguments) -> {
            if (method.equals("append")) {
                TransactionLog.Forcing forcing = (TransactionLog.Forcing) arguments[2];
                forcing.begin();
                meanwhile.run();
                forcing.end();
            }
        });
    }

    private interface Before {
        void call(String method, Object[] arguments) throws Throwable;
    }

    private static TransactionLog log(Before before) {
        MemoryLog log = new MemoryLog("test");
        return (TransactionLog) Proxy.newProxyInstance(
                TransactionLog.class.getClassLoader(),
                new Class<?>[] {TransactionLog.class},
                (proxy, method, arguments) -> {
                    before.call(method.getName(), arguments);
                    return method.invoke(log, arguments);
                });
    }

    @Test
    void checkCurrent_twoSerialsOfOneObject_fails() {
        commit(1);
        long serial = storage.lastTransaction();
        StorageTransaction transaction = begin();
        transaction.checkCurrent(1, serial - 1);
        transaction.checkCurrent(1, serial);

        transaction.vote(answer());
        runCommitter();

        assertThat(answers).singleElement().isInstanceOf(ConflictException.class);
    }

    /** A client that cannot resolve tells its user the class of an object that it has written. */
    @Test
    void vote_writtenAndReadHaveChanged_tellsOfTheWrittenOneFirst() {
        commit(1);
        commit(2);
        StorageTransaction transaction = begin();
        transaction.store(1, 0, new byte[] {2});
        transaction.checkCurrent(2, 7);

        vote(transaction);
        transaction.store(1, storage.lastTransaction() - 1, new byte[] {3});
        vote(transaction);
        assertThat(answers).containsExactly("1 conflicts", "1 conflicts");

        storage.getTid(1, answer((Long serial) -> transaction.store(1, serial, new byte[] {3})));
        vote(transaction);
        assertThat(answers).hasSize(3).last().isInstanceOf(ConflictException.class);
    }

    @Test
    void storeBlob_conflict_leavesNoDirectory() throws IOException {
        commit(1);
        StorageTransaction transaction = begin();
        transaction.storeBlob(1, 7, new byte[] {2}, storage.newBlobFile());
        vote(transaction);
        assertThat(directory.resolve("0x00")).exists();

        transaction.abort();
        runCommitter();

        assertThat(directory.resolve("0x00")).doesNotExist();
    }

    @Test
    void storeBlob_afterTimeout_leavesNoFile() throws IOException {
        commit(1);
        StorageTransaction transaction = begin();
        transaction.store(1, 0, new byte[] {2});
        voteTwice(transaction);
        nanoTime = Duration.ofSeconds(31).toNanos();
        timeouts.forEach(Runnable::run);
        runCommitter();

        Path file = storage.newBlobFile();
        transaction.storeBlob(1, storage.lastTransaction(), new byte[] {3}, file);

        assertThat(answers).containsExactly("1 conflicts", "1 conflicts", "timeout");
        assertThat(file).doesNotExist();
    }

    private void vote(StorageTransaction transaction) {
        transaction.vote(
                answer((VoteResult result) -> answers.add(result.conflicts().size() + " conflicts")));
        runCommitter();
    }

    private void voteTwice(StorageTransaction transaction) {
        vote(transaction);
        vote(transaction);
    }

    private StorageTransaction storing(long serial) {
        StorageTransaction transaction = begin();
        transaction.store(1, serial, new byte[] {7});
        return transaction;
    }

    /** Whoever comes late is told so at once, and is in nobody's way. */
    @Test
    void vote_firstConflict_leavesTheObjectToOthers() {
        commit(1);
        vote(storing(0));
        assertThat(storage.lockedSince()).isNull();

        vote(storing(storage.lastTransaction()));

        assertThat(answers).containsExactly("1 conflicts", "0 conflicts");
    }

    @Test
    void vote_severalThatWait_areAllToldOfTheConflictWhenTheFirstHasFinished() {
        commit(1);
        long serial = storage.lastTransaction();
        StorageTransaction first = storing(serial);
        vote(first);
        vote(storing(serial));
        vote(storing(serial));
        assertThat(answers).containsExactly("0 conflicts");

        first.finish(answer((Finished finished) -> answers.add("finished")));
        runCommitter();

        assertThat(answers).containsExactly("0 conflicts", "finished", "1 conflicts", "1 conflicts");
    }

    @Test
    void vote_nothingElseToDo_isAnsweredByTheThreadThatAsks() {
        storing(0).vote(answer((VoteResult result) -> answers.add("voted")));

        assertThat(committer).isEmpty();
        assertThat(answers).containsExactly("voted");
    }

    @Test
    void vote_behindSomethingThatIsQueued_waitsForIt() {
        StorageTransaction first = storing(0);
        vote(first);
        first.finish(answer((Finished finished) -> answers.add("finished")));

        storing(0)
                .vote(answer(
                        (VoteResult result) -> answers.add(result.conflicts().size() + " conflicts")));
        assertThat(answers).containsExactly("0 conflicts");
        runCommitter();

        assertThat(answers).containsExactly("0 conflicts", "finished", "1 conflicts");
    }

    @Test
    void vote_whileTheCommitterWaitsForTheDisk_isAnsweredUnlessItWaitsForLocks() throws IOException {
        storage = open(forcingLog(() -> {
            StorageTransaction other = begin();
            other.store(2, 0, new byte[] {1});
            answers.add("forcing");
            other.vote(answer((VoteResult result) -> answers.add("other voted")));
            storing(0)
                    .vote(answer((VoteResult result) ->
                            answers.add(result.conflicts().size() + " conflicts")));
            answers.add("forced");
        }));
        StorageTransaction first = storing(0);
        vote(first);

        first.finish(answer((Finished finished) -> answers.add("finished")));
        runCommitter();

        assertThat(answers)
                .containsExactly("0 conflicts", "forcing", "other voted", "forced", "finished", "1 conflicts");
    }

    /** An event loop has others to serve. */
    @Test
    void vote_manyObjects_isLeftToTheCommitter() {
        StorageTransaction transaction = begin();
        for (int oid = 0; oid < 33; oid++) {
            transaction.store(oid, 0, new byte[] {1});
        }

        transaction.vote(answer((VoteResult result) -> answers.add("voted")));
        assertThat(answers).isEmpty();
        runCommitter();

        assertThat(answers).containsExactly("voted");
    }

    /** What is half done nobody may go on with: the committer ends, and with it the process. */
    @Test
    void vote_errorOnTheThreadThatAsks_isTheCommitters() throws IOException {
        Error failure = new OutOfMemoryError("a test");
        storage = open(failingLog(failure));

        storing(0).vote(answer());

        assertThatThrownBy(this::runCommitter).isSameAs(failure);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Timeout(60)
    void commits_ofManyThreads_areAllAnswered(boolean forcing) throws Exception {
        int threads = 4;
        int commits = 2_000;
        ExecutorService clients = Executors.newFixedThreadPool(threads);
        ExecutorService single = Executors.newSingleThreadExecutor();
        try {
            storage = open(forcing ? forcingLog(Thread::yield) : new MemoryLog("test"), single);
            List<Future<?>> finished = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                long oid = i;
                finished.add(clients.submit(() -> {
                    long serial = 0;
                    for (int n = 0; n < commits; n++) {
                        serial = commitAndWait(oid, serial);
                    }
                }));
            }
            for (Future<?> client : finished) {
                client.get();
            }
        } finally {
            clients.shutdown();
            single.shutdown();
        }

        assertThat(answers).isEmpty();
        assertThat(storage.length()).isEqualTo(threads);
        assertThat(storage.lockedSince()).isNull();
    }

    /** @return its tid */
    private long commitAndWait(long oid, long serial) {
        CompletableFuture<Finished> outcome = new CompletableFuture<>();
        StorageTransaction transaction = begin();
        transaction.store(oid, serial, new byte[] {1});
        transaction.vote(to(outcome, (VoteResult result) -> {
            assertThat(result.conflicts()).isEmpty();
            transaction.finish(to(outcome, outcome::complete));
        }));
        return outcome.join().tid();
    }

    private static <T> Completion<T> to(CompletableFuture<?> outcome, Consumer<T> onValue) {
        return completion(onValue, outcome::completeExceptionally);
    }

    /** Who resolves is overtaken once, not again and again. */
    @Test
    void vote_secondConflict_keepsTheObject() {
        commit(1);
        StorageTransaction resolving = storing(0);
        voteTwice(resolving);
        StorageTransaction other = storing(storage.lastTransaction());
        vote(other);
        assertThat(answers).containsExactly("1 conflicts", "1 conflicts");

        resolving.store(1, storage.lastTransaction(), new byte[] {8});
        vote(resolving);
        resolving.finish(answer((Finished finished) -> answers.add("finished")));
        runCommitter();

        assertThat(answers).containsExactly("1 conflicts", "1 conflicts", "0 conflicts", "finished", "1 conflicts");
    }

    /** Their clients lose the connection, which may be that of one who is about to finish. */
    @Test
    void drain_votesThatWaitOrComeLate_failBehindWhoHoldsLocks() {
        StorageTransaction holder = storing(0);
        vote(holder);
        vote(storing(0));
        storage.drain(answer(nothing -> answers.add("drained")));
        vote(storing(0));
        assertThat(answers).containsExactly("0 conflicts");

        holder.finish(answer((Finished finished) -> answers.add("finished")));
        runCommitter();

        assertThat(answers).hasSize(5).startsWith("0 conflicts", "finished").endsWith("drained");
        assertThat(answers.subList(2, 4)).hasOnlyElementsOfType(StorageAwayException.class);
    }

    @Test
    void drain_conflictThatHoldsNothing_doesNotWaitForIt() {
        commit(1);
        StorageTransaction transaction = storing(0);
        vote(transaction);

        storage.drain(answer(nothing -> answers.add("drained")));
        runCommitter();
        vote(transaction);

        assertThat(answers).hasSize(3).startsWith("1 conflicts", "drained");
        assertThat(answers.get(2).toString()).contains("shutting down");
    }

    @Test
    void abort_voteThatWaitsForItsBlob_isAnswered() throws IOException {
        ioTasks = new ArrayList<>();
        StorageTransaction transaction = begin();
        transaction.storeBlob(1, 0, new byte[] {1}, storage.newBlobFile());
        transaction.vote(answer());

        transaction.abort();
        runCommitter();
        List.copyOf(ioTasks).forEach(Runnable::run);
        runCommitter();

        assertThat(answers).singleElement().isInstanceOf(TransactionException.class);
    }

    private List<String> committedBlobs() throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".blob"))
                    .toList();
        }
    }

    @Test
    void finish_blobs_othersVoteWhileTheirDirectoriesAreForced() throws IOException {
        StorageTransaction transaction = begin();
        transaction.storeBlob(1, 0, new byte[] {1}, storage.newBlobFile());
        transaction.storeBlob(2, 0, new byte[] {1}, storage.newBlobFile());
        vote(transaction);
        ioTasks = new ArrayList<>() {
            @Override
            public boolean add(Runnable task) {
                StorageTransaction other = begin();
                other.store(7, 0, new byte[] {1});
                other.vote(answer((VoteResult result) -> answers.add("voted meanwhile")));
                return super.add(task);
            }
        };

        transaction.finish(answer((Finished finished) -> answers.add("finished")));
        runCommitter();

        // The second directory is given to a helper, who has no time for it.
        assertThat(answers).containsExactly("0 conflicts", "voted meanwhile", "finished");
        assertThat(committedBlobs()).hasSize(2);
    }

    @Test
    void finish_secondBlobCannotBePlaced_leavesNoneOfThem() throws IOException {
        StorageTransaction transaction = begin();
        transaction.storeBlob(1, 0, new byte[] {1}, storage.newBlobFile());
        Path vanishing = storage.newBlobFile();
        transaction.storeBlob(2, 0, new byte[] {1}, vanishing);
        vote(transaction);
        Files.delete(vanishing);

        transaction.finish(answer());
        runCommitter();

        assertThat(answers).hasSize(2).last().isInstanceOf(CallException.class);
        assertThat(committedBlobs()).isEmpty();
        assertThat(storage.lockedSince()).isNull();
    }

    /** A client that shares the blob directory can take its file away once its vote has been answered. */
    @Test
    void finish_blobOfAnotherInTheBatchCannotBePlaced_isCommitted() throws IOException {
        StorageTransaction first = begin();
        first.storeBlob(1, 0, new byte[] {1}, storage.newBlobFile());
        vote(first);
        StorageTransaction second = begin();
        Path vanishing = storage.newBlobFile();
        second.storeBlob(2, 0, new byte[] {1}, vanishing);
        vote(second);
        StorageTransaction third = begin();
        third.store(3, 0, new byte[] {1});
        vote(third);
        Files.delete(vanishing);
        answers.clear();

        List<Long> tids = new ArrayList<>();
        first.finish(answer((Finished finished) -> tids.add(finished.tid())));
        second.finish(answer());
        third.finish(answer((Finished finished) -> tids.add(finished.tid())));
        runCommitter();

        assertThat(answers).singleElement().isInstanceOf(CallException.class);
        assertThat(tids).hasSize(2).isSorted();
        assertThat(committedBlobs()).containsExactly(Tid.toString(tids.get(0)) + ".blob");
        assertThat(storage.length()).isEqualTo(2);
        assertThat(storage.lockedSince()).isNull();
    }

    /** The disk can take no blobs at all: not each of a thousand is to be tried. */
    @Test
    void finish_severalThatFailAlike_theRestIsNotTried() throws IOException {
        List<Path> vanishing = new ArrayList<>();
        List<StorageTransaction> transactions = new ArrayList<>();
        for (int oid = 1; oid <= 5; oid++) {
            StorageTransaction transaction = begin();
            Path file = storage.newBlobFile();
            transaction.storeBlob(oid, 0, new byte[] {1}, file);
            vote(transaction);
            vanishing.add(file);
            transactions.add(transaction);
        }
        for (Path file : vanishing) {
            Files.delete(file);
        }
        answers.clear();

        try (RecordedLog log = new RecordedLog("ZEO.StorageServer")) {
            transactions.forEach(transaction -> transaction.finish(answer()));
            runCommitter();
            assertThat(log.messages())
                    .filteredOn(message -> message.contains("could not be written and was"))
                    .hasSize(3);
            assertThat(log.messages()).last().asString().contains("2 more transactions");
        }
        assertThat(answers).hasSize(5).hasOnlyElementsOfType(CallException.class);
        assertThat(storage.lockedSince()).isNull();
    }

    @Test
    void vote_blobThatCannotBeStaged_failsAndIsLoggedWithTheFile() throws IOException {
        Path inTheWay = Files.createFile(directory.resolve("0x00"));
        StorageTransaction transaction = begin();
        transaction.storeBlob(1, 0, new byte[] {1}, storage.newBlobFile());
        try (RecordedLog log = new RecordedLog(LocalTransaction.class)) {
            vote(transaction);

            assertThat(log.messages())
                    .singleElement()
                    .asString()
                    .startsWith("vote failed: ")
                    .contains(inTheWay.toString());
        }
        assertThat(answers).singleElement().isInstanceOfSatisfying(CallException.class, it -> assertThat(it)
                .hasMessageContaining(inTheWay.toString()));
    }

    @Test
    void finish_listenerThatThrows_isAnsweredAndFreesItsLocks() {
        storage.subscribe((published, from, to) -> {
            throw new IllegalStateException("a listener");
        });
        StorageTransaction transaction = begin();
        transaction.store(1, 0, new byte[] {1});
        transaction.vote(answer(result -> {}));
        transaction.finish(answer());

        assertThatThrownBy(this::runCommitter).hasMessage("a listener");

        // Its connection ends, as those of the others do, and its client looks anew.
        assertThat(answers).singleElement().isInstanceOf(StorageAwayException.class);
        assertThat(storage.lockedSince()).isNull();
    }

    @Test
    void drain_voteThatHasJustGotItsLocks_waitsForIt() {
        StorageTransaction first = begin();
        first.store(1, 0, new byte[] {1});
        first.vote(answer(result -> {}));
        StorageTransaction second = begin();
        second.store(1, 0, new byte[] {2});
        second.vote(
                answer((VoteResult result) -> second.finish(answer((Finished finished) -> answers.add("finished")))));
        runCommitter();
        first.abort();

        storage.drain(answer(nothing -> answers.add("drained")));
        runCommitter();

        assertThat(answers).containsExactly("finished", "drained");
    }
}
