package io.zeolite.blob.tier;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;

/** Keeps complaints of one kind from filling the log, and from hiding those of another. Any thread. */
final class OncePerMinute {
    private static final long MINUTE_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final Breaker.NanoClock clock;
    private final Map<Object, Kind> kinds = new HashMap<>();

    private static final class Kind {
        private long saidNanos;
        private long unsaid;

        Kind(long saidNanos) {
            this.saidNanos = saidNanos;
        }
    }

    OncePerMinute(Breaker.NanoClock clock) {
        this.clock = clock;
    }

    /**
     * Says it, unless something of its kind was said less than a minute ago.
     *
     * @param kind one of a few
     * @param complaint is given how many of its kind were not said before
     */
    void tell(Object kind, LongConsumer complaint) {
        long unsaid;
        synchronized (this) {
            long now = clock.nanos();
            Kind known = kinds.computeIfAbsent(kind, absent -> new Kind(now - MINUTE_NANOS));
            if (now - known.saidNanos < MINUTE_NANOS) {
                known.unsaid++;
                return;
            }
            unsaid = known.unsaid;
            known.saidNanos = now;
            known.unsaid = 0;
        }
        complaint.accept(unsaid);
    }
}
