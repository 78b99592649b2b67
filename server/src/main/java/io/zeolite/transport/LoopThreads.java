package io.zeolite.transport;

import io.zeolite.platform.LostThreadError;
import java.util.concurrent.ThreadFactory;

/**
 * The threads of event loops. One that ends by itself has failed, whatever Netty has made of that: its connections would
 * wait for ever, and new ones would still be given to it. So it ends with a {@link LostThreadError}.
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
        try {
            loop.run();
        } catch (RuntimeException | Error e) {
            throw new LostThreadError("an event loop has failed", e);
        }
        if (!ending) {
            throw new LostThreadError("an event loop has ended", null);
        }
    }
}
