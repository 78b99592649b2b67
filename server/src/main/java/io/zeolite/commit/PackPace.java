package io.zeolite.commit;

import io.zeolite.storage.PackControl.Pace;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Holds a pack back to a rate, ends it when the storage is closed, and says how far it has come. Used by one thread at a time, but for {@link #cancel}. */
final class PackPace implements Pace {
    private static final Logger LOG = LoggerFactory.getLogger("ZEO.StorageServer");

    /** Shorter waits are saved up. */
    private static final long MIN_WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    /** So that a pack can be ended while it waits. */
    private static final long MAX_WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private static final long PROGRESS_BYTES = 1 << 20;
    private static final long PROGRESS_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final Timers timers;
    private final long bytesPerSecond;
    private volatile boolean cancelled;
    private long startNanos;
    private long spent;
    private long expected;
    private long nextProgressBytes;
    private long progressNanos;
    private boolean hurrying;

    /** @param bytesPerSecond read and written together; 0 for no limit */
    PackPace(Timers timers, long bytesPerSecond) {
        this.timers = timers;
        this.bytesPerSecond = bytesPerSecond;
    }

    void cancel() {
        cancelled = true;
    }

    void begin() throws IOException {
        startNanos = timers.nanoTime();
        progressNanos = startNanos;
        spent = 0;
        expected = 0;
        nextProgressBytes = PROGRESS_BYTES;
        check();
    }

    /** Whether nothing is held back: on the committer's thread, where others wait. */
    void hurry(boolean isUrgent) {
        hurrying = isUrgent;
    }

    /** Any thread may ask. */
    boolean isCancelled() {
        return cancelled;
    }

    /** Any thread may ask. */
    void check() throws IOException {
        if (cancelled) {
            throw new IOException("the storage is being closed");
        }
    }

    @Override
    public void expect(long bytes) {
        expected = bytes;
    }

    private void report(long now) {
        if (now - progressNanos < PROGRESS_NANOS || spent >= expected) {
            return;
        }
        progressNanos = now;
        double secondsSoFar = (now - startNanos) / 1e9;
        LOG.info(
                "pack: about {} % done, {} s to go",
                100 * spent / expected, Math.round(secondsSoFar * (expected - spent) / spent));
    }

    @Override
    public void spent(long bytes) throws IOException {
        check();
        spent += bytes;
        if (spent >= nextProgressBytes) {
            nextProgressBytes = spent + PROGRESS_BYTES;
            report(timers.nanoTime());
        }
        if (bytesPerSecond == 0 || hurrying) {
            return;
        }
        long due = (long) ((double) spent / bytesPerSecond * 1e9);
        while (true) {
            long wait = due - (timers.nanoTime() - startNanos);
            if (wait < MIN_WAIT_NANOS) {
                return;
            }
            timers.sleep(Math.min(wait, MAX_WAIT_NANOS));
            check();
        }
    }
}
