package io.zeolite.bench;

import java.io.IOException;

/** What one connection does in one measurement, on a thread of its own. */
interface Workload {
    /** Works until {@code deadlineNanos}, in the time of {@link System#nanoTime}, and adds an entry for each operation. */
    void run(long deadlineNanos, Latencies latencies) throws IOException;

    /** Ends what does not end by itself; from another thread, when the first workloads of the measurement have ended. */
    default void stop() throws IOException {}
}
