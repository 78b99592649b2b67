package io.zeolite.cli;

import io.zeolite.logging.Logging;
import java.io.PrintStream;
import java.lang.Thread.UncaughtExceptionHandler;
import java.util.function.IntConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hears of what has ended a thread. After an error nobody knows what the thread has left undone, and a server that lacks
 * one of its threads would let its clients wait for ever: it ends, so that a supervisor can start another one. Any thread.
 */
final class FatalError implements UncaughtExceptionHandler {
    private static final Logger LOG = LoggerFactory.getLogger("ZEO.runzeo");

    /** That of the JVM when it ends for want of memory. */
    static final int STATUS = 3;

    private final PrintStream err;
    private final IntConsumer end;

    /** @param end ends the process at once, with this status */
    FatalError(PrintStream err, IntConsumer end) {
        this.err = err;
        this.end = end;
    }

    @Override
    public void uncaughtException(Thread thread, Throwable failure) {
        if (!(failure instanceof Error)) {
            LOG.error("the thread {} failed", thread.getName(), failure);
            return;
        }
        try {
            err.println("zeolite: the thread " + thread.getName() + " failed, the server ends: " + failure);
            LOG.error(Logging.CRITICAL, "the thread {} failed, the server ends", thread.getName(), failure);
        } finally {
            end.accept(STATUS);
        }
    }
}
