package io.zeolite.zodb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.time.Instant;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The values of Python's {@code persistent.TimeStamp}. */
class TimeStampTest {
    @ParameterizedTest
    @CsvSource({
        "1900-01-01T00:00:00Z,           0000000000000000",
        "1970-01-01T00:00:00Z,           023c2b0000000000",
        "2000-02-29T00:00:00.333333333Z, 0332ade0016c16c1",
        "2022-06-18T14:56:00Z,           03e9000000000000",
        "2026-04-14T08:16:01.5Z,         04083d3006666666",
        "2026-04-14T08:16:59.999999Z,    04083d30ffffffb8",
        "2999-01-01T00:00:00Z,           2317098000000000"
    })
    void stamp_ofAnInstant_isPythons(Instant instant, String raw) {
        long stamp = Long.parseUnsignedLong(raw, 16);
        assertThat(Tid.toHex(TimeStamp.of(instant))).isEqualTo(raw);
        assertThat(TimeStamp.toEpochSeconds(stamp))
                .isCloseTo(instant.getEpochSecond() + instant.getNano() / 1e9, within(1e-6));
        assertThat(TimeStamp.toInstant(stamp)).isBetween(instant.minusNanos(15), instant);
    }

    @ParameterizedTest
    @CsvSource({
        "03e90000fffffffe, 03e90000ffffffff",
        "03e90000ffffffff, 03e9000100000000",
        "0000000000000000, 0000000000000001"
    })
    void laterThan_aClockThatIsBehind_isTheNextStamp(String last, String next) {
        assertThat(Tid.toHex(TimeStamp.laterThan(Long.parseUnsignedLong(last, 16), 0)))
                .isEqualTo(next);
    }

    @Test
    void laterThan_aClockThatIsAhead_isTheClock() {
        assertThat(TimeStamp.laterThan(5, 7)).isEqualTo(7);
        assertThat(TimeStamp.laterThan(5, -1L)).isEqualTo(-1L);
    }

    @Test
    void stamp_ofAnInstantOutOfRange_isRefused() {
        assertThatThrownBy(() -> TimeStamp.of(Instant.parse("1899-12-31T23:59:59Z")))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> TimeStamp.of(Instant.parse("9999-01-01T00:00:00Z")))
                .isInstanceOf(IllegalArgumentException.class);
    }

    /** A damaged file may hold any eight bytes where a tid should be. */
    @Test
    void anyStamp_hasATime() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 10_000; i++) {
            long stamp = random.nextLong();
            assertThat(TimeStamp.toInstant(stamp).getEpochSecond())
                    .as("stamp %016x, seed %d", stamp, seed)
                    .isCloseTo((long) TimeStamp.toEpochSeconds(stamp), within(1L));
        }
    }
}
