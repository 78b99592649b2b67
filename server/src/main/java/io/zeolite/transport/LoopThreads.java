package io.zeolite.transport;

import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;

/**
 * The threads of event loops. One that ends by itself has failed, whatever Netty has made of that: its connections would
 * wait for ever, and new ones would still be given to it. So it ends with an error.
 */
final class LoopThreads {
    private volatile boolean ending;

    /** Threads for loops. Any thread. */
    ThreadFactory factory(ThreadFactory usual) {
        return loop -> usual.newThread(() -> run(loop));
    }

    /** From now on loops may end. */
    void end() {
        ending = true;
    }

    private void run(Runnable loop) {
        @Nullable Throwable failure = null;
        try {
            loop.run();
        } catch (RuntimeException e) {
            failure = e;
        }
        if (!ending) {
            throw new AssertionError("an event loop has ended", failure);
        }
    }
}
