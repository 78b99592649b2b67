package io.zeolite.logging;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class NoiseLimitTest {
    private final AtomicLong nanos = new AtomicLong();
    private final NoiseLimit limit = new NoiseLimit(nanos::get, () -> {});

    @Test
    void admits_flood_onlySoManyAndASummary() {
        assertThat(log(1000, "({}) disconnected{}", true)).isEqualTo(50);
        assertThat(log(3, "({}) registered", true)).isEqualTo(3);
        nanos.addAndGet(NoiseLimit.FIRST.time().toNanos());

        assertThat(limit.summaries())
                .extracting(ILoggingEvent::getFormattedMessage)
                .containsExactly("950 more messages like this in 10 s: (...) disconnected...");
        assertThat(limit.summaries()).isEmpty();
    }

    @Test
    void admits_floodThatGoesOn_fewerMessagesAndFewerSummaries() {
        log(100, "flood", true);
        nanos.addAndGet(NoiseLimit.FIRST.time().toNanos());
        limit.summaries();
        assertThat(log(100, "flood", true)).isEqualTo(5);
        nanos.addAndGet(NoiseLimit.LATER.time().toNanos());

        assertThat(limit.summaries())
                .extracting(ILoggingEvent::getFormattedMessage)
                .containsExactly("95 more messages like this in 60 s: flood");
    }

    @Test
    void admits_afterAQuietWhile_asAtTheBeginning() {
        log(100, "flood", true);
        nanos.addAndGet(NoiseLimit.FIRST.time().toNanos());
        limit.summaries();
        nanos.addAndGet(NoiseLimit.LATER.time().toNanos());
        assertThat(log(100, "flood", true)).isEqualTo(50);
    }

    @Test
    void admits_slowTrickle_everything() {
        for (int i = 0; i < 20; i++) {
            assertThat(log(50, "trickle", true)).isEqualTo(50);
            nanos.addAndGet(NoiseLimit.FIRST.time().toNanos());
        }
    }

    @Test
    void admits_whatIsNoNoise_always() {
        assertThat(log(1000, "important", false)).isEqualTo(1000);
        assertThat(limit.summaries()).isEmpty();
    }

    private int log(int times, String message, boolean noise) {
        int admitted = 0;
        for (int i = 0; i < times; i++) {
            LoggingEvent event = new LoggingEvent();
            event.setLevel(Level.INFO);
            event.setLoggerName("ZEO.StorageServer");
            event.setMessage(message);
            if (noise) {
                event.addMarker(Logging.NOISE);
            }
            admitted += limit.admits(event) ? 1 : 0;
        }
        return admitted;
    }
}
