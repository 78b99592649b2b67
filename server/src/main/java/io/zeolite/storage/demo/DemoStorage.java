package io.zeolite.storage.demo;

import io.zeolite.client.blob.OpenBlob;
import io.zeolite.error.CallException;
import io.zeolite.error.PosKeyException;
import io.zeolite.storage.Completion;
import io.zeolite.storage.CopiedTransaction;
import io.zeolite.storage.CurrentRecord;
import io.zeolite.storage.InvalidationListener;
import io.zeolite.storage.Invalidations;
import io.zeolite.storage.LoadResult;
import io.zeolite.storage.RevisionSummary;
import io.zeolite.storage.Storage;
import io.zeolite.storage.StorageInfo;
import io.zeolite.storage.StorageTransaction;
import io.zeolite.storage.Subscription;
import io.zeolite.storage.TransactionIterator;
import io.zeolite.storage.TransactionMetadata;
import io.zeolite.storage.TransactionSummary;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A storage whose changes go to one storage, over another one, the base, that nobody may change. Both are storages of
 * this server, which look up a tid before {@link #getTid} returns.
 *
 * <p>As in ZODB, an object that is deleted in the changes is looked for in the base, and is there again; so the changes
 * are not asked to delete. Tids of the changes must come after those of the base.
 */
public final class DemoStorage implements Storage {
    private final Storage base;
    private final Storage changes;
    private final StorageInfo info;
    private final DemoOids oids;
    private final Runnable onClose;

    /**
     * Puts one storage over another. It owns both, and closes them when it is closed.
     *
     * @param name what clients are told; null for one made of the names of both, as in Python
     * @param random where new object ids come from
     * @param onClose runs when both are closed
     */
    public DemoStorage(@Nullable String name, Storage base, Storage changes, RandomGenerator random, Runnable onClose) {
        this.base = base;
        this.changes = changes;
        this.onClose = onClose;
        this.info = new StorageInfo(
                name != null
                        ? name
                        : "DemoStorage('" + base.info().name() + "', '"
                                + changes.info().name() + "')",
                changes.info().readOnly(),
                changes.info().supportsUndo(),
                false,
                interfaces(changes));
        this.oids = new DemoOids(random, this::getTid);
    }

    private static List<String> interfaces(Storage changes) {
        List<String> interfaces = new ArrayList<>();
        if (changes.hasBlobs()) {
            interfaces.add("ZODB.interfaces.IBlobStorage");
        }
        if (changes.info().supportsUndo()) {
            interfaces.add("ZODB.interfaces.IStorageUndoable");
        }
        interfaces.add("ZODB.interfaces.IStorage");
        interfaces.add("ZODB.interfaces.IStorageIteration");
        interfaces.add("zope.interface.Interface");
        return List.copyOf(interfaces);
    }

    @Override
    public StorageInfo info() {
        return info;
    }

    @Override
    public long lastTransaction() {
        return orOfBase(changes.lastTransaction());
    }

    private long orOfBase(long tidOfChanges) {
        return tidOfChanges == Tid.NONE ? base.lastTransaction() : tidOfChanges;
    }

    /** Of the changes alone, as in Python. */
    @Override
    public long length() {
        return changes.length();
    }

    /** Of the changes alone, as in Python. */
    @Override
    public long size() {
        return changes.size();
    }

    // Reading

    @Override
    public void loadBefore(long oid, long before, Completion<LoadResult> completion) {
        changes.loadBefore(oid, before, then(completion, found -> {
            if (found instanceof LoadResult.NoObject) {
                base.loadBefore(oid, before, completion);
            } else if (found instanceof LoadResult.NoneBefore later) {
                loadBeforeChanges(oid, before, later, completion);
            } else {
                completion.complete(found);
            }
        }));
    }

    /** Loads from the base what the changes have in later revisions only; the base's current one ends with the first. */
    private void loadBeforeChanges(
            long oid, long before, LoadResult.NoneBefore changed, Completion<LoadResult> completion) {
        base.loadBefore(oid, before, then(completion, found -> {
            if (found instanceof LoadResult.Loaded loaded && loaded.isCurrent()) {
                completion.complete(new LoadResult.Loaded(loaded.data(), loaded.serial(), changed.first()));
            } else {
                completion.complete(found instanceof LoadResult.NoObject ? changed : found);
            }
        }));
    }

    @Override
    public void loadSerial(long oid, long serial, Completion<byte[]> completion) {
        changes.loadSerial(oid, serial, orElse(completion, () -> base.loadSerial(oid, serial, completion)));
    }

    @Override
    public void getTid(long oid, Completion<Long> completion) {
        changes.getTid(oid, orElse(completion, () -> base.getTid(oid, completion)));
    }

    @Override
    public void history(long oid, long size, Completion<List<RevisionSummary>> completion) {
        changes.history(oid, size, new Completion<>() {
            @Override
            public void complete(List<RevisionSummary> changed) {
                historyOfBase(oid, size, changed, completion);
            }

            @Override
            public void fail(Throwable failure) {
                if (failure instanceof PosKeyException) {
                    base.history(oid, size, completion);
                } else {
                    completion.fail(failure);
                }
            }
        });
    }

    private void historyOfBase(
            long oid, long size, List<RevisionSummary> changed, Completion<List<RevisionSummary>> completion) {
        if (changed.size() >= size) {
            completion.complete(changed);
            return;
        }
        Completion<List<RevisionSummary>> both = then(completion, older -> {
            List<RevisionSummary> all = new ArrayList<>(changed);
            all.addAll(older);
            completion.complete(all);
        });
        base.history(oid, size - changed.size(), orElse(both, () -> completion.complete(changed)));
    }

    @Override
    public void undoLog(
            long first,
            long last,
            Predicate<TransactionSummary> filter,
            Completion<List<TransactionSummary>> completion) {
        changes.undoLog(first, last, filter, completion);
    }

    @Override
    public TransactionIterator iterator(long start, long stop) throws IOException {
        return new DemoIterator(base.iterator(start, stop), changes.iterator(start, stop));
    }

    @Override
    public CurrentRecord recordIternext(long oid) {
        throw CallException.unsupported("a demo storage does not iterate over its current records");
    }

    @Override
    public void newOids(int count, Completion<long[]> completion) {
        oids.next(count, completion);
    }

    // Invalidations

    /** What the base has had until now, and all of the changes: a client's cache may be from before the first of them. */
    @Override
    public void invalidationsSince(long tid, Completion<Optional<Invalidations>> completion) {
        long lastOfBase = base.lastTransaction();
        if (Tid.isAfter(tid, lastOfBase)) {
            changes.invalidationsSince(tid, completion);
        } else if (tid == lastOfBase) {
            addChanges(new Invalidations(tid, new long[0]), completion);
        } else {
            base.invalidationsSince(
                    tid,
                    then(
                            completion,
                            inBase -> inBase.ifPresentOrElse(
                                    older -> addChanges(older, completion), () -> completion.complete(inBase))));
        }
    }

    private void addChanges(Invalidations inBase, Completion<Optional<Invalidations>> completion) {
        if (changes.lastTransaction() == Tid.NONE) {
            completion.complete(Optional.of(inBase));
            return;
        }
        changes.invalidationsSince(
                Tid.NONE,
                then(
                        completion,
                        changed -> completion.complete(
                                changed.map(newer -> Invalidations.union(newer.tid(), Stream.of(inBase, newer))))));
    }

    @Override
    public Subscription subscribe(InvalidationListener listener) {
        Subscription subscription = changes.subscribe(listener);
        return new DemoSubscription(subscription, orOfBase(subscription.startTid()));
    }

    private record DemoSubscription(Subscription changes, long startTid) implements Subscription {
        @Override
        public void close() {
            changes.close();
        }
    }

    // Writing

    @Override
    public StorageTransaction begin(
            @Nullable Subscription committer,
            TransactionMetadata metadata,
            @Nullable CopiedTransaction copied,
            Runnable onTimeout) {
        Subscription inner = committer instanceof DemoSubscription demo ? demo.changes : committer;
        return new DemoTransaction(base, changes, changes.begin(inner, metadata, copied, onTimeout));
    }

    @Override
    public boolean hasBlobs() {
        return changes.hasBlobs();
    }

    @Override
    public Path newBlobFile() throws IOException {
        return changes.newBlobFile();
    }

    @Override
    public boolean syncsBlobs() {
        return changes.syncsBlobs();
    }

    @Override
    public Path sharedBlobFile(long oid, String baseName) {
        return changes.sharedBlobFile(oid, baseName);
    }

    @Override
    public void openBlob(long oid, long serial, Completion<OpenBlob> completion) {
        changes.openBlob(
                oid,
                serial,
                base.hasBlobs() ? orElse(completion, () -> base.openBlob(oid, serial, completion)) : completion);
    }

    @Override
    public int waitingVotes() {
        return changes.waitingVotes();
    }

    @Override
    public @Nullable Instant lockedSince() {
        return changes.lockedSince();
    }

    @Override
    public @Nullable String failure() {
        return changes.failure();
    }

    @Override
    public void drain(Completion<Void> completion) {
        changes.drain(completion);
    }

    /** Of the changes only revisions that were replaced, as what they are referred to by may be in the base. */
    @Override
    public void pack(long stop, boolean isWhole, Completion<Void> completion) {
        changes.pack(stop, false, completion);
    }

    @Override
    public void close() {
        try {
            changes.close();
        } finally {
            base.close();
            onClose.run();
        }
    }

    // Completions

    /** Receives what a storage completes with. */
    interface Next<T> {
        void accept(T value);
    }

    /** Goes on with what was found; a failure ends it. */
    static <T> Completion<T> then(Completion<?> failed, Next<T> next) {
        return new Completion<>() {
            @Override
            public void complete(T value) {
                next.accept(value);
            }

            @Override
            public void fail(Throwable failure) {
                failed.fail(failure);
            }
        };
    }

    /** Does something else if there is no such object. */
    static <T> Completion<T> orElse(Completion<T> completion, Runnable otherwise) {
        return new Completion<>() {
            @Override
            public void complete(T value) {
                completion.complete(value);
            }

            @Override
            public void fail(Throwable failure) {
                if (failure instanceof PosKeyException) {
                    otherwise.run();
                } else {
                    completion.fail(failure);
                }
            }
        };
    }
}
