package io.zeolite.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.platform.LostThreadError;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class LoopThreadsTest {
    private final LoopThreads threads = new LoopThreads();

    /** What a thread that runs a loop ended with. */
    private @Nullable Throwable end(Runnable loop) throws InterruptedException {
        AtomicReference<@Nullable Throwable> uncaught = new AtomicReference<>();
        ThreadFactory usual = task -> {
            Thread thread = new Thread(task);
            thread.setUncaughtExceptionHandler((ended, failure) -> uncaught.set(failure));
            return thread;
        };
        Thread thread = threads.factory(usual).newThread(loop);
        thread.start();
        thread.join();
        return uncaught.get();
    }

    @Test
    void loopThatEndsByItself_isLost() throws InterruptedException {
        assertThat(end(() -> {})).isInstanceOf(LostThreadError.class).hasMessage("an event loop has ended");
    }

    @Test
    void loopThatFails_isLostWithTheCause() throws InterruptedException {
        RuntimeException bug = new IllegalStateException("a bug");
        assertThat(end(() -> {
                    throw bug;
                }))
                .isInstanceOf(LostThreadError.class)
                .hasCause(bug);
        Error error = new NoClassDefFoundError("some/Class");
        assertThat(end(() -> {
                    throw error;
                }))
                .isInstanceOf(LostThreadError.class)
                .hasCause(error);
    }

    @Test
    void loopThatIsToEnd_ends() throws InterruptedException {
        threads.end();
        assertThat(end(() -> {})).isNull();
    }
}
