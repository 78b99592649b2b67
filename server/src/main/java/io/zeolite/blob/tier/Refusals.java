package io.zeolite.blob.tier;

import io.zeolite.blob.StoreException;
import io.zeolite.blob.StoreException.Reason;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** How often a store has refused what it was given, one after the other. Any thread. */
public final class Refusals {
    /** After so many it is likely that all are refused. */
    private static final int MOST = 10;

    private final AtomicInteger inARow = new AtomicInteger();

    /** Whether the store has answered, and does not want it. */
    static boolean isRefused(@Nullable IOException failure) {
        return failure instanceof StoreException said
                && (said.reason() == Reason.DENIED || said.reason() == Reason.REFUSED);
    }

    /**
     * Notes how one has ended.
     *
     * @param failure null if there was none
     * @return whether to go on with others
     */
    public boolean note(@Nullable IOException failure) {
        if (!isRefused(failure)) {
            inARow.set(0);
            return true;
        }
        return inARow.incrementAndGet() < MOST;
    }
}
