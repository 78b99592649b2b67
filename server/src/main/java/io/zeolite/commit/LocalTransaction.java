package io.zeolite.commit;

import io.zeolite.blob.directory.BlobDirectory;
import io.zeolite.commit.staging.RecordStaging;
import io.zeolite.error.CallException;
import io.zeolite.error.TransactionException;
import io.zeolite.storage.Completion;
import io.zeolite.storage.Finished;
import io.zeolite.storage.StorageTransaction;
import io.zeolite.storage.Subscription;
import io.zeolite.storage.TransactionMetadata;
import io.zeolite.storage.VoteResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.LongConsumer;
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
        /** Has its locks, and conflicts that the client may resolve. */
        CONFLICTED,
        /** Has its locks and its room on the disk; may finish. */
        VOTED,
        /** In the batch that is being written. */
        FINISHING,
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
    private final @Nullable BlobDirectory blobDirectory;
    private final LongConsumer noteOid;
    private final IoBarrier pendingIo = new IoBarrier();

    /** Set by the client's calls, and by the answer to its vote before the client hears of it. */
    private volatile Stage stage = Stage.STAGING;

    final @Nullable Subscription subscription;
    final TransactionMetadata metadata;
    final Runnable onTimeout;
    final RecordStaging records;
    /**
     * Staged blob files by oid, in the order they came. A timeout can end the transaction while its client stages, so
     * both lock it.
     */
    final Map<Long, Path> blobs = new LinkedHashMap<>();

    /** Whether what comes into {@link #blobs} will not be deleted any more. */
    private boolean discarded;

    /** What must still be current at the vote. */
    final Set<Check> checks = new LinkedHashSet<>();

    /** An object, and the serial that it must have. */
    record Check(long oid, long serial) {}

    // ---- the committer's
    Phase phase = Phase.OPEN;
    ObjectLocks.@Nullable Request locks;

    @Nullable
    Completion<VoteResult> voteCompletion;

    long reservedBytes;
    long lockedAtNanos;

    @Nullable
    Instant lockedAt;

    LocalTransaction(
            Committer committer,
            Executor io,
            @Nullable BlobDirectory blobDirectory,
            @Nullable Subscription subscription,
            TransactionMetadata metadata,
            RecordStaging records,
            LongConsumer noteOid,
            Runnable onTimeout) {
        this.committer = committer;
        this.io = io;
        this.blobDirectory = blobDirectory;
        this.subscription = subscription;
        this.metadata = metadata;
        this.records = records;
        this.noteOid = noteOid;
        this.onTimeout = onTimeout;
    }

    @Override
    public void store(long oid, long serial, byte[] data) {
        requireStaging();
        noteOid.accept(oid);
        records.add(oid, serial, data);
    }

    @Override
    public void storeBlob(long oid, long serial, byte[] data, Path file) {
        BlobDirectory directory = blobDirectory;
        if (directory == null) {
            throw new IllegalStateException("storage without blobs");
        }
        store(oid, serial, data);
        @Nullable Path obsolete;
        synchronized (blobs) {
            obsolete = discarded ? file : blobs.put(oid, file);
        }
        pendingIo.begin();
        io.execute(() -> pendingIo.end(stageBlob(directory, oid, file, obsolete)));
    }

    private static @Nullable Exception stageBlob(
            BlobDirectory directory, long oid, Path file, @Nullable Path obsolete) {
        try {
            if (obsolete != null) {
                Files.deleteIfExists(obsolete);
            }
            if (!file.equals(obsolete)) {
                directory.forceFile(file);
                directory.prepare(oid);
            }
            return null;
        } catch (IOException | RuntimeException e) {
            return e;
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
        checks.add(new Check(oid, serial));
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
                answer.fail(failure instanceof IOException ? CallException.storage(failure.toString()) : failure);
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
        List<Path> files;
        synchronized (blobs) {
            discarded = true;
            files = List.copyOf(blobs.values());
        }
        if (files.isEmpty()) {
            return;
        }
        Runnable delete = () -> io.execute(() -> files.forEach(LocalTransaction::deleteStaged));
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

    private static void deleteStaged(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            LOG.warn("cannot delete the staged blob {}: {}", file, e.toString());
        }
    }
}
