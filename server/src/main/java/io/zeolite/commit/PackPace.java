package io.zeolite.commit;

import io.zeolite.storage.PackControl.Pace;
import java.io.IOException;
import java.util.concurrent.TimeUnit;

/** Holds a pack back to a rate, and ends it when the storage is closed. Used by one thread at a time, but for {@link #cancel}. */
final class PackPace implements Pace {
    /** Shorter waits are saved up. */
    private static final long MIN_WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    /** So that a pack can be ended while it waits. */
    private static final long MAX_WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final Timers timers;
    private final long bytesPerSecond;
    private volatile boolean cancelled;
    private long startNanos;
    private long spent;
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
        spent = 0;
        check();
    }

    /** Whether nothing is held back: on the committer's thread, where others wait. */
    void hurry(boolean isUrgent) {
        hurrying = isUrgent;
    }

    /** Any thread may ask. */
    void check() throws IOException {
        if (cancelled) {
            throw new IOException("the storage is being closed");
        }
    }

    @Override
    public void spent(long bytes) throws IOException {
        check();
        spent += bytes;
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
