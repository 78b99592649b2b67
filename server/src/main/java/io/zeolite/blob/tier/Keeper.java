package io.zeolite.blob.tier;

import io.zeolite.blob.BlobStore;
import io.zeolite.blob.StoreException;
import io.zeolite.blob.tier.Archiver.Afterwards;
import io.zeolite.blob.tier.Archiver.Age;
import io.zeolite.blob.tier.Archiver.Candidate;
import io.zeolite.blob.tier.Archiver.Selection;
import io.zeolite.blob.tier.Archiver.Step;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.LocalTime;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a server does about a bucket when nobody asks, on threads of its own: looks at it once at the start, moves blobs
 * there by a policy, deletes what packs have made superfluous, and gives up what broken uploads have left. Whatever fails is
 * said in the log, and done the next time.
 */
public final class Keeper implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Keeper.class);

    /** Archiving may take days, and the rest goes on meanwhile. */
    private static final int THREADS = 2;

    private static final Duration MOST_BETWEEN_SWEEPS = Duration.ofHours(1);
    private static final int SWEEPS_IN_A_GRACE = 24;
    private static final Duration UPLOADS_INTERVAL = Duration.ofDays(1);
    /** Nobody uploads for so long. */
    private static final Duration STALE = Duration.ofDays(2);

    private static final Duration LOOK_AGAIN = Duration.ofMinutes(5);
    private static final Duration MOST_AT_END = Duration.ofSeconds(10);

    private final Path blobDirectory;
    private final BlobStore store;
    private final RetryingStore writing;
    private final Clock clock;
    private final ScheduledThreadPoolExecutor thread;
    private volatile boolean closed;

    /**
     * Begins to watch over a store with {@link #look}, {@link #archive} and the like; closes nothing of what it is given.
     *
     * @param writing the same store, as those write to it whom this has at work
     */
    public Keeper(Path blobDirectory, BlobStore store, RetryingStore writing, Clock clock) {
        this.blobDirectory = blobDirectory;
        this.store = store;
        this.writing = writing;
        this.clock = clock;
        this.thread = new ScheduledThreadPoolExecutor(THREADS, task -> {
            Thread daemon = new Thread(task, "zeolite-keeper");
            daemon.setDaemon(true);
            return daemon;
        });
        thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    /**
     * Sees at once, and until there was an answer, whether the store is as it should be; the log says what is not. To be called
     * before the others, who may claim the store.
     */
    public void look(boolean readOnly) {
        if (!readOnly) {
            warnOfOthers();
        }
        tryUntilThereIsAnAnswer(readOnly);
    }

    /** Blobs do not follow a configuration to another place. */
    private void warnOfOthers() {
        try {
            Set<String> before = store instanceof OwnedStore owned ? owned.placesBefore() : Set.of();
            if (!before.isEmpty()) {
                LOG.warn(
                        "{} is new to this database, which has written to {} before: blobs that are only there are not found"
                                + " any more, unless zeolite mirror-blobs copies them",
                        store.name(),
                        String.join(", ", before));
            }
        } catch (IOException e) {
            LOG.warn("cannot see whether {} is new to this database: {}", store.name(), e.toString());
        }
    }

    private void tryUntilThereIsAnAnswer(boolean readOnly) {
        thread.execute(() -> {
            try {
                if (readOnly) {
                    tryCredentials();
                } else {
                    tryStore();
                }
            } catch (IOException | RuntimeException e) {
                if (closed) {
                    return;
                }
                boolean again = e instanceof StoreException said && said.reason() == StoreException.Reason.UNAVAILABLE;
                LOG.warn("a look at {}: {}", store.name(), e.getMessage());
                if (again) {
                    thread.schedule(() -> tryUntilThereIsAnAnswer(readOnly), LOOK_AGAIN.toSeconds(), TimeUnit.SECONDS);
                }
            }
        });
    }

    private void tryCredentials() throws StoreException {
        if (store.mayWrite()) {
            LOG.warn(
                    "{} is read only for this server, but its credentials could write there: give it others that cannot",
                    store.name());
        } else {
            LOG.info("{} is read only, and the credentials cannot write there either", store.name());
        }
    }

    private void tryStore() throws IOException {
        if (!(store instanceof OwnedStore owned)) {
            return;
        }
        owned.claim();
        List<String> lacks = owned.lacks();
        LOG.info("{} answers, and can be written to", store.name());
        for (String lack : lacks) {
            LOG.info("{} does not have {}", store.name(), lack);
        }
    }

    private interface Task {
        void run() throws IOException;
    }

    private void every(Duration first, Duration interval, String what, Task task) {
        thread.scheduleWithFixedDelay(
                () -> {
                    try {
                        task.run();
                    } catch (IOException | RuntimeException e) {
                        if (!closed) {
                            LOG.error("{}: cannot {}: {}", store.name(), what, e.getMessage());
                        }
                    }
                },
                first.toMillis(),
                interval.toMillis(),
                TimeUnit.MILLISECONDS);
    }

    /** Deletes garbage now and then. */
    public void collect(Garbage garbage, Garbage.References references) {
        Duration interval = sweepInterval(garbage.grace());
        every(interval, interval, "delete what packs have made superfluous", () -> {
            int gone = garbage.sweep(clock.instant(), references, () -> closed);
            if (gone > 0) {
                LOG.info("{}: {} objects deleted that packs have made superfluous", store.name(), gone);
            }
        });
        every(Duration.ofMinutes(2), UPLOADS_INTERVAL, "give up stale uploads", this::abortStaleUploads);
    }

    private static Duration sweepInterval(Duration grace) {
        Duration share = grace.dividedBy(SWEEPS_IN_A_GRACE);
        Duration least = Duration.ofSeconds(1);
        return share.compareTo(least) < 0
                ? least
                : share.compareTo(MOST_BETWEEN_SWEEPS) > 0 ? MOST_BETWEEN_SWEEPS : share;
    }

    private void abortStaleUploads() throws IOException {
        try {
            int count = store.abortStaleUploads(clock.instant().minus(STALE));
            if (count > 0) {
                LOG.info("{}: {} uploads given up that have come to no end", store.name(), count);
            }
        } catch (StoreException e) {
            // Many stores cannot list them, and many operators do not allow it: a rule of the bucket does the same.
            LOG.debug("{}: {}", store.name(), e.getMessage());
        }
    }

    /** Moves blobs to the store by a policy. */
    public void archive(Archiver archiver, ArchivePolicy policy) {
        every(Duration.ZERO, policy.interval(), "archive blobs", () -> run(archiver, policy));
    }

    private void run(Archiver archiver, ArchivePolicy policy) throws IOException {
        if (mustStop(policy)) {
            return;
        }
        Age age = Age.of(policy.age(), clock.instant());
        List<Candidate> blobs = archiver.select(Selection.of(age, policy.leastBytes(), Integer.MAX_VALUE));
        if (blobs.isEmpty()) {
            return;
        }
        if (store instanceof OwnedStore owned) {
            // Before any blob is read for its checksum.
            owned.claim();
        }
        Tally tally = new Tally(archiver);
        archiver.archive(
                blobs,
                Afterwards.REMOVE,
                policy.effort(),
                step -> {
                    // What breaks off at the end has not failed.
                    if (!(closed && step instanceof Step.Failed)) {
                        tally.note(step);
                    }
                },
                () -> mustStop(policy));
        tally.report(store.name(), blobs.size());
    }

    private boolean mustStop(ArchivePolicy policy) {
        ArchivePolicy.Window window = policy.window();
        Integer percent = policy.fullerThanPercent();
        return closed
                || (window != null && !window.contains(LocalTime.now(clock)))
                || (percent != null && !isFullerThan(percent));
    }

    private boolean isFullerThan(int percent) {
        try {
            FileStore disk = Files.getFileStore(blobDirectory);
            long used = disk.getTotalSpace() - disk.getUnallocatedSpace();
            long usable = used + disk.getUsableSpace();
            return used * 100.0 > (double) usable * percent;
        } catch (IOException e) {
            LOG.warn("cannot see how full the disk of {} is: {}", blobDirectory, e.toString());
            return false;
        }
    }

    /** What has come of a run. One thread at a time. */
    private static final class Tally {
        private final Archiver archiver;
        private long count;
        private long bytes;
        private long failures;
        private Step.@Nullable Failed failed;

        Tally(Archiver archiver) {
            this.archiver = archiver;
        }

        void note(Step step) {
            if (step instanceof Step.Proven proven) {
                count++;
                bytes += proven.blob().size();
            } else if (step instanceof Step.Failed failure && failure.failure() instanceof WholeObjectException) {
                // No later run would say it again.
                LOG.error(
                        "{} was not archived and is as it was: {}",
                        archiver.file(failure.blob()),
                        failure.failure().getMessage());
            } else if (step instanceof Step.Failed failure) {
                failures++;
                failed = failure;
            }
        }

        void report(String name, int selected) {
            LOG.info("{}: {} of {} blobs archived, {} bytes", name, count, selected, bytes);
            Step.Failed last = failed;
            if (last != null) {
                LOG.error(
                        "{}: {} blobs were not archived and are as they were, the last one {}: {}",
                        name,
                        failures,
                        last.blob().revision(),
                        last.failure().getMessage());
            }
        }
    }

    /**
     * Ends what is being done at the next opportunity, and waits for it. A request that hangs ends when the store is closed.
     *
     * @return whether it has ended
     */
    boolean end(Duration most) {
        closed = true;
        writing.stop();
        thread.shutdown();
        try {
            return thread.awaitTermination(most.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Ends what is being done at the next opportunity, and waits for it. */
    @Override
    public void close() {
        if (!end(MOST_AT_END)) {
            LOG.warn("{} is still written to after {} s", store.name(), MOST_AT_END.toSeconds());
        }
    }
}
