package io.zeolite.client.blob;

import io.zeolite.disk.Flock;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is done for a cache on a thread of its own: counting what has not been counted, making room ahead of need, and
 * going round all directories again and again, one at a time, to count what Python's clients have added and removed, and
 * to remove what crashes have left behind.
 */
final class Upkeep implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(Upkeep.class);

    /** The whole round takes fifty minutes. */
    private static final Duration ROUND_STEP = Duration.ofSeconds(3);

    /** Beyond this share of the limit, room is made until the cache is down to the other. */
    private static final int FULL_PERCENT = 95;

    private static final int TARGET_PERCENT = 90;

    /** What was last written to so long ago in {@code tmp/} is nobody's any more: other processes are at work on theirs there. */
    private static final Duration UPLOAD_AGE = Duration.ofDays(1);

    private static final Duration MOST_AT_END = Duration.ofSeconds(10);

    /** Makes room. */
    interface Shrinking {
        void shrink(long bytes) throws IOException;
    }

    private final CacheLayout layout;
    private final Ledger ledger;
    private final Shrinking shrinking;
    private final ScheduledThreadPoolExecutor thread;
    private final AtomicBoolean shrinkPending = new AtomicBoolean();
    private int next;

    Upkeep(CacheLayout layout, Ledger ledger, Shrinking shrinking) {
        this.layout = layout;
        this.ledger = ledger;
        this.shrinking = shrinking;
        this.thread = new ScheduledThreadPoolExecutor(1, task -> {
            Thread daemon = new Thread(task, "zeolite-blob-cache");
            daemon.setDaemon(true);
            return daemon;
        });
        thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    void start() {
        thread.execute(this::countAll);
        long step = ROUND_STEP.toMillis();
        thread.scheduleWithFixedDelay(() -> guarded(this::goRound), step, step, TimeUnit.MILLISECONDS);
        thread.scheduleWithFixedDelay(() -> guarded(this::removeUploads), 0, UPLOAD_AGE.toSeconds(), TimeUnit.SECONDS);
    }

    /** Tells how full the cache is. */
    void hint(long total, long limit) {
        if (total > limit / 100 * FULL_PERCENT && shrinkPending.compareAndSet(false, true)) {
            try {
                thread.execute(() -> {
                    shrinkPending.set(false);
                    guarded(() -> shrinking.shrink(total - limit / 100 * TARGET_PERCENT));
                });
            } catch (RejectedExecutionException e) {
                LOG.debug("the cache is closed: {}", e.toString());
            }
        }
    }

    private interface Task {
        void run() throws IOException;
    }

    private static void guarded(Task task) {
        try {
            task.run();
        } catch (IOException | RuntimeException e) {
            LOG.warn("upkeep of a blob cache: {}", e.toString());
        }
    }

    private void countAll() {
        for (int number : layout.directories()) {
            if (thread.isShutdown()) {
                return;
            }
            guarded(() -> {
                removeLeftovers(number);
                try (Ledger.Locked locked = ledger.lock()) {
                    locked.know(number);
                }
            });
        }
    }

    private void goRound() throws IOException {
        int number = next;
        next = (next + 1) % CacheLayout.DIRECTORIES;
        removeLeftovers(number);
        try (Ledger.Locked locked = ledger.lock()) {
            locked.recount(number);
        }
    }

    /** Removes what nobody is fetching any more. */
    private void removeLeftovers(int number) throws IOException {
        try (DirectoryStream<Path> parts =
                Files.newDirectoryStream(layout.directory(number), "*" + CacheLayout.PART_SUFFIX)) {
            for (Path part : parts) {
                removeLeftover(number, part);
            }
        } catch (NoSuchFileException e) {
            // Nothing has been put there yet.
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
    }

    private void removeLeftover(int number, Path part) throws IOException {
        try (Flock lock = Flock.open(part)) {
            if (!lock.tryLock()) {
                return;
            }
            try (Ledger.Locked locked = ledger.lock()) {
                if (Files.exists(part) && Files.isSameFile(lock.descriptor(), part)) {
                    locked.changing(number);
                    long size = Files.size(part);
                    Files.delete(part);
                    locked.changed(number, -size);
                    LOG.info("removed {}, which nobody was fetching any more", part);
                }
            }
        } catch (NoSuchFileException e) {
            // Its fetcher has finished.
        }
    }

    /** Removes what killed processes have left that were to send it on. */
    private void removeUploads() throws IOException {
        Instant before = Instant.now().minus(UPLOAD_AGE);
        try (DirectoryStream<Path> uploads = Files.newDirectoryStream(layout.temporary(), CacheLayout.UPLOADS)) {
            for (Path upload : uploads) {
                removeUpload(upload, before);
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
    }

    private static void removeUpload(Path upload, Instant before) throws IOException {
        try {
            if (Files.getLastModifiedTime(upload).toInstant().isBefore(before)) {
                Files.delete(upload);
                LOG.info("removed {}, which nobody was sending any more", upload);
            }
        } catch (NoSuchFileException e) {
            // Its transaction has ended.
        }
    }

    /** What lies in a directory, in bytes; 0 if it is not there. */
    static long bytes(Path directory) throws IOException {
        long sum = 0;
        try (DirectoryStream<Path> files = Files.newDirectoryStream(
                directory, "*{" + CacheLayout.BLOB_SUFFIX + "," + CacheLayout.PART_SUFFIX + "}")) {
            for (Path file : files) {
                sum += size(file);
            }
        } catch (NoSuchFileException e) {
            return 0;
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        return sum;
    }

    private static long size(Path file) throws IOException {
        try {
            return Files.size(file);
        } catch (NoSuchFileException e) {
            return 0;
        }
    }

    /** Waits until what is being done is done: its thread must not be interrupted, as that would close files. */
    @Override
    public void close() {
        thread.shutdown();
        try {
            if (!thread.awaitTermination(MOST_AT_END.toSeconds(), TimeUnit.SECONDS)) {
                LOG.warn("upkeep of a blob cache is still busy after {} s", MOST_AT_END.toSeconds());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
