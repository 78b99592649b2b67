package io.zeolite.blob.tier;

import io.zeolite.blob.StoreException;
import io.zeolite.blob.StoreException.Reason;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Knows whether a store is there. After some requests without an answer it is taken to be away: requests fail at once,
 * but for one now and then that is let through to see whether it is back. The log hears of either change once. Any
 * thread.
 */
final class Breaker {
    private static final Logger LOG = LoggerFactory.getLogger(Breaker.class);

    private final String store;
    private final int failuresUntilAway;
    private final long pauseNanos;
    private final String consequence;
    private final NanoClock clock;
    private final CountDownLatch stopped = new CountDownLatch(1);

    private int failures;
    private boolean away;
    private long nextTrialNanos;
    private @Nullable String reason;

    /** Time that only goes on. */
    interface NanoClock {
        long nanos();
    }

    /** @param consequence what it means that the store is away, as a sentence */
    Breaker(String store, int failuresUntilAway, Duration pause, String consequence, NanoClock clock) {
        this.store = store;
        this.failuresUntilAway = failuresUntilAway;
        this.pauseNanos = pause.toNanos();
        this.consequence = consequence;
        this.clock = clock;
    }

    /**
     * To be called before a request.
     *
     * @throws StoreException {@link Reason#UNAVAILABLE} if it is not to be made
     */
    synchronized void check() throws StoreException {
        if (!away) {
            return;
        }
        if (clock.nanos() - nextTrialNanos < 0) {
            throw new StoreException(Reason.UNAVAILABLE, store + " is away: " + reason, null);
        }
        nextTrialNanos = clock.nanos() + pauseNanos;
    }

    /** To be called when a request was answered, be it with a refusal. */
    synchronized void answered() {
        failures = 0;
        if (away) {
            away = false;
            LOG.info("{} is back", store);
        }
    }

    /** To be called when a request was not answered, not in time, or not to its end. */
    synchronized void failed(StoreException failure) {
        if (isStopped()) {
            return;
        }
        failures++;
        reason = failure.getMessage();
        if (!away && failures >= failuresUntilAway) {
            away = true;
            nextTrialNanos = clock.nanos() + pauseNanos;
            LOG.error(
                    "{} is away: {} requests failed, the last one: {}. {}",
                    store,
                    failures,
                    failure.getMessage(),
                    consequence);
        }
    }

    synchronized boolean isAway() {
        return away;
    }

    /** To be called before the store is closed: what breaks off then says nothing of the store. */
    void stop() {
        stopped.countDown();
    }

    /** Whether nothing is to be tried again. */
    boolean isStopped() {
        return stopped.getCount() == 0;
    }

    /** Waits for so long, or until {@link #stop}. */
    void pause(long nanos) throws InterruptedException {
        stopped.await(nanos, TimeUnit.NANOSECONDS);
    }
}
