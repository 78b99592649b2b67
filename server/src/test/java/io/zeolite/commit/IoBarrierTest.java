package io.zeolite.commit;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.storage.Completion;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class IoBarrierTest {
    private final IoBarrier barrier = new IoBarrier();
    private final List<String> answers = new ArrayList<>();

    private Completion<Void> waiter(String name) {
        return new Completion<>() {
            @Override
            public void complete(Void nothing) {
                answers.add(name);
            }

            @Override
            public void fail(Throwable failure) {
                answers.add(name + " " + failure.getMessage());
            }
        };
    }

    @Test
    void whenIdle_nothingRuns_completesAtOnce() {
        barrier.whenIdle(waiter("a"));

        assertThat(answers).containsExactly("a");
    }

    @Test
    void whenIdle_severalWait_completesAllOfThem() {
        barrier.begin();
        barrier.begin();
        barrier.whenIdle(waiter("a"));
        barrier.whenIdle(waiter("b"));
        barrier.end(null);

        assertThat(answers).isEmpty();
        barrier.end(null);
        assertThat(answers).containsExactly("a", "b");
    }

    @Test
    void whenIdle_afterFailures_failsWithTheFirst() {
        barrier.begin();
        barrier.begin();
        barrier.end(new IOException("first"));
        barrier.whenIdle(waiter("a"));
        barrier.end(new IOException("second"));
        barrier.whenIdle(waiter("b"));

        assertThat(answers).containsExactly("a first", "b first");
    }
}
