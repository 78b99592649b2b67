package io.zeolite.edge;

import io.zeolite.client.RelayTransaction;
import io.zeolite.commit.staging.RecordStaging;
import io.zeolite.error.CallException;
import io.zeolite.error.ReadOnlyException;
import io.zeolite.error.TransactionException;
import io.zeolite.storage.Completion;
import io.zeolite.storage.Conflict;
import io.zeolite.storage.CopiedTransaction;
import io.zeolite.storage.Finished;
import io.zeolite.storage.StorageAwayException;
import io.zeolite.storage.StorageTransaction;
import io.zeolite.storage.Subscription;
import io.zeolite.storage.TransactionMetadata;
import io.zeolite.storage.VoteResult;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A transaction that is staged here and sent on at its vote. The other server decides; its conflicts go back to the client,
 * which resolves them, stores again and votes again on what the other server has kept.
 *
 * <p>It belongs to one thread at a time: the client's while it is staged, an I/O thread while it is sent, then the event loop
 * of the connection to the other server until the outcome is known.
 */
final class EdgeTransaction implements StorageTransaction {
    private static final Logger LOG = LoggerFactory.getLogger(EdgeTransaction.class);

    /** How much may be on its way out before more is read. */
    private static final long WINDOW_BYTES = 4L << 20;

    private final EdgeStorage storage;
    private final @Nullable Subscription committer;
    private final TransactionMetadata metadata;
    private final @Nullable CopiedTransaction copied;
    private final Runnable onTimeout;
    private final RecordStaging records;
    private final RelayTransaction remote;
    private final Passing passing;

    private final Map<Long, Path> blobs = new ConcurrentHashMap<>();
    private final List<RecordCheck> checks = new ArrayList<>();
    private final List<Long> undone = new ArrayList<>();
    /** What is to be sent with the next vote: everything for the first one. */
    private @Nullable Set<Long> storedSinceVote;

    /** By number, of copies; see {@link RecordStaging#origins}. */
    private Map<Integer, Long> origins = Map.of();

    private final Set<Long> writtenByServer = new HashSet<>();
    /** The vote that waits for its answer. */
    private final AtomicReference<@Nullable Completion<VoteResult>> waiting = new AtomicReference<>();

    /**
     * What is done when its time is over. Whoever takes it ends the transaction: a finish, an abort or the timer, which finds
     * nothing afterwards and so keeps no records.
     */
    private final AtomicReference<@Nullable Runnable> late = new AtomicReference<>();

    private volatile Stage stage = Stage.STAGING;
    private volatile boolean over;

    private enum Stage {
        STAGING,
        VOTING,
        SEALED
    }

    private record RecordCheck(long oid, long serial) {}

    EdgeTransaction(
            EdgeStorage storage,
            RelayTransaction remote,
            Passing passing,
            @Nullable Subscription committer,
            TransactionMetadata metadata,
            @Nullable CopiedTransaction copied,
            Runnable onTimeout) {
        EdgeSettings settings = storage.settings();
        this.storage = storage;
        this.remote = remote;
        this.passing = passing;
        this.committer = committer;
        this.metadata = metadata;
        this.copied = copied;
        this.onTimeout = onTimeout;
        this.records = new RecordStaging(settings.stagingMemory(), settings.spillFiles(), settings.io());
    }

    // Staging

    private void staging(long oid) {
        if (stage != Stage.STAGING) {
            throw new TransactionException("store into a transaction that is " + stage);
        }
        if (storedSinceVote != null) {
            storedSinceVote.add(oid);
        }
    }

    @Override
    public void store(long oid, long serial, byte[] data) {
        staging(oid);
        records.add(oid, serial, data);
    }

    @Override
    public void storeBlob(long oid, long serial, byte[] data, Path file) {
        @Nullable Path unused;
        synchronized (blobs) {
            if (over) {
                // Its time was over while the client staged; nobody looks for the file any more.
                unused = file;
            } else {
                staging(oid);
                records.add(oid, serial, data);
                Path before = blobs.put(oid, file);
                unused = file.equals(before) ? null : before;
            }
        }
        if (unused != null) {
            storage.settings().io().execute(() -> delete(unused));
        }
    }

    @Override
    public void restore(long oid, long serial, byte @Nullable [] data, long origin) {
        staging(oid);
        records.restore(oid, serial, data, origin);
    }

    @Override
    public void delete(long oid, long serial) {
        staging(oid);
        records.delete(oid, serial);
    }

    @Override
    public void undo(long tid) {
        staging(0);
        undone.add(tid);
    }

    @Override
    public void checkCurrent(long oid, long serial) {
        staging(oid);
        checks.add(new RecordCheck(oid, serial));
    }

    @Override
    public void checkAbsent(long oid, long serial) {
        throw CallException.unsupported("another server cannot be asked whether an object is absent");
    }

    @Override
    public boolean isBacklogged(Runnable whenDrained) {
        return records.isBacklogged(whenDrained);
    }

    // Vote

    @Override
    public void vote(Completion<VoteResult> completion) {
        stage = Stage.VOTING;
        waiting.set(completion);
        if (storage.info().readOnly()) {
            failed(new ReadOnlyException());
            return;
        }
        if (storedSinceVote == null && !storage.admit(this)) {
            storage.refuse(() -> failed(new StorageAwayException("the server is shutting down")));
            return;
        }
        records.whenWritten(new Completion<>() {
            @Override
            public void complete(Void nothing) {
                if (storedSinceVote == null) {
                    begin();
                } else {
                    storage.settings().io().execute(EdgeTransaction.this::send);
                }
            }

            @Override
            public void fail(Throwable failure) {
                failed(failure);
            }
        });
    }

    private void begin() {
        long tid = copied == null ? Tid.NONE : copied.tid();
        String status = copied != null && copied.packed() ? "p" : " ";
        passing.pass(
                () -> remote.begin(metadata.user(), metadata.description(), metadata.extension(), tid, status),
                begun -> begun,
                step(begun -> {
                    storage.holds(this);
                    storage.settings().io().execute(this::send);
                }));
    }

    private void timedOut() {
        abort();
        onTimeout.run();
    }

    /** On an I/O thread. */
    private void send() {
        origins = records.origins();
        CompletableFuture<Boolean> sent = new CompletableFuture<>();
        // By the thread that has sent the last of it, behind that: the event loop sends in the order in which it is
        // given things.
        sent.whenComplete((all, failure) ->
                passing.pass(() -> sent.thenCompose(done -> remote.vote()), vote -> vote, step(this::answered)));
        sendFrom(0, sent);
    }

    private void sendFrom(int first, CompletableFuture<Boolean> all) {
        long bytes = 0;
        int i = first;
        try {
            while (i < records.count()) {
                if (over) {
                    throw new CancellationException("the transaction was aborted");
                }
                CompletableFuture<?> sent = send(i);
                bytes += records.length(i);
                i++;
                if (blobs.containsKey(records.oid(i - 1)) || (bytes > WINDOW_BYTES && !sent.isDone())) {
                    goOn(sent, i, all);
                    return;
                }
            }
            if (storedSinceVote == null) {
                checks.forEach(check -> remote.checkCurrent(check.oid(), check.serial()));
                undone.forEach(remote::undo);
            }
            all.complete(true);
        } catch (IOException e) {
            all.completeExceptionally(
                    CallException.storage("the transaction could not be read again: " + e.getMessage()));
        } catch (RuntimeException | Error e) {
            all.completeExceptionally(e);
        }
    }

    private void goOn(CompletableFuture<?> sent, int next, CompletableFuture<Boolean> all) {
        sent.whenCompleteAsync(
                (done, failure) -> {
                    if (failure == null) {
                        sendFrom(next, all);
                    } else {
                        all.completeExceptionally(failure);
                    }
                },
                storage.settings().io());
    }

    private CompletableFuture<?> send(int i) throws IOException {
        long oid = records.oid(i);
        Set<Long> wanted = storedSinceVote;
        if (wanted != null && !wanted.contains(oid)) {
            return CompletableFuture.completedFuture(true);
        } else if (records.isDeletion(i)) {
            return remote.delete(oid, records.serial(i));
        } else if (!records.isStored(i)) {
            byte[] data = records.isPointer(i) ? null : records.data(i);
            return remote.restore(oid, records.serial(i), data, origins.getOrDefault(i, Tid.NONE));
        }
        byte[] data = records.data(i);
        CompletableFuture<?> sent = remote.store(oid, records.serial(i), data);
        Path blob = blobs.get(oid);
        return blob == null ? sent : remote.storeBlob(oid, records.serial(i), data, blob);
    }

    private void answered(RelayTransaction.Vote vote) {
        for (long oid : vote.changedOids()) {
            writtenByServer.add(oid);
        }
        Completion<VoteResult> completion = waiting.getAndSet(null);
        if (completion == null) {
            return;
        }
        if (storedSinceVote == null) {
            limitTime();
        }
        if (vote.conflicts().isEmpty()) {
            stage = Stage.SEALED;
            completion.complete(VoteResult.changing(vote.changedOids()));
            return;
        }
        storedSinceVote = new HashSet<>();
        stage = Stage.STAGING;
        completion.complete(VoteResult.conflicts(vote.conflicts().stream()
                .map(clash -> new Conflict(clash.oid(), clash.committed(), clash.read(), clash.data()))
                .toList()));
    }

    private void limitTime() {
        AtomicReference<@Nullable Runnable> whenDue = late;
        whenDue.set(this::timedOut);
        Duration timeout = storage.settings().transactionTimeout();
        if (!timeout.isZero()) {
            storage.settings().timers().after(timeout, () -> {
                Runnable due = whenDue.getAndSet(null);
                if (due != null) {
                    due.run();
                }
            });
        }
    }

    /** Goes on if what was asked for has come; else the vote has failed, and the transaction with it. */
    private <T> Completion<T> step(Consumer<T> next) {
        return new Completion<>() {
            @Override
            public void complete(T value) {
                next.accept(value);
            }

            @Override
            public void fail(Throwable failure) {
                failed(failure);
            }
        };
    }

    private void failed(Throwable failure) {
        Completion<VoteResult> completion = waiting.getAndSet(null);
        end();
        if (completion != null) {
            completion.fail(failure);
        }
    }

    // Finish

    @Override
    public void finish(Completion<Finished> completion) {
        if (late.getAndSet(null) == null) {
            completion.fail(new TransactionException("the transaction was aborted"));
            return;
        }
        long[] changed = changed();
        List<RelayTransaction.Written> written;
        try {
            written = written();
        } catch (IOException e) {
            throw new IllegalStateException("records in memory cannot be read", e);
        }
        passing.pass(
                () -> remote.finish(
                        changed,
                        written,
                        (tid, oids, makeVisible) -> storage.publish(tid, oids, makeVisible, committer)),
                tid -> {
                    storage.released(this);
                    keepBlobs(tid);
                    return new Finished(tid, storage.length(), storage.size());
                },
                new Completion<>() {
                    @Override
                    public void complete(Finished finished) {
                        over = true;
                        records.close();
                        completion.complete(finished);
                    }

                    @Override
                    public void fail(Throwable failure) {
                        end();
                        completion.fail(failure);
                    }
                });
    }

    private long[] changed() {
        Set<Long> all = new HashSet<>(writtenByServer);
        for (int i = 0; i < records.count(); i++) {
            all.add(records.oid(i));
        }
        return all.stream().mapToLong(Long::longValue).toArray();
    }

    /** What the cache is to have at once; not of a transaction that was too large for memory. */
    private List<RelayTransaction.Written> written() throws IOException {
        List<RelayTransaction.Written> written = new ArrayList<>();
        if (records.spilledBytes() == 0 && copied == null) {
            for (int i = 0; i < records.count(); i++) {
                if (records.isStored(i) && !writtenByServer.contains(records.oid(i))) {
                    written.add(new RelayTransaction.Written(records.oid(i), records.data(i)));
                }
            }
        }
        return written;
    }

    private void keepBlobs(long tid) {
        blobs.forEach((oid, file) -> remote.keepBlob(oid, tid, file)
                .whenCompleteAsync(
                        (kept, failure) -> delete(file), storage.settings().io()));
    }

    // The end

    @Override
    public void abort() {
        Completion<VoteResult> completion = waiting.getAndSet(null);
        end();
        if (completion != null) {
            completion.fail(new TransactionException("the transaction was aborted"));
        }
    }

    /** Lets go of everything, here and there. A finish that is under way goes on. */
    private void end() {
        synchronized (blobs) {
            over = true;
        }
        late.set(null);
        stage = Stage.SEALED;
        remote.abort();
        records.close();
        storage.released(this);
        List<Path> files = List.copyOf(blobs.values());
        if (!files.isEmpty()) {
            storage.settings().io().execute(() -> files.forEach(EdgeTransaction::delete));
        }
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            LOG.warn("cannot remove {}: {}", file, e.toString());
        }
    }
}
