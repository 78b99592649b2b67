package io.zeolite.blob.tier;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

final class PaceTest {
    private long now = Duration.ofDays(1).toNanos();

    private Pace pace(long bytesPerSecond) {
        return new Pace(bytesPerSecond, () -> now, nanos -> now += nanos);
    }

    private long secondsSince(long then) {
        return Duration.ofNanos(now - then).toSeconds();
    }

    @Test
    void await_moreThanTheRate_waitsForWhatWasBefore() throws InterruptedException {
        long then = now;
        Pace pace = pace(100);
        pace.await(1000, () -> false);
        assertThat(secondsSince(then)).isZero();
        pace.await(500, () -> false);
        assertThat(secondsSince(then)).isEqualTo(10);
        pace.await(1, () -> false);
        assertThat(secondsSince(then)).isEqualTo(15);
    }

    @Test
    void await_afterIdleTime_savesNothingUp() throws InterruptedException {
        Pace pace = pace(100);
        now += Duration.ofHours(1).toNanos();
        long then = now;
        pace.await(1000, () -> false);
        pace.await(1000, () -> false);
        assertThat(secondsSince(then)).isEqualTo(10);
    }

    @Test
    void await_withoutALimitOrToldToStop_doesNotWait() throws InterruptedException {
        long then = now;
        Pace unlimited = pace(0);
        unlimited.await(Long.MAX_VALUE, () -> false);
        unlimited.await(Long.MAX_VALUE, () -> false);
        Pace stopped = pace(1);
        stopped.await(1 << 30, () -> false);
        stopped.await(1, () -> true);
        assertThat(now).isEqualTo(then);
    }
}
