package io.zeolite.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FlockTest {
    /** The file that was opened next has its number, most likely. */
    @Test
    void lock_closed_isRefused(@TempDir Path directory) throws IOException {
        Path first = Files.createFile(directory.resolve("first"));
        Path second = Files.createFile(directory.resolve("second"));
        Flock closed = Flock.open(first);
        closed.close();
        try (Flock other = Flock.open(second);
                Flock third = Flock.open(second)) {
            assertThatThrownBy(closed::lock).hasMessage("cannot lock " + first + ": it is closed");
            assertThat(third.tryLock()).isTrue();
            assertThat(other.tryShare()).isFalse();
            assertThatThrownBy(closed::unlock).isInstanceOf(IOException.class);
        }
    }
}
