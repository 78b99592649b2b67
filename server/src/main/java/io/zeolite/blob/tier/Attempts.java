package io.zeolite.blob.tier;

import io.zeolite.blob.StoreException;
import io.zeolite.blob.StoreException.Reason;
import java.util.concurrent.ThreadLocalRandom;

/** Tries again what failed because the store did not answer: a limited number of times, with growing pauses. */
final class Attempts {
    /** So much between two breaks, and they are not taken for the same trouble. */
    private static final long HEADWAY_BYTES = 16 << 20;

    private final TierSettings settings;
    private final Breaker breaker;
    private int failed;
    private long brokeAt;

    Attempts(TierSettings settings, Breaker breaker) {
        this.settings = settings;
        this.breaker = breaker;
    }

    /** A request, and what came of it; what else it throws is no answer. */
    interface Request<T, E extends Exception> {
        T make() throws StoreException, E;
    }

    /**
     * Makes a request until it is answered, or it has been tried often enough.
     *
     * @throws StoreException {@link Reason#UNAVAILABLE} if it is not to be made, or what it failed by
     */
    <T, E extends Exception> T make(Request<T, E> request) throws StoreException, E {
        while (true) {
            breaker.check();
            T answer;
            try {
                answer = request.make();
            } catch (StoreException e) {
                noteFailure(e);
                continue;
            }
            breaker.answered();
            return answer;
        }
    }

    /**
     * Takes note of a failure, and waits if it is to be tried again.
     *
     * @throws StoreException the failure itself, if it is not
     */
    void noteFailure(StoreException failure) throws StoreException {
        if (failure.reason() != Reason.UNAVAILABLE) {
            breaker.answered();
            throw failure;
        }
        breaker.failed(failure);
        failed++;
        if (failed >= settings.attempts() || breaker.isAway()) {
            throw failure;
        }
        pause(failure);
        if (breaker.isStopped()) {
            throw failure;
        }
    }

    /** The same of what was being read, and broke at a position: who gets ahead in between may fail as often again. */
    void noteBreak(StoreException failure, long position) throws StoreException {
        if (position - brokeAt >= HEADWAY_BYTES) {
            failed = 0;
        }
        brokeAt = position;
        noteFailure(failure);
    }

    /** Between half and all of a time that doubles, so that those who failed together do not come back together. */
    private void pause(StoreException failure) throws StoreException {
        long most = Math.min(
                settings.longestPause().toNanos(), settings.firstPause().toNanos() << Math.min(failed - 1, 20));
        long nanos = most / 2 + ThreadLocalRandom.current().nextLong(most / 2 + 1);
        try {
            breaker.pause(nanos);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw failure;
        }
    }
}
