package io.zeolite.blob.tier;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** Keeps the same complaint from filling the log. Any thread. */
final class OncePerMinute {
    private static final long MINUTE_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final AtomicLong last = new AtomicLong(System.nanoTime() - MINUTE_NANOS);

    /** Says it, unless something was said less than a minute ago. */
    void tell(Runnable complaint) {
        long before = last.get();
        long now = System.nanoTime();
        if (now - before >= MINUTE_NANOS && last.compareAndSet(before, now)) {
            complaint.run();
        }
    }
}
