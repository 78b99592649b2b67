package io.zeolite.client.blob;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zeolite.disk.Flock;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LedgerTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    private Path directory;

    /** Others would wait for it until this process ends. */
    @Test
    void lock_thatFails_isNotHeld() throws IOException {
        Path file = directory.resolve("ledger");
        try (Ledger dying = Ledger.open(file, number -> 0);
                Ledger.Locked locked = dying.lock()) {
            locked.changing(3);
        }
        Ledger.Count failing = number -> {
            throw new IOException("cannot count " + number);
        };
        try (Ledger ledger = Ledger.open(file, failing);
                Flock other = Flock.open(file)) {
            assertThatThrownBy(ledger::lock).hasMessage("cannot count 3");
            assertThat(other.tryLock()).isTrue();
        }
    }
}
