package io.zeolite.it;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waits for what happens in other processes, where there is nothing to be notified by. */
public final class Await {
    private static final long POLL_NANOS = Duration.ofMillis(5).toNanos();

    private Await() {}

    /** Returns when the condition holds; fails with the text, asked only then, when it does not hold before the deadline. */
    public static void until(Duration deadline, Supplier<String> whatIsMissing, BooleanSupplier condition) {
        long end = System.nanoTime() + deadline.toNanos();
        while (!condition.getAsBoolean()) {
            if (Thread.currentThread().isInterrupted()) {
                throw new AssertionError("Interrupted by the test's timeout: " + whatIsMissing.get());
            }
            if (System.nanoTime() > end) {
                throw new AssertionError("Not within " + deadline.toSeconds() + " s: " + whatIsMissing.get());
            }
            LockSupport.parkNanos(POLL_NANOS);
        }
    }
}
