package io.zeolite.blob.tier;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class OncePerMinuteTest {
    private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 5);
    private final OncePerMinute complaints = new OncePerMinute(nanos::get);
    private final List<String> said = new ArrayList<>();

    private void tell(String kind) {
        complaints.tell(kind, unsaid -> said.add(kind + " " + unsaid));
    }

    @Test
    void tell_otherKind_isSaidAllTheSame() {
        tell("denied");
        tell("denied");
        tell("damaged");
        assertThat(said).containsExactly("denied 0", "damaged 0");
    }

    @Test
    void tell_afterAMinute_isSaidWithHowManyWereNot() {
        tell("denied");
        tell("denied");
        nanos.addAndGet(Duration.ofMinutes(1).toNanos() - 1);
        tell("denied");
        nanos.addAndGet(1);
        tell("denied");
        nanos.addAndGet(Duration.ofMinutes(1).toNanos());
        tell("denied");
        assertThat(said).containsExactly("denied 0", "denied 2", "denied 0");
    }
}
