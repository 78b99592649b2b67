package io.zeolite.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.platform.LostThreadError;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class FatalErrorTest {
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final List<Integer> ends = new ArrayList<>();
    private final FatalError handler = new FatalError(new PrintStream(err, true, StandardCharsets.UTF_8), ends::add);

    /** As the pools of the server do: the thread of a task that fails ends. */
    private void fail(Runnable task) throws InterruptedException {
        Thread thread = new Thread(task, "zeolite-io-1");
        thread.setUncaughtExceptionHandler(handler);
        thread.start();
        thread.join();
    }

    @Test
    void lostThread_endsTheProcessAndSaysWhich() throws InterruptedException {
        fail(() -> {
            throw new LostThreadError("the committer has failed", new NoClassDefFoundError("some/Class"));
        });
        assertThat(ends).containsExactly(FatalError.STATUS);
        assertThat(err.toString(StandardCharsets.UTF_8))
                .isEqualTo(
                        "zeolite: the thread zeolite-io-1 has ended, and the server with it: the committer has failed ("
                                + "java.lang.NoClassDefFoundError: some/Class)" + System.lineSeparator());
    }

    @Test
    void otherFailure_endsOnlyItsThread() throws InterruptedException {
        fail(() -> {
            throw new IllegalStateException("a bug");
        });
        fail(() -> {
            throw new NoClassDefFoundError("some/Class");
        });
        assertThat(ends).isEmpty();
    }
}
