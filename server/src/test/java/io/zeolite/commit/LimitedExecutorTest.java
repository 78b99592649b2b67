package io.zeolite.commit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LimitedExecutorTest {
    private final List<Runnable> given = new ArrayList<>();
    private final LimitedExecutor executor = new LimitedExecutor(given::add, 2);
    private final List<Integer> done = new ArrayList<>();

    @Test
    void tasks_moreThanTheLimit_waitForTheirTurn() {
        for (int i = 0; i < 5; i++) {
            int number = i;
            executor.execute(() -> done.add(number));
        }

        assertThat(given).hasSize(2);
        while (!given.isEmpty()) {
            assertThat(given).hasSizeLessThanOrEqualTo(2);
            given.remove(0).run();
        }
        assertThat(done).containsExactly(0, 1, 2, 3, 4);
    }

    @Test
    void task_thatThrows_givesItsPlaceBack() {
        for (int i = 0; i < 4; i++) {
            executor.execute(() -> {
                throw new IllegalStateException("a task");
            });
        }
        int failed = 0;
        while (!given.isEmpty()) {
            try {
                given.remove(0).run();
            } catch (IllegalStateException e) {
                failed++;
            }
        }
        assertThat(failed).isEqualTo(4);
    }
}
