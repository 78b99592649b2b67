package io.zeolite.commit;

import java.time.Duration;

/** Something that can run a task later. */
public interface Timers {
    /** Runs a short task after the delay, on a thread of its own choice. */
    void after(Duration delay, Runnable task);
}
