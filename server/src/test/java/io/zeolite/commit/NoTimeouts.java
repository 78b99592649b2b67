package io.zeolite.commit;

import java.time.Duration;

/** For tests in which no time passes and nothing is to be run later. */
public final class NoTimeouts implements Timers {
    @Override
    public long nanoTime() {
        return 0;
    }

    @Override
    public void after(Duration delay, Runnable task) {
        throw new AssertionError("there is no timeout");
    }
}
