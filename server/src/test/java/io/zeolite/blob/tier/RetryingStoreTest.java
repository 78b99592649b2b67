package io.zeolite.blob.tier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.zeolite.blob.StoreException;
import io.zeolite.blob.file.DirectoryStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

final class RetryingStoreTest {
    private static final TierSettings ONE_ATTEMPT =
            new TierSettings(1, 1, Duration.ofMillis(1), Duration.ofMillis(1), 1000);

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    private Path directory;

    @Test
    void paceReads_isAskedForEachPieceOfAnObject() throws IOException {
        int size = 1_000_000;
        Files.write(directory.resolve("a.blob"), new byte[size]);
        RetryingStore store = new RetryingStore(new DirectoryStore(directory), ONE_ATTEMPT);
        AtomicLong bytes = new AtomicLong();
        AtomicInteger pieces = new AtomicInteger();
        store.paceReads(count -> {
            bytes.addAndGet(count);
            pieces.incrementAndGet();
        });
        new ObjectReader(store).read("a.blob", content -> true);
        assertThat(bytes.get()).isEqualTo(size);
        assertThat(pieces.get()).isGreaterThan(4);
    }

    @Test
    void isAway_isSaidOnceWithWhatItMeans() {
        TierSettings twoFailures = new TierSettings(1, 1, Duration.ofMillis(1), Duration.ofMillis(1), 2);
        RetryingStore store = new RetryingStore(
                new DirectoryStore(directory.resolve("absent")), twoFailures, "Nothing is archived until it is back.");
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        Logger logger = (Logger) LoggerFactory.getLogger(Breaker.class);
        log.start();
        logger.addAppender(log);
        try {
            while (!store.isAway()) {
                assertThatExceptionOfType(StoreException.class).isThrownBy(() -> store.open("a.blob", 0, null));
            }
            assertThatExceptionOfType(StoreException.class).isThrownBy(() -> store.open("a.blob", 0, null));
        } finally {
            logger.detachAppender(log);
        }
        assertThat(log.list).singleElement().satisfies(event -> assertThat(event.getFormattedMessage())
                .endsWith(". Nothing is archived until it is back.")
                .doesNotContain("cannot be read until"));
    }
}
