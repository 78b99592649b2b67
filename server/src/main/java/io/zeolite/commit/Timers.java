package io.zeolite.commit;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** Elapsed time, and something that can run a task later. */
public interface Timers {
    /** Nanoseconds since some moment; never goes back, whatever happens to the clock of the machine. */
    long nanoTime();

    /** Runs a short task after the delay, on a thread of its own choice. */
    void after(Duration delay, Runnable task);

    /** Lets the calling thread, which may take its time, do nothing for about so long. */
    default void sleep(long nanos) {
        LockSupport.parkNanos(nanos);
    }
}
