package io.zeolite.blob.tier;

import io.zeolite.blob.BlobRevision;
import io.zeolite.blob.KeyLayout;
import io.zeolite.blob.directory.BlobDirectory;
import io.zeolite.blob.tier.Deposits.Deposit;
import io.zeolite.zodb.Tid;
import io.zeolite.zodb.TimeStamp;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * Copies blobs from the blob directory to a store, and lets go of the local files if that is wanted. It may run beside a
 * server that has the same store behind the same directory, in another process: whoever opens a blob gets it from the one
 * place or the other. Any thread; one run at a time.
 *
 * <p>Crash-safe, since a blob passes these steps and each is found done by the next run:
 *
 * <ol>
 *   <li>It is written to the store, unless an object with its bytes is there; see {@link Deposits}.
 *   <li>That the store has all of it is proven.
 *   <li>Only then the file is removed, or renamed to end in {@code .bak}.
 * </ol>
 */
public final class Archiver {
    /** What becomes of a file whose copy is proven. */
    public enum Afterwards {
        KEEP,
        REMOVE,
        /** Renamed, for the operator to remove; nobody finds it any more. */
        BACK_UP
    }

    /**
     * How old a blob is at least. Once a clock was wrong, the transactions that follow have tids of a time that is yet to come,
     * for years perhaps: the time of the file counts instead.
     *
     * @param before committed at this time or earlier
     * @param present now
     */
    public record Age(Instant before, Instant present) {
        public static final Age ANY = new Age(Instant.MAX, Instant.MAX);

        /** @param least the time that has passed since */
        public static Age of(Duration least, Instant present) {
            return new Age(present.minus(least), present);
        }

        private boolean takes(long tid, BasicFileAttributes file) {
            Instant committed = TimeStamp.toInstant(tid);
            if (committed.isAfter(present)) {
                committed = file.lastModifiedTime().toInstant();
            }
            return !committed.isAfter(before);
        }
    }

    /**
     * Which blobs.
     *
     * @param since those of this transaction and later ones
     * @param until those of this transaction and earlier ones
     * @param age those that are as old
     * @param leastBytes those that have so many, or more
     * @param limit no more than so many
     */
    public record Selection(long since, long until, Age age, long leastBytes, long limit) {
        /** Those of any transaction. */
        public static Selection of(Age age, long leastBytes, long limit) {
            return new Selection(Tid.NONE, Tid.MAX, age, leastBytes, limit);
        }

        private boolean takes(long tid, BasicFileAttributes file) {
            return file.size() >= leastBytes
                    && !Tid.isAfter(since, tid)
                    && !Tid.isAfter(tid, until)
                    && age.takes(tid, file);
        }
    }

    /**
     * How to go about it.
     *
     * @param parallel so many blobs at the same time, each on a thread of its own; at least 1
     * @param bytesPerSecond of blobs, on the average; 0 for no limit
     */
    public record Effort(int parallel, long bytesPerSecond) {
        public Effort {
            if (parallel < 1 || bytesPerSecond < 0) {
                throw new IllegalArgumentException("parallel: " + parallel + ", bytesPerSecond: " + bytesPerSecond
                        + " (expected: at least 1, at least 0)");
            }
        }
    }

    /** A blob that may be moved. */
    public record Candidate(BlobRevision revision, long size) {}

    /** What has become of one blob. */
    public sealed interface Step {
        Candidate blob();

        /** All of it is in the store, and its file has been dealt with. */
        record Proven(Candidate blob, Deposit deposit) implements Step {}

        /** Its file is as it was. */
        record Failed(Candidate blob, IOException failure) implements Step {}

        /** Somebody else has removed the file: a pack, or another run. */
        record Gone(Candidate blob) implements Step {}
    }

    /** So many are known again, which takes some megabytes. */
    private static final int MOST_REFUSED = 100_000;

    private final BlobDirectory directory;
    private final RetryingStore store;
    private final KeyLayout layout;
    private final Deposits deposits;
    /** Their files and their objects differ. To read both once more would find the same. */
    private final Set<BlobRevision> differing = ConcurrentHashMap.newKeySet();
    /** The store refused them when they were tried last, for their size perhaps. They are not to hold up the others again. */
    private final Set<BlobRevision> refused = ConcurrentHashMap.newKeySet();

    public Archiver(BlobDirectory directory, RetryingStore store, KeyLayout layout) {
        this.directory = directory;
        this.store = store;
        this.layout = layout;
        this.deposits = new Deposits(store);
    }

    /**
     * The blobs that a selection means, the largest first, without those of which an object with other bytes was found, and
     * last those that the store has refused. Reads the names of all, and keeps some 64 bytes for each.
     */
    public List<Candidate> select(Selection selection) throws IOException {
        List<Candidate> found = new ArrayList<>();
        directory.forEachCommitted((revision, file) -> {
            if (selection.takes(revision.tid(), file) && !differing.contains(revision)) {
                found.add(new Candidate(revision, file.size()));
            }
        });
        found.sort(Comparator.comparing((Candidate blob) -> refused.contains(blob.revision()))
                .thenComparing(Comparator.comparingLong(Candidate::size).reversed()));
        return found.size() <= selection.limit() ? found : List.copyOf(found.subList(0, (int) selection.limit()));
    }

    /** Where a blob is, or was. */
    public Path file(Candidate blob) {
        return directory.path(blob.revision().oid(), blob.revision().tid());
    }

    /**
     * Does it to some blobs in their order. Returns when it is done, the store is away or refuses one after the other, or it is to
     * stop; what has been begun by then is finished first.
     *
     * @param progress is told of each blob that was tried, on any thread, one at a time
     * @param stop looked at before each blob, and while that waits for the sake of the rate; the parts of one that has begun keep
     *     to the rate all the same, until the store is stopped
     */
    public void archive(
            List<Candidate> blobs,
            Afterwards afterwards,
            Effort effort,
            Consumer<Step> progress,
            BooleanSupplier stop) {
        Pace pace = Pace.of(effort.bytesPerSecond());
        Refusals refusals = new Refusals();
        store.paceParts(bytes -> pace.await(bytes, store::isStopped));
        SideBySide.run("zeolite-archive", effort.parallel(), blobs, stop, blob -> {
            if (!store.isWrittenInParts(blob.size())) {
                pace.await(blob.size(), stop);
            }
            if (stop.getAsBoolean()) {
                return false;
            }
            Step step = archive(blob, afterwards);
            synchronized (progress) {
                progress.accept(step);
            }
            IOException failure = step instanceof Step.Failed failed ? failed.failure() : null;
            if (!Refusals.isRefused(failure)) {
                refused.remove(blob.revision());
            } else if (refused.size() < MOST_REFUSED) {
                refused.add(blob.revision());
            }
            return refusals.note(failure) && !(failure != null && store.isAway());
        });
    }

    private Step archive(Candidate blob, Afterwards afterwards) {
        long oid = blob.revision().oid();
        long tid = blob.revision().tid();
        try {
            Deposit deposit = deposits.put(layout.key(oid, tid), file(blob));
            letGo(oid, tid, afterwards);
            return new Step.Proven(blob, deposit);
        } catch (NoSuchFileException e) {
            return Files.exists(file(blob)) ? new Step.Failed(blob, e) : new Step.Gone(blob);
        } catch (WholeObjectException e) {
            differing.add(blob.revision());
            return new Step.Failed(
                    blob,
                    new WholeObjectException(e.getMessage()
                            + ". If the file is damaged, move it away: the blob then comes from the bucket."
                            + " If the object is, delete it, and archive the file again"));
        } catch (IOException e) {
            return new Step.Failed(blob, e);
        }
    }

    private void letGo(long oid, long tid, Afterwards afterwards) throws IOException {
        switch (afterwards) {
            case KEEP -> {}
            case REMOVE -> directory.retire(oid, tid, false);
            case BACK_UP -> directory.backUp(oid, tid);
        }
    }
}
