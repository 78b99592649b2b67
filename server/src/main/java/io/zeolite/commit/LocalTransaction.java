package io.zeolite.commit;

import io.zeolite.blob.BlobRevision;
import io.zeolite.blob.ColdBlobs;
import io.zeolite.blob.directory.BlobDirectory;
import io.zeolite.commit.staging.RecordStaging;
import io.zeolite.error.CallException;
import io.zeolite.error.TransactionException;
import io.zeolite.storage.Completion;
import io.zeolite.storage.CopiedTransaction;
import io.zeolite.storage.Finished;
import io.zeolite.storage.StorageTransaction;
import io.zeolite.storage.Subscription;
import io.zeolite.storage.TransactionMetadata;
import io.zeolite.storage.VoteResult;
import io.zeolite.storage.undo.UndoTarget;
import io.zeolite.storage.undo.UndoableLog;
import io.zeolite.zodb.OidHash;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One transaction on a local storage.
 *
 * <p>It belongs to two threads in turn: the client's, which stages into it, and the committer's, from the moment a vote
 * is submitted until its outcome is known. Submitting and completing are the hand-overs; the fields below the line are
 * the committer's alone.
 */
final class LocalTransaction implements StorageTransaction {
    private static final Logger LOG = LoggerFactory.getLogger(LocalTransaction.class);

    /** How far the committer has got with it. */
    enum Phase {
        /** Being staged, or waiting for its first vote. */
        OPEN,
        /** Asked for its locks. */
        WAITING,
        /** Has conflicts that the client may resolve, and its locks if they are not its first ones. */
        CONFLICTED,
        /** Has its locks and its room on the disk; may finish. */
        VOTED,
        /** Has its locks; an I/O thread prepares what it undoes and copies. */
        PREPARING,
        /** In the batch that is being written. */
        FINISHING,
        /** Others see it, and its client has its answer. */
        COMMITTED,
        /** Finished, failed or aborted: holds nothing. */
        ENDED
    }

    /** What the client may do. */
    private enum Stage {
        /** Store, and vote. */
        STAGING,
        /** Wait for the answer to its vote. */
        VOTING,
        /** Finish, or nothing any more. */
        SEALED
    }

    private final Committer committer;
    private final Executor io;
    /** Runs what reads far back. */
    private final Executor walks;

    private final @Nullable BlobDirectory blobDirectory;
    /** If some of the files that undoing needs may be elsewhere. */
    private final @Nullable UndoneBlobs undoneBlobs;

    private final @Nullable UndoableLog undoableLog;
    private final IoBarrier pendingIo = new IoBarrier();

    /** Set by the client's calls, and by the answer to its vote before the client hears of it. */
    private volatile Stage stage = Stage.STAGING;

    final @Nullable Subscription subscription;
    final TransactionMetadata metadata;
    final @Nullable CopiedTransaction copied;
    final Runnable onTimeout;
    final RecordStaging records;
    /**
     * Staged blob files by oid, in the order they came. A timeout can end the transaction while its client stages, so
     * both lock it.
     */
    final Map<Long, Path> blobs = new LinkedHashMap<>();

    /** Whether the transaction is over, and what comes into {@link #blobs} will not be deleted any more. */
    private boolean discarded;

    /** What must still be current at the vote. */
    final Set<Check> checks = new LinkedHashSet<>();

    /** What is to be undone, in the order of the client's calls. */
    private final List<Undo> undos = new ArrayList<>();

    private static final class Undo {
        /** Null until an I/O thread has found it. */
        volatile @Nullable UndoTarget target;
    }

    /**
     * An object that must not have changed.
     *
     * @param serial the serial that it must have
     * @param absent whether it must not be there at all
     */
    record Check(long oid, long serial, boolean absent) {
        @Override
        public int hashCode() {
            return (int) OidHash.of(oid, serial);
        }
    }

    // ---- the committer's
    Phase phase = Phase.OPEN;
    ObjectLocks.@Nullable Request locks;

    @Nullable
    Completion<VoteResult> voteCompletion;

    long reservedBytes;
    long lockedAtNanos;
    /** Whether a vote of it has been answered with conflicts. */
    boolean hadConflicts;
    /** Whether it has pinned the log. */
    boolean pinning;

    @Nullable
    Instant lockedAt;

    LocalTransaction(
            Committer committer,
            Executor io,
            Executor walks,
            @Nullable BlobDirectory blobDirectory,
            @Nullable ColdBlobs cold,
            @Nullable UndoableLog undoableLog,
            @Nullable Subscription subscription,
            TransactionMetadata metadata,
            @Nullable CopiedTransaction copied,
            RecordStaging records,
            Runnable onTimeout) {
        this.committer = committer;
        this.io = io;
        this.walks = walks;
        this.blobDirectory = blobDirectory;
        this.undoneBlobs =
                blobDirectory == null || cold == null ? null : new UndoneBlobs(blobDirectory, cold, io, pendingIo);
        this.undoableLog = undoableLog;
        this.subscription = subscription;
        this.metadata = metadata;
        this.copied = copied;
        this.records = records;
        this.onTimeout = onTimeout;
    }

    @Override
    public void store(long oid, long serial, byte[] data) {
        requireStaging();
        records.add(oid, serial, data);
    }

    @Override
    public void storeBlob(long oid, long serial, byte[] data, Path file) {
        BlobDirectory directory = blobDirectory;
        if (directory == null) {
            throw new IllegalStateException("storage without blobs");
        }
        store(oid, serial, data);
        Path obsolete = stage(oid, file);
        if (obsolete != null) {
            beforeVote(io, () -> Files.deleteIfExists(obsolete));
        }
        if (!file.equals(obsolete)) {
            // Beside each other, as each waits for the disk.
            beforeVote(io, () -> directory.forceFile(file));
            beforeVote(io, () -> directory.prepare(oid));
        }
    }

    /** Takes a file as that of a blob. Returns the file that nobody needs any more: an earlier one, or this one. */
    private @Nullable Path stage(long oid, Path file) {
        synchronized (blobs) {
            return discarded ? file : blobs.put(oid, file);
        }
    }

    private interface IoTask {
        void run() throws IOException;
    }

    /** Runs something before the vote, which fails if it does. */
    private void beforeVote(Executor executor, IoTask task) {
        pendingIo.begin();
        executor.execute(() -> pendingIo.end(failureOf(task)));
    }

    private static @Nullable Exception failureOf(IoTask task) {
        try {
            task.run();
            return null;
        } catch (IOException | RuntimeException e) {
            return e;
        }
    }

    @Override
    public void restore(long oid, long serial, byte @Nullable [] data, long origin) {
        requireStaging();
        undoableLog("restore");
        records.restore(oid, serial, data, origin);
    }

    @Override
    public void delete(long oid, long serial) {
        requireStaging();
        undoableLog("deleteObject");
        records.delete(oid, serial);
    }

    @Override
    public void undo(long tid) {
        requireStaging();
        UndoableLog log = undoableLog("undo");
        Undo undo = new Undo();
        undos.add(undo);
        beforeVote(walks, () -> find(log, tid, undo));
    }

    /** Looks for it before the locks are taken, as it may be far back, and the blobs that it brings back far away. */
    private void find(UndoableLog log, long tid, Undo undo) throws IOException {
        synchronized (blobs) {
            if (discarded) {
                return;
            }
        }
        UndoTarget target = log.find(tid);
        undo.target = target;
        if (undoneBlobs != null) {
            for (BlobRevision revision : log.blobsBefore(target)) {
                undoneBlobs.fetch(revision);
            }
        }
    }

    private UndoableLog undoableLog(String method) {
        UndoableLog log = undoableLog;
        if (log == null) {
            throw CallException.unsupported("this storage has no " + method);
        }
        return log;
    }

    /** What is to be undone; all of it has been found. */
    List<UndoTarget> undoTargets() {
        return undos.stream().map(undo -> Objects.requireNonNull(undo.target)).toList();
    }

    /** Whether something is to be done on an I/O thread once the locks are there. */
    boolean needsPreparation() {
        return !undos.isEmpty() || !records.origins().isEmpty();
    }

    /** Does it, on an I/O thread. What is staged is deleted only after that, whatever happens meanwhile. */
    void prepare(UndoableLog log, Completion<long[]> completion) {
        pendingIo.begin();
        io.execute(() -> {
            try {
                completion.complete(new Preparation(this, log).run());
            } catch (IOException | RuntimeException | Error e) {
                completion.fail(e);
            } finally {
                if (undoneBlobs != null) {
                    undoneBlobs.discard();
                }
                pendingIo.end(null);
            }
        });
    }

    /** Stages the file of an older revision of a blob as that of the one to be written. On an I/O thread. */
    void stageBlobAgain(long oid, long serial) throws IOException {
        BlobDirectory directory = blobDirectory;
        if (directory == null) {
            return;
        }
        Path file = undoneBlobs == null
                ? directory.stageAgain(oid, serial)
                : undoneBlobs.stage(new BlobRevision(oid, serial));
        directory.prepare(oid);
        Path obsolete = stage(oid, file);
        if (obsolete != null) {
            deleteStaged(obsolete);
        }
    }

    /** Forgets the file that was staged for an object which is none of a blob after all. On an I/O thread. */
    void dropBlob(long oid) {
        @Nullable Path obsolete;
        synchronized (blobs) {
            obsolete = discarded ? null : blobs.remove(oid);
        }
        if (obsolete != null) {
            deleteStaged(obsolete);
        }
    }

    private void requireStaging() {
        if (stage != Stage.STAGING) {
            throw new TransactionException("the transaction takes nothing after its vote");
        }
    }

    @Override
    public void checkCurrent(long oid, long serial) {
        requireStaging();
        checks.add(new Check(oid, serial, false));
    }

    @Override
    public void checkAbsent(long oid, long serial) {
        requireStaging();
        checks.add(new Check(oid, serial, true));
    }

    @Override
    public boolean isBacklogged(Runnable whenDrained) {
        return records.isBacklogged(whenDrained);
    }

    @Override
    public void vote(Completion<VoteResult> completion) {
        if (stage != Stage.STAGING) {
            String why = stage == Stage.VOTING ? "waiting" : "locked";
            completion.fail(new TransactionException("Already voting (" + why + ")"));
            return;
        }
        stage = Stage.VOTING;
        Completion<VoteResult> answer = answer(completion);
        pendingIo.begin();
        records.whenWritten(new Completion<>() {
            @Override
            public void complete(Void nothing) {
                pendingIo.end(null);
            }

            @Override
            public void fail(Throwable failure) {
                pendingIo.end(failure);
            }
        });
        pendingIo.whenIdle(new Completion<>() {
            @Override
            public void complete(Void nothing) {
                committer.vote(LocalTransaction.this, answer);
            }

            @Override
            public void fail(Throwable failure) {
                abort();
                if (failure instanceof IOException) {
                    LOG.error("vote failed: {}", failure.toString());
                    answer.fail(CallException.storage(failure.toString()));
                } else {
                    answer.fail(failure);
                }
            }
        });
    }

    /** Lets the client stage again if it is to resolve conflicts, and passes the answer on. */
    private Completion<VoteResult> answer(Completion<VoteResult> completion) {
        return new Completion<>() {
            @Override
            public void complete(VoteResult result) {
                stage = result.conflicts().isEmpty() ? Stage.SEALED : Stage.STAGING;
                completion.complete(result);
            }

            @Override
            public void fail(Throwable failure) {
                stage = Stage.SEALED;
                completion.fail(failure);
            }
        };
    }

    @Override
    public void finish(Completion<Finished> completion) {
        committer.finish(this, completion);
    }

    @Override
    public void abort() {
        committer.abort(this);
    }

    /** The locks that what is staged needs. */
    ObjectLocks.Request lockRequest() {
        if (copied != null || !undos.isEmpty() || records.isRestoring()) {
            return ObjectLocks.Request.everything();
        }
        long[] written = oids();
        long[] checked = checks.stream()
                .mapToLong(Check::oid)
                .distinct()
                .filter(oid -> !records.contains(oid))
                .toArray();
        return new ObjectLocks.Request(written, checked);
    }

    /** The objects that it writes, each once. */
    long[] oids() {
        long[] oids = new long[records.count()];
        Arrays.setAll(oids, records::oid);
        return oids;
    }

    /** Deletes what is staged, once nothing writes to it any more. Returns at once. */
    void discardStaged() {
        records.close();
        Map<Long, Path> files;
        synchronized (blobs) {
            discarded = true;
            files = Map.copyOf(blobs);
        }
        if (files.isEmpty() && (undoneBlobs == null || undoneBlobs.refuseAny())) {
            return;
        }
        Runnable delete = () -> io.execute(() -> deleteStaged(files));
        pendingIo.whenIdle(new Completion<>() {
            @Override
            public void complete(Void nothing) {
                delete.run();
            }

            @Override
            public void fail(Throwable failure) {
                delete.run();
            }
        });
    }

    private void deleteStaged(Map<Long, Path> files) {
        BlobDirectory directory = Objects.requireNonNull(blobDirectory, "storage with blobs");
        files.forEach((oid, file) -> {
            deleteStaged(file);
            try {
                directory.removeIfEmpty(oid);
            } catch (IOException e) {
                LOG.warn("the directory {} stays: {}", directory.oidDirectory(oid), e.toString());
            }
        });
        if (undoneBlobs != null) {
            undoneBlobs.discard();
        }
    }

    static void deleteStaged(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            LOG.warn("cannot delete the staged blob {}: {}", file, e.toString());
        }
    }
}
