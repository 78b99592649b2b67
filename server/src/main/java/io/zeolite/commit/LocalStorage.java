package io.zeolite.commit;

import io.zeolite.blob.ColdBlobs;
import io.zeolite.blob.directory.BlobDirectory;
import io.zeolite.client.blob.OpenBlob;
import io.zeolite.commit.staging.RecordStaging;
import io.zeolite.error.CallException;
import io.zeolite.error.PosKeyException;
import io.zeolite.error.ReadOnlyException;
import io.zeolite.error.ZeoException;
import io.zeolite.invalidation.InvalidationHub;
import io.zeolite.storage.Completion;
import io.zeolite.storage.CopiedTransaction;
import io.zeolite.storage.CurrentRecord;
import io.zeolite.storage.InvalidationListener;
import io.zeolite.storage.Invalidations;
import io.zeolite.storage.LoadResult;
import io.zeolite.storage.RecordTarget;
import io.zeolite.storage.RevisionSummary;
import io.zeolite.storage.Storage;
import io.zeolite.storage.StorageInfo;
import io.zeolite.storage.StorageTransaction;
import io.zeolite.storage.Subscription;
import io.zeolite.storage.TransactionIterator;
import io.zeolite.storage.TransactionLog;
import io.zeolite.storage.TransactionMetadata;
import io.zeolite.storage.TransactionSummary;
import io.zeolite.storage.undo.UndoableLog;
import io.zeolite.zodb.Oid;
import io.zeolite.zodb.Tid;
import io.zeolite.zodb.TimeStamp;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A storage made of a log on this machine, a committer that writes it, and perhaps a directory of blobs.
 *
 * <p>Loads read the log on the caller's thread and complete before they return.
 */
public final class LocalStorage implements Storage {
    private static final Logger LOG = LoggerFactory.getLogger(LocalStorage.class);

    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(30);
    /** How many reads of the whole history run at once; more of them wait. */
    private static final int MAX_WALKS = 2;

    /** More than all clients keep that a server has. */
    private static final long SKIPPED_OIDS = 1 << 16;

    private final TransactionLog log;
    private final @Nullable BlobDirectory blobs;
    private final @Nullable ColdBlobs cold;
    private final CommitContext context;
    private final LocalStorageOptions options;
    private final StorageInfo info;
    private final InvalidationHub hub;
    private final Committer committer;
    private final Packing packing;
    private final AtomicLong lastOid;
    /** Runs what reads far back, a little at a time, so that commits find I/O threads. */
    private final Executor walks;

    private LocalStorage(
            TransactionLog log,
            @Nullable BlobDirectory blobs,
            @Nullable ColdBlobs cold,
            CommitContext context,
            LocalStorageOptions options)
            throws IOException {
        this.log = log;
        this.blobs = blobs;
        this.cold = cold;
        this.context = context;
        this.options = options;
        this.walks = new LimitedExecutor(context.io(), MAX_WALKS);
        this.info = blobs == null ? log.info() : withBlobs(log.info());
        int capacity = options.invalidationQueueSize();
        this.hub = new InvalidationHub(capacity, log::lastTransaction, recent(log, capacity));
        this.lastOid = new AtomicLong(lastGivenOid(log));
        this.committer = new Committer(log, hub, blobs, context, options.quotaBytes(), this::noteOid);
        PackSettings pack = options.pack();
        PackedBlobs packed =
                blobs == null || info.readOnly() ? null : new PackedBlobs(blobs, pack.keepOldBlobs(), cold);
        this.packing = new Packing(log, committer, context, packed, pack.bytesPerSecond(), hub::resized);
        packing.resume();
    }

    /**
     * A storage over an open log, which it closes when it is closed.
     *
     * @param blobs where blobs lie, null for a storage without blobs
     * @throws IOException if the log's last transactions cannot be read
     */
    public static LocalStorage open(
            TransactionLog log, @Nullable BlobDirectory blobs, CommitContext context, LocalStorageOptions options)
            throws IOException {
        return open(log, blobs, null, context, options);
    }

    /**
     * A storage some of whose blobs may be elsewhere.
     *
     * @param cold where they are; closed when the storage is closed
     */
    public static LocalStorage open(
            TransactionLog log,
            @Nullable BlobDirectory blobs,
            @Nullable ColdBlobs cold,
            CommitContext context,
            LocalStorageOptions options)
            throws IOException {
        LocalStorage storage = new LocalStorage(log, blobs, cold, context, options);
        ClockCheck.warnIfAhead(log, context.clock());
        return storage;
    }

    /**
     * The last object id that counts as given. Clients keep up to a hundred that they were given over a restart, and what is
     * gone from the end of the storage since may still be in their caches.
     */
    private static long lastGivenOid(TransactionLog log) {
        long last = log.maxOid();
        boolean hasRoom = Long.compareUnsigned(last + SKIPPED_OIDS, last) > 0;
        return log.lastTransaction() == Tid.NONE || !hasRoom ? last : last + SKIPPED_OIDS;
    }

    /** Of an empty log all is known, from its beginning on. */
    private static List<Invalidations> recent(TransactionLog log, int capacity) throws IOException {
        return log.lastTransaction() == Tid.NONE
                ? List.of(new Invalidations(Tid.NONE, new long[0]))
                : log.lastInvalidations(capacity);
    }

    private static StorageInfo withBlobs(StorageInfo info) {
        Stream<String> added = info.interfaces().contains("ZODB.interfaces.IStorageRestoreable")
                ? Stream.of("ZODB.interfaces.IBlobStorageRestoreable", "ZODB.interfaces.IBlobStorage")
                : Stream.of("ZODB.interfaces.IBlobStorage");
        List<String> interfaces =
                Stream.concat(added, info.interfaces().stream()).toList();
        return new StorageInfo(
                info.name(), info.readOnly(), info.supportsUndo(), info.supportsRecordIternext(), interfaces);
    }

    @Override
    public StorageInfo info() {
        return info;
    }

    @Override
    public long lastTransaction() {
        return log.lastTransaction();
    }

    @Override
    public long length() {
        return log.length();
    }

    @Override
    public long size() {
        return log.size();
    }

    /** A read of the log. */
    private interface Read<T> {
        T read() throws IOException;
    }

    private static <T> void complete(Completion<T> completion, Read<T> read) {
        T result;
        try {
            result = read.read();
        } catch (ZeoException e) {
            completion.fail(e);
            return;
        } catch (IOException e) {
            LOG.error("cannot read: {}", e.toString());
            completion.fail(CallException.storage(String.valueOf(e.getMessage())));
            return;
        } catch (RuntimeException | Error e) {
            // A mistake of ours. Nobody must wait for the answer.
            completion.fail(e);
            return;
        }
        completion.complete(result);
    }

    @Override
    public void loadBefore(long oid, long before, Completion<LoadResult> completion) {
        complete(completion, () -> log.loadBefore(oid, before));
    }

    @Override
    public boolean loadBefore(long oid, long before, RecordTarget target) {
        try {
            return log.loadBefore(oid, before, target);
        } catch (IOException | RuntimeException e) {
            // The other way comes to it too, and answers.
            LOG.debug("cannot read {}: {}", Oid.toString(oid), e.toString());
            return false;
        }
    }

    @Override
    public void loadSerial(long oid, long serial, Completion<byte[]> completion) {
        complete(completion, () -> log.loadSerial(oid, serial));
    }

    @Override
    public void getTid(long oid, Completion<Long> completion) {
        complete(completion, () -> log.getTid(oid));
    }

    @Override
    public TransactionIterator iterator(long start, long stop) throws IOException {
        return log.iterator(start, stop);
    }

    @Override
    public CurrentRecord recordIternext(long oid) throws IOException {
        return log.recordIternext(oid);
    }

    @Override
    public void history(long oid, long size, Completion<List<RevisionSummary>> completion) {
        walks.execute(() -> complete(completion, () -> log.history(oid, size)));
    }

    @Override
    public void undoLog(
            long first,
            long last,
            Predicate<TransactionSummary> filter,
            Completion<List<TransactionSummary>> completion) {
        if (!(log instanceof UndoableLog undoable)) {
            completion.complete(List.of());
            return;
        }
        walks.execute(() -> complete(completion, () -> {
            UndoLogPage page = new UndoLogPage(first, last, filter);
            if (!page.isFull()) {
                undoable.visitUndoable(transaction -> completion.isAwaited() && page.visit(transaction));
            }
            return page.transactions();
        }));
    }

    @Override
    public void newOids(int count, Completion<long[]> completion) {
        complete(completion, () -> {
            if (info.readOnly()) {
                throw new ReadOnlyException();
            }
            long before;
            do {
                before = lastOid.get();
                if (Long.compareUnsigned(before + count, before) < 0) {
                    throw CallException.storage("out of object ids: " + Oid.toString(before) + " is the last");
                }
            } while (!lastOid.compareAndSet(before, before + count));
            long last = before;
            return LongStream.rangeClosed(1, count).map(i -> last + i).toArray();
        });
    }

    @Override
    public void invalidationsSince(long tid, Completion<Optional<Invalidations>> completion) {
        Optional<Invalidations> recent = hub.since(tid);
        if (recent.isPresent() || !isYoung(tid)) {
            completion.complete(recent);
            return;
        }
        // Its answer may have what is visible and not yet told.
        Completion<Optional<Invalidations>> whenTold = new Completion<>() {
            @Override
            public void complete(Optional<Invalidations> result) {
                hub.whenTold(() -> completion.complete(result));
            }

            @Override
            public void fail(Throwable failure) {
                completion.fail(failure);
            }
        };
        walks.execute(() -> complete(whenTold, () -> changesSince(tid, log.invalidationsAfter(tid - 1))));
    }

    /** Whether what happened since the tid is to be read from the log if the queue does not reach back to it. */
    private boolean isYoung(long tid) {
        Duration age = options.invalidationAge();
        return !age.isZero()
                && Duration.between(TimeStamp.toInstant(tid), context.clock().instant())
                                .compareTo(age)
                        < 0;
    }

    /** @param transactions begin with the one that has the tid, if the log has it */
    private static Optional<Invalidations> changesSince(long tid, List<Invalidations> transactions) {
        if (transactions.isEmpty() || transactions.get(0).tid() != tid) {
            return Optional.empty();
        }
        long last = transactions.get(transactions.size() - 1).tid();
        return Optional.of(Invalidations.union(last, transactions.stream().skip(1)));
    }

    @Override
    public Subscription subscribe(InvalidationListener listener) {
        return hub.subscribe(listener);
    }

    @Override
    public StorageTransaction begin(
            @Nullable Subscription subscription,
            TransactionMetadata metadata,
            @Nullable CopiedTransaction copied,
            Runnable onTimeout) {
        if (info.readOnly()) {
            throw new ReadOnlyException();
        }
        RecordStaging records = new RecordStaging(options.stagingMemory(), options.spillFiles(), context.io());
        return new LocalTransaction(
                committer,
                context.io(),
                walks,
                blobs,
                cold,
                log instanceof UndoableLog undoable ? undoable : null,
                subscription,
                metadata,
                copied,
                records,
                onTimeout);
    }

    /** Oids that a client chose itself are not given to others, from the vote on: what it gives up before takes nothing. */
    private void noteOid(long oid) {
        long last = lastOid.get();
        while (Long.compareUnsigned(oid, last) > 0 && !lastOid.compareAndSet(last, oid)) {
            last = lastOid.get();
        }
    }

    @Override
    public boolean hasBlobs() {
        return blobs != null;
    }

    @Override
    public Path newBlobFile() throws IOException {
        return blobDirectory().newTemporaryFile();
    }

    @Override
    public boolean syncsBlobs() {
        return blobDirectory().isSynced();
    }

    @Override
    public Path sharedBlobFile(long oid, String baseName) {
        return blobDirectory().sharedFile(oid, baseName);
    }

    @Override
    public void openBlob(long oid, long serial, Completion<OpenBlob> completion) {
        Completion<OpenBlob> answer = cold == null ? completion : orElseCold(oid, serial, cold, completion);
        context.io().execute(() -> complete(answer, () -> blobDirectory().open(oid, serial)));
    }

    /** Looks elsewhere for a blob that the directory does not have. */
    private static Completion<OpenBlob> orElseCold(
            long oid, long serial, ColdBlobs cold, Completion<OpenBlob> completion) {
        return new Completion<>() {
            @Override
            public void complete(OpenBlob local) {
                completion.complete(local);
            }

            @Override
            public void fail(Throwable failure) {
                if (failure instanceof PosKeyException missing) {
                    cold.open(oid, serial, missing).whenComplete((source, problem) -> {
                        if (problem == null) {
                            completion.complete(source);
                        } else {
                            // Whatever is chained to a future wraps what went wrong.
                            Throwable cause = problem instanceof CompletionException ? problem.getCause() : null;
                            completion.fail(cause == null ? problem : cause);
                        }
                    });
                } else {
                    completion.fail(failure);
                }
            }
        };
    }

    private BlobDirectory blobDirectory() {
        BlobDirectory directory = blobs;
        if (directory == null) {
            throw CallException.unsupported("this storage has no blobs");
        }
        return directory;
    }

    @Override
    public int waitingVotes() {
        return committer.waitingCount();
    }

    @Override
    public @Nullable Instant lockedSince() {
        return committer.lockedSince();
    }

    @Override
    public @Nullable String failure() {
        return log.failure();
    }

    @Override
    public void sync(Completion<Void> completion) {
        hub.whenTold(() -> Completion.done(completion));
    }

    @Override
    public void drain(Completion<Void> completion) {
        packing.cancel();
        committer.drain(completion);
    }

    @Override
    public void pack(long stop, boolean isWhole, Completion<Void> completion) {
        if (info.readOnly()) {
            completion.fail(new ReadOnlyException());
            return;
        }
        packing.start(stop, isWhole, completion);
    }

    @Override
    public void close() {
        packing.cancel();
        CountDownLatch closed = new CountDownLatch(1);
        try {
            // Its files are removed before the lock is given back.
            if (!packing.awaitEnd(CLOSE_TIMEOUT)) {
                LOG.error("closing {}: a pack has not ended after {} s", info.name(), CLOSE_TIMEOUT.toSeconds());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (cold != null) {
            // It works on the blob directory, whose lock is given back next.
            cold.close();
        }
        committer.submit(() -> {
            try {
                try {
                    log.close();
                } finally {
                    if (blobs != null) {
                        blobs.close();
                    }
                }
            } catch (IOException e) {
                LOG.error("closing {}: {}", info.name(), e.toString());
            } finally {
                closed.countDown();
            }
        });
        try {
            if (!closed.await(CLOSE_TIMEOUT.toSeconds(), TimeUnit.SECONDS)) {
                LOG.error(
                        "closing {}: the committer is still writing after {} s",
                        info.name(),
                        CLOSE_TIMEOUT.toSeconds());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
