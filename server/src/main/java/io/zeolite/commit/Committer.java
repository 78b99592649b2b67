package io.zeolite.commit;

import io.zeolite.blob.directory.BlobDirectory;
import io.zeolite.commit.FinishQueue.Finish;
import io.zeolite.commit.LocalTransaction.Phase;
import io.zeolite.error.CallException;
import io.zeolite.error.TransactionException;
import io.zeolite.error.ZeoException;
import io.zeolite.invalidation.InvalidationHub;
import io.zeolite.logging.Logging;
import io.zeolite.storage.AppendFailedException;
import io.zeolite.storage.Completion;
import io.zeolite.storage.Conflict;
import io.zeolite.storage.CopiedTransaction;
import io.zeolite.storage.Finished;
import io.zeolite.storage.Invalidations;
import io.zeolite.storage.LogTransaction;
import io.zeolite.storage.StorageAwayException;
import io.zeolite.storage.TransactionLog;
import io.zeolite.storage.VoteResult;
import io.zeolite.storage.undo.UndoableLog;
import io.zeolite.zodb.Oid;
import io.zeolite.zodb.Tid;
import io.zeolite.zodb.TimeStamp;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The only writer of a log: it votes, gives tids, appends and publishes, on one thread at a time.
 *
 * <p>Whoever wants something submits a command; see {@link CommitterTurns} for the thread that does it, and when. Votes and
 * aborts are done one by one, finishes are collected and then written together, so that many transactions share the wait
 * for the disk. Per batch:
 *
 * <ol>
 *   <li>each transaction gets its tid, later than every one before;
 *   <li>the log writes them all; between the bytes and what makes them count, blobs are moved into place;
 *   <li>their locks go to those who wait;
 *   <li>they become visible, the other clients are told, and their clients' finishes complete: one step, see
 *       {@link InvalidationHub}.
 * </ol>
 *
 * <p>If the log cannot take a batch, its transactions fail and everything goes on; if it is unknown what is on disk, the
 * log refuses everything from then on, and loads go on.
 */
final class Committer {
    private static final Logger LOG = LoggerFactory.getLogger("ZEO.StorageServer");

    /** More objects than this are not compared on an event loop. */
    private static final int MAX_OBJECTS_AT_ONCE = 32;

    /** More votes than these that wait for locks are a warning, and critical. */
    private static final int MANY = 3;

    private static final int CRITICALLY_MANY = 9;

    private final TransactionLog log;
    /** The log, if it can undo. */
    private final @Nullable UndoableLog undoableLog;

    private final InvalidationHub hub;
    private final @Nullable BlobDirectory blobs;
    private final CommitContext context;
    private final VoteChecks checks;
    private final LongConsumer noteOid;

    private final CommitterTurns turns;

    // The rest belongs to the thread whose turn it is.
    private final ObjectLocks locks = new ObjectLocks();
    private final Map<ObjectLocks.Request, LocalTransaction> waiting = new LinkedHashMap<>();
    private final Set<LocalTransaction> holders = new LinkedHashSet<>();
    private final FinishQueue finishes = new FinishQueue();
    /** How many transactions are going to write positions that they have found in the log. */
    private int pins;

    /** Promised to the voted transactions, on the disk and within the quota. */
    private long reservedBytes;

    private final ArrayDeque<Runnable> whenUnpinned = new ArrayDeque<>();
    private long lastTid;
    private boolean timerRunning;
    private boolean draining;
    /** Told when the draining is over; null if it is over, or has not begun. */
    private @Nullable Completion<Void> whenDrained;
    /** Votes that came too late. They fail behind those who hold locks, who may have the same connection. */
    private final List<Completion<VoteResult>> refused = new ArrayList<>();

    /** How many votes wait for locks; any thread may look. */
    private volatile int waitingCount;
    /** Since when some transaction has held locks; null if none does. */
    private volatile @Nullable Instant lockedSince;

    /** @param noteOid told of the objects that a transaction writes once it has been voted */
    Committer(
            TransactionLog log,
            InvalidationHub hub,
            @Nullable BlobDirectory blobs,
            CommitContext context,
            long quotaBytes,
            LongConsumer noteOid) {
        this.log = log;
        this.checks = new VoteChecks(log, context.clock(), quotaBytes);
        this.undoableLog = log instanceof UndoableLog undoable ? undoable : null;
        this.hub = hub;
        this.blobs = blobs;
        this.context = context;
        this.turns = new CommitterTurns(context.committer(), new CommitterTurns.Batches() {
            @Override
            public boolean isEmpty() {
                return finishes.isEmpty();
            }

            @Override
            public void doNext() {
                commitBatch();
            }
        });
        this.noteOid = noteOid;
        this.lastTid = log.lastTransaction();
    }

    void vote(LocalTransaction transaction, Completion<VoteResult> completion) {
        Runnable vote = () -> doVote(transaction, completion);
        if (transaction.records.count() + transaction.checks.size() > MAX_OBJECTS_AT_ONCE
                // With conflicts, what is in a file is read.
                || transaction.records.spilledBytes() > 0) {
            turns.submit(vote);
        } else {
            turns.submitSmall(vote);
        }
    }

    void finish(LocalTransaction transaction, Completion<Finished> completion) {
        submit(() -> finishes.add(transaction, completion));
    }

    void abort(LocalTransaction transaction) {
        submit(() -> doAbort(transaction));
    }

    /**
     * Refuses votes from now on, and completes when the last transaction that holds locks has ended. The clients that are
     * refused lose their connections, which they take for what it is: something to try again.
     */
    void drain(Completion<Void> completion) {
        submit(() -> {
            draining = true;
            whenDrained = completion;
            List.copyOf(waiting.values()).forEach(vote -> refuse(vote, vote.voteCompletion));
            completeDrain();
        });
    }

    int waitingCount() {
        return waitingCount;
    }

    /** Since when the oldest holder of locks has held them; null if nobody holds any. */
    @Nullable
    Instant lockedSince() {
        return lockedSince;
    }

    /** Runs a command on the committer's thread, behind what is queued. */
    void submit(Runnable command) {
        turns.submit(command);
    }

    /** The same, when no transaction holds positions of the log's file, so that another may take its place. */
    void submitUnpinned(Runnable command) {
        submit(() -> {
            if (pins == 0) {
                command.run();
            } else {
                whenUnpinned.add(command);
            }
        });
    }

    // Vote

    private void doVote(LocalTransaction transaction, Completion<VoteResult> completion) {
        if (draining && transaction.locks == null && transaction.phase != Phase.ENDED) {
            refuse(transaction, completion);
            return;
        }
        switch (transaction.phase) {
            case OPEN -> requestLocks(transaction, completion);
            case CONFLICTED -> voteAgain(transaction, completion);
            case ENDED -> completion.fail(new TransactionException("the transaction was aborted"));
            case WAITING, PREPARING, VOTED, FINISHING, COMMITTED ->
                throw new IllegalStateException("a second vote, " + transaction.phase);
        }
    }

    private void refuse(LocalTransaction transaction, @Nullable Completion<VoteResult> completion) {
        if (completion != null) {
            refused.add(completion);
        }
        transaction.voteCompletion = null;
        end(transaction);
    }

    private void requestLocks(LocalTransaction transaction, Completion<VoteResult> completion) {
        ObjectLocks.Request request = transaction.lockRequest();
        transaction.locks = request;
        transaction.voteCompletion = completion;
        transaction.phase = Phase.WAITING;
        if (locks.request(request)) {
            locked(transaction);
        } else {
            waiting.put(request, transaction);
            waitingCount = waiting.size();
            logWaiting(waiting.size());
        }
    }

    /**
     * With the levels and words of Python's server, which monitors look for, behind the name of the storage instead of the
     * client's. Other lines about locks, as Python has them, there are none.
     */
    private void logWaiting(int count) {
        if (count > CRITICALLY_MANY) {
            LOG.atError()
                    .addMarker(Logging.CRITICAL)
                    .addMarker(Logging.NOISE)
                    .log(
                            "({}) queue lock: transactions waiting: {} (more than " + CRITICALLY_MANY + ")",
                            log.info().name(),
                            count);
        } else if (count > MANY) {
            LOG.warn(
                    Logging.NOISE,
                    "({}) queue lock: transactions waiting: {}",
                    log.info().name(),
                    count);
        } else {
            LOG.debug("({}) queue lock: transactions waiting: {}", log.info().name(), count);
        }
    }

    /** A vote after conflicts. If the locks were kept, only a client that now writes other objects too queues again. */
    private void voteAgain(LocalTransaction transaction, Completion<VoteResult> completion) {
        ObjectLocks.Request request = transaction.lockRequest();
        if (transaction.locks != null && transaction.locks.covers(request)) {
            check(transaction, completion);
        } else {
            releaseLocks(transaction);
            requestLocks(transaction, completion);
        }
    }

    private void locked(LocalTransaction transaction) {
        Completion<VoteResult> completion = transaction.voteCompletion;
        transaction.voteCompletion = null;
        transaction.lockedAt = context.clock().instant();
        transaction.lockedAtNanos = context.timers().nanoTime();
        holders.add(transaction);
        noteHolders();
        startTimer();
        if (completion != null) {
            check(transaction, completion);
        }
    }

    private void check(LocalTransaction transaction, Completion<VoteResult> completion) {
        attempt(transaction, completion, () -> {
            // First: the client may resolve them and vote again, or names the class of the object.
            List<Conflict> conflicts = checks.conflicts(transaction.records);
            if (!conflicts.isEmpty()) {
                conflicted(transaction);
                completion.complete(VoteResult.conflicts(conflicts));
                return;
            }
            checks.requireUnchanged(transaction);
            if (undoableLog != null && transaction.needsPreparation()) {
                prepare(transaction, completion, undoableLog);
            } else {
                seal(transaction, completion, VoteResult.CLEAN);
            }
        });
    }

    /**
     * Gives the locks back at the first conflict: a client that cannot resolve it begins anew, and whoever waits behind it
     * would wait for its abort, one after the other. Keeps them from the second one on, so that a client that does resolve
     * is not overtaken for ever.
     */
    private void conflicted(LocalTransaction transaction) {
        transaction.phase = Phase.CONFLICTED;
        if (transaction.hadConflicts) {
            return;
        }
        transaction.hadConflicts = true;
        releaseLocks(transaction);
        completeDrain();
    }

    /** A step of a vote. */
    private interface Step {
        void run() throws IOException;
    }

    private void attempt(LocalTransaction transaction, Completion<VoteResult> completion, Step step) {
        try {
            step.run();
        } catch (ZeoException e) {
            end(transaction);
            completion.fail(e);
        } catch (IOException e) {
            LOG.error("vote failed: {}", e.toString());
            end(transaction);
            completion.fail(CallException.storage(String.valueOf(e.getMessage())));
        } catch (RuntimeException e) {
            // A mistake of ours. Nobody must wait for the answer, nor for the locks.
            LOG.error("vote failed", e);
            end(transaction);
            completion.fail(CallException.storage("the vote has failed: " + e));
        }
    }

    /**
     * Lets an I/O thread find what the transaction undoes. It has the lock of the whole storage, so nothing changes
     * meanwhile but that it may be aborted; the positions that it finds stay valid until its end.
     */
    private void prepare(LocalTransaction transaction, Completion<VoteResult> completion, UndoableLog undoable) {
        transaction.pinning = true;
        pins++;
        transaction.phase = Phase.PREPARING;
        transaction.voteCompletion = completion;
        transaction.prepare(undoable, new Completion<>() {
            @Override
            public void complete(long[] changed) {
                submit(() -> prepared(transaction, () -> seal(transaction, completion, VoteResult.changing(changed))));
            }

            @Override
            public void fail(Throwable failure) {
                submit(() -> prepared(transaction, () -> rethrow(failure)));
            }
        });
    }

    private void prepared(LocalTransaction transaction, Step next) {
        Completion<VoteResult> completion = transaction.voteCompletion;
        if (transaction.phase == Phase.PREPARING && completion != null) {
            transaction.voteCompletion = null;
            // The client is not to blame for the time that this took.
            transaction.lockedAtNanos = context.timers().nanoTime();
            attempt(transaction, completion, next);
            startTimer();
        }
    }

    private static void rethrow(Throwable failure) throws IOException {
        if (failure instanceof ZeoException expected) {
            throw expected;
        }
        throw new IOException(failure);
    }

    /** The last step of a vote: whatever could make the finish fail is looked at here. */
    private void seal(LocalTransaction transaction, Completion<VoteResult> completion, VoteResult result)
            throws IOException {
        long bytes = log.sizeOf(transaction.metadata, transaction.records);
        checks.requireQuota(reservedBytes, bytes);
        log.reserve(bytes);
        transaction.reservedBytes = bytes;
        reservedBytes += bytes;
        transaction.phase = Phase.VOTED;
        for (int i = 0; i < transaction.records.count(); i++) {
            noteOid.accept(transaction.records.oid(i));
        }
        completion.complete(result);
    }

    // Finish

    private void commitBatch() {
        List<Finish> batch = finishes.nextBatch();
        if (batch.isEmpty()) {
            return;
        }
        List<LogTransaction> transactions = new ArrayList<>(batch.size());
        for (Finish finish : batch) {
            LocalTransaction transaction = finish.transaction();
            CopiedTransaction copied = transaction.copied;
            lastTid = nextTid(copied);
            boolean packed = copied != null && copied.packed();
            transactions.add(new LogTransaction(lastTid, packed, transaction.metadata, transaction.records));
        }
        try {
            List<TransactionLog.Publication> publications =
                    log.append(transactions, beforeCommit(batch, transactions), turns);
            finishes.written();
            publish(batch, transactions, publications);
        } catch (AppendFailedException e) {
            takeBackBlobs(batch, transactions);
            if (batch.size() > 1) {
                LOG.warn(
                        "{} transactions could not be written together, each is tried by itself: {}",
                        batch.size(),
                        e.getMessage());
                finishes.retryAlone(batch);
            } else {
                LOG.error("a transaction could not be written and was aborted: {}", e.getMessage(), e);
                ZeoException failure = CallException.storage("the transaction could not be written: " + e.getMessage());
                fail(batch, failure);
                List<Finish> rest = finishes.failedAlone();
                if (!rest.isEmpty()) {
                    LOG.error("{} more transactions were aborted without another attempt", rest.size());
                    fail(rest, failure);
                }
            }
        } catch (IOException e) {
            LOG.error("the log has failed; the storage takes no transactions until it is opened anew", e);
            fail(
                    batch,
                    CallException.storage("the storage has failed (" + e.getMessage()
                            + "); whether the transaction is committed shows when it is opened again"));
        } catch (RuntimeException e) {
            // A mistake of ours or of a listener. Whoever has no answer yet must not wait for it, nor for the locks.
            StorageAwayException failure = new StorageAwayException(
                    "the storage has failed (" + e + "); whether the transaction is committed shows later");
            for (Finish finish : batch) {
                if (finish.transaction().phase == Phase.FINISHING) {
                    finish.completion().fail(failure);
                }
                end(finish.transaction());
            }
            throw e;
        }
    }

    /** A copy has its tid; at its vote nothing else could come between any more. */
    private long nextTid(@Nullable CopiedTransaction copied) {
        return copied != null && copied.tid() != Tid.NONE
                ? copied.tid()
                : TimeStamp.laterThan(lastTid, TimeStamp.of(context.clock().instant()));
    }

    private TransactionLog.BeforeCommit beforeCommit(List<Finish> batch, List<LogTransaction> transactions) {
        BlobDirectory directory = blobs;
        return directory == null
                        || batch.stream()
                                .allMatch(finish -> finish.transaction().blobs.isEmpty())
                ? TransactionLog.BeforeCommit.NOTHING
                : () -> placeBlobs(directory, batch, transactions);
    }

    private void placeBlobs(BlobDirectory directory, List<Finish> batch, List<LogTransaction> transactions)
            throws IOException {
        List<Path> directories = new ArrayList<>();
        for (int i = 0; i < batch.size(); i++) {
            for (Map.Entry<Long, Path> blob : batch.get(i).transaction().blobs.entrySet()) {
                directories.add(directory.commit(
                        blob.getValue(), blob.getKey(), transactions.get(i).tid()));
            }
        }
        directory.forceDirectories(directories, context.io());
    }

    /** They have their staged names again, by which they are placed once more, or deleted. */
    private void takeBackBlobs(List<Finish> batch, List<LogTransaction> transactions) {
        BlobDirectory directory = blobs;
        if (directory == null) {
            return;
        }
        for (int i = 0; i < batch.size(); i++) {
            for (Map.Entry<Long, Path> blob : batch.get(i).transaction().blobs.entrySet()) {
                long oid = blob.getKey();
                try {
                    directory.takeBack(blob.getValue(), oid, transactions.get(i).tid());
                } catch (IOException e) {
                    LOG.warn("a blob of {} that was not committed stays behind: {}", Oid.toString(oid), e.toString());
                }
            }
        }
    }

    private void publish(
            List<Finish> batch, List<LogTransaction> written, List<TransactionLog.Publication> publications) {
        // Before the answers: a client that has one is told of no lock of its own.
        batch.forEach(finish -> releaseLocks(finish.transaction()));
        List<InvalidationHub.Committed> committed = new ArrayList<>(batch.size());
        for (int i = 0; i < batch.size(); i++) {
            Finish finish = batch.get(i);
            long tid = written.get(i).tid();
            committed.add(new InvalidationHub.Committed(
                    publications.get(i)::publish,
                    new Invalidations(tid, finish.transaction().oids()),
                    finish.transaction().subscription,
                    () -> answer(finish, tid)));
        }
        hub.publish(committed);
        for (Finish finish : batch) {
            finish.transaction().blobs.clear();
            end(finish.transaction());
        }
    }

    private void answer(Finish finish, long tid) {
        finish.transaction().phase = Phase.COMMITTED;
        finish.completion().complete(new Finished(tid, log.length(), log.size()));
    }

    private void fail(List<Finish> batch, ZeoException failure) {
        for (Finish finish : batch) {
            finish.completion().fail(failure);
            end(finish.transaction());
        }
    }

    // The end

    private void doAbort(LocalTransaction transaction) {
        // A finish that is queued was asked for before the abort: the client has vanished, its transaction has not.
        if (transaction.phase != Phase.FINISHING && !finishes.has(transaction)) {
            end(transaction);
        }
    }

    /** Gives back everything that a transaction holds. */
    private void end(LocalTransaction transaction) {
        if (transaction.phase == Phase.ENDED) {
            return;
        }
        transaction.phase = Phase.ENDED;
        if (transaction.reservedBytes > 0) {
            log.release(transaction.reservedBytes);
            reservedBytes -= transaction.reservedBytes;
        }
        Completion<VoteResult> waitingVote = transaction.voteCompletion;
        transaction.voteCompletion = null;
        transaction.discardStaged();
        unpin(transaction);
        releaseLocks(transaction);
        if (waitingVote != null) {
            waitingVote.fail(new TransactionException("the transaction was aborted"));
        }
        completeDrain();
    }

    private void unpin(LocalTransaction transaction) {
        if (transaction.pinning) {
            transaction.pinning = false;
            pins--;
        }
        while (pins == 0 && !whenUnpinned.isEmpty()) {
            submitUnpinned(whenUnpinned.remove());
        }
    }

    private void releaseLocks(LocalTransaction transaction) {
        ObjectLocks.Request request = transaction.locks;
        if (request == null) {
            return;
        }
        transaction.locks = null;
        waiting.remove(request);
        holders.remove(transaction);
        for (ObjectLocks.Request granted : locks.release(request)) {
            LocalTransaction next = waiting.remove(granted);
            if (next != null) {
                // As a command, so that a chain of votes that fail and release does not become a chain of calls.
                submit(() -> {
                    if (next.locks == granted) {
                        locked(next);
                    }
                });
            }
        }
        waitingCount = waiting.size();
        noteHolders();
    }

    private void completeDrain() {
        // Locks without a holder: they were given to a vote that has not been looked at since.
        if (!draining || !holders.isEmpty() || !locks.isEmpty()) {
            return;
        }
        refused.forEach(vote -> vote.fail(new StorageAwayException("the server is shutting down")));
        refused.clear();
        Completion<Void> completion = whenDrained;
        if (completion != null) {
            whenDrained = null;
            Completion.done(completion);
        }
    }

    // Timeout

    private void noteHolders() {
        lockedSince = holders.isEmpty() ? null : holders.iterator().next().lockedAt;
    }

    private void startTimer() {
        Duration timeout = context.transactionTimeout();
        if (timerRunning || timeout.isZero() || holders.isEmpty()) {
            return;
        }
        LocalTransaction oldest = holders.iterator().next();
        if (oldest.phase == Phase.PREPARING) {
            // It is the only one, and its time begins when this is done.
            return;
        }
        timerRunning = true;
        long left = oldest.lockedAtNanos + timeout.toNanos() - context.timers().nanoTime();
        context.timers().after(Duration.ofNanos(Math.max(0, left)), () -> submit(this::expire));
    }

    /** Ends the transactions that have held their locks for too long; holders are in the order of their locks. */
    private void expire() {
        timerRunning = false;
        long now = context.timers().nanoTime();
        long timeout = context.transactionTimeout().toNanos();
        List<LocalTransaction> expired = holders.stream()
                .takeWhile(transaction -> now - transaction.lockedAtNanos >= timeout)
                .filter(transaction -> transaction.phase != Phase.PREPARING && !finishes.has(transaction))
                .toList();
        for (LocalTransaction transaction : expired) {
            end(transaction);
            transaction.onTimeout.run();
        }
        startTimer();
    }
}
