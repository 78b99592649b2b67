package io.zeolite.commit;

import static org.assertj.core.api.Assertions.assertThatNoException;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class PackPaceTest {
    private final PackPace pace = new PackPace(
            new Timers() {
                @Override
                public long nanoTime() {
                    return Duration.ofHours(1).toNanos();
                }

                @Override
                public void after(Duration delay, Runnable task) {
                    throw new AssertionError("there is nothing to be done later");
                }
            },
            0);

    @Test
    void spent_beforeAnythingIsExpected_isNotReported() {
        assertThatNoException().isThrownBy(() -> pace.spent(0));
    }
}
