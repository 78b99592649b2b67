package io.zeolite.cli;

import io.zeolite.logging.Logging;
import io.zeolite.platform.LostThreadError;
import java.io.PrintStream;
import java.lang.Thread.UncaughtExceptionHandler;
import java.util.function.IntConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hears of what has ended a thread. Without a thread that nothing replaces a server would let its clients wait for ever: it
 * ends, so that a supervisor can start another one. Whatever ends another thread is one task that has failed. Any thread.
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
        if (!(failure instanceof LostThreadError)) {
            LOG.error("the thread {} failed", thread.getName(), failure);
            return;
        }
        try {
            String cause = failure.getCause() == null ? "" : " (" + failure.getCause() + ")";
            err.println("zeolite: the thread " + thread.getName() + " has ended, and the server with it: "
                    + failure.getMessage() + cause);
            LOG.error(Logging.CRITICAL, "the thread {} has ended, and the server with it", thread.getName(), failure);
        } finally {
            end.accept(STATUS);
        }
    }
}
