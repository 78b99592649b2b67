package io.zeolite.blob.tier;

import io.zeolite.blob.tier.Breaker.NanoClock;
import java.time.Duration;
import java.util.function.BooleanSupplier;

/**
 * Keeps what several threads move below a rate, on the average: whoever has moved some bytes waits for as long as they should have
 * taken. Any thread.
 */
public final class Pace {
    private static final long SLICE_NANOS = Duration.ofMillis(100).toNanos();

    private final long bytesPerSecond;
    private final NanoClock clock;
    private final Sleeper sleeper;
    private long freeAtNanos;

    /** Lets time pass. */
    interface Sleeper {
        void sleep(long nanos) throws InterruptedException;
    }

    /** @param bytesPerSecond 0 for no limit */
    Pace(long bytesPerSecond, NanoClock clock, Sleeper sleeper) {
        this.bytesPerSecond = bytesPerSecond;
        this.clock = clock;
        this.sleeper = sleeper;
        this.freeAtNanos = clock.nanos();
    }

    public static Pace of(long bytesPerSecond) {
        return new Pace(
                bytesPerSecond, System::nanoTime, nanos -> Thread.sleep(nanos / 1_000_000, (int) (nanos % 1_000_000)));
    }

    /**
     * Notes that some bytes will be moved, after a wait for those that were noted before.
     *
     * @param stop looked at while it waits
     */
    public void await(long bytes, BooleanSupplier stop) throws InterruptedException {
        if (bytesPerSecond == 0) {
            return;
        }
        long start = reserve(bytes);
        for (long left = start - clock.nanos(); left > 0 && !stop.getAsBoolean(); left = start - clock.nanos()) {
            sleeper.sleep(Math.min(left, SLICE_NANOS));
        }
    }

    private synchronized long reserve(long bytes) {
        long now = clock.nanos();
        long start = freeAtNanos - now > 0 ? freeAtNanos : now;
        freeAtNanos = start + (long) (bytes * 1e9 / bytesPerSecond);
        return start;
    }
}
