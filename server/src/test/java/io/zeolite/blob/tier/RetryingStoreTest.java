package io.zeolite.blob.tier;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.blob.file.DirectoryStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
}
