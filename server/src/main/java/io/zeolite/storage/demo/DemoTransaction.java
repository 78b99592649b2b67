package io.zeolite.storage.demo;

import io.zeolite.error.CallException;
import io.zeolite.error.ConflictException;
import io.zeolite.error.PosKeyException;
import io.zeolite.storage.Completion;
import io.zeolite.storage.Conflict;
import io.zeolite.storage.Finished;
import io.zeolite.storage.Storage;
import io.zeolite.storage.StorageTransaction;
import io.zeolite.storage.VoteResult;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A transaction on the changes. What is stored over a revision of the base is compared with the base, which does not
 * change, when it is stored; the changes then find at the vote what others have committed in between. For the client's
 * thread.
 */
final class DemoTransaction implements StorageTransaction {
    /** More conflicting data than this is not kept to be sent back; the transaction fails. */
    private static final long MAX_CONFLICT_BYTES = 64L << 20;

    private final Storage base;
    private final Storage changes;
    private final StorageTransaction inner;

    /** Stores of objects that the changes do not have, over another revision than the base's. */
    private final Map<Long, Conflict> conflicts = new LinkedHashMap<>();

    private long conflictBytes;
    private @Nullable Throwable failure;

    DemoTransaction(Storage base, Storage changes, StorageTransaction inner) {
        this.base = base;
        this.changes = changes;
        this.inner = inner;
    }

    /** Finds the current serial of an object, before it returns. */
    private void lookUp(Storage storage, long oid, LongConsumer found, Consumer<Throwable> absent) {
        storage.getTid(oid, new Completion<>() {
            @Override
            public void complete(Long serial) {
                found.accept(serial);
            }

            @Override
            public void fail(Throwable problem) {
                if (problem instanceof PosKeyException) {
                    absent.accept(problem);
                } else {
                    noteFailure(problem);
                }
            }
        });
    }

    private void noteFailure(Throwable problem) {
        if (failure == null) {
            failure = problem;
        }
    }

    @Override
    public void store(long oid, long serial, byte[] data) {
        inner.store(oid, serial, data);
        compareWithBase(oid, serial, data);
    }

    @Override
    public void storeBlob(long oid, long serial, byte[] data, Path file) {
        inner.storeBlob(oid, serial, data, file);
        compareWithBase(oid, serial, data);
    }

    private void compareWithBase(long oid, long serial, byte[] data) {
        forgetConflict(oid);
        lookUp(
                changes,
                oid,
                changed -> {},
                unchanged -> lookUp(
                        base,
                        oid,
                        committed -> {
                            if (committed != serial) {
                                noteConflict(new Conflict(oid, committed, serial, data));
                            }
                        },
                        isNew -> {}));
    }

    private void forgetConflict(long oid) {
        Conflict resolved = conflicts.remove(oid);
        conflictBytes -= resolved == null ? 0 : resolved.data().length;
    }

    private void noteConflict(Conflict conflict) {
        conflictBytes += conflict.data().length;
        if (conflictBytes > MAX_CONFLICT_BYTES) {
            noteFailure(ConflictException.onWrite(conflict.oid(), conflict.committed(), conflict.read()));
        } else {
            conflicts.put(conflict.oid(), conflict);
        }
    }

    @Override
    public void checkCurrent(long oid, long serial) {
        lookUp(changes, oid, changed -> inner.checkCurrent(oid, serial), unchanged -> {
            inner.checkAbsent(oid, serial);
            lookUp(
                    base,
                    oid,
                    committed -> {
                        if (committed != serial) {
                            noteFailure(ConflictException.onRead(oid, committed, serial));
                        }
                    },
                    this::noteFailure);
        });
    }

    @Override
    public void checkAbsent(long oid, long serial) {
        inner.checkAbsent(oid, serial);
        lookUp(base, oid, committed -> noteFailure(ConflictException.onRead(oid, committed, serial)), absent -> {});
    }

    @Override
    public void restore(long oid, long serial, byte @Nullable [] data, long origin) {
        throw CallException.unsupported("a demo storage takes no copies");
    }

    @Override
    public void delete(long oid, long serial) {
        throw CallException.unsupported("a demo storage deletes nothing");
    }

    @Override
    public void undo(long tid) {
        inner.undo(tid);
    }

    @Override
    public boolean isBacklogged(Runnable whenDrained) {
        return inner.isBacklogged(whenDrained);
    }

    /** With conflicts, the changes are not asked: the client may store again and vote again. */
    @Override
    public void vote(Completion<VoteResult> completion) {
        if (failure != null) {
            inner.abort();
            completion.fail(failure);
        } else if (conflicts.isEmpty()) {
            inner.vote(completion);
        } else {
            completion.complete(VoteResult.conflicts(List.copyOf(conflicts.values())));
        }
    }

    @Override
    public void finish(Completion<Finished> completion) {
        inner.finish(completion);
    }

    @Override
    public void abort() {
        inner.abort();
    }
}
