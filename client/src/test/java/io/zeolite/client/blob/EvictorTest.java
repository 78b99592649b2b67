package io.zeolite.client.blob;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class EvictorTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    private Path directory;

    /** As when a client is closed that is making room: each of ten thousand files would be a line in the log. */
    @Test
    void evict_interrupted_stopsAtTheFirstFile() throws IOException {
        CacheLayout layout = new CacheLayout(directory);
        for (long oid = 0; oid < 3; oid++) {
            Files.createDirectories(layout.directory(CacheLayout.number(oid)));
            Files.createFile(layout.blob(oid, 1));
        }
        List<Path> tried = new ArrayList<>();
        Evictor.Removal interrupted = (number, path) -> {
            tried.add(path);
            throw new ClosedByInterruptException();
        };
        Evictor evictor = new Evictor(layout);
        assertThatThrownBy(() -> evictor.evict(1, interrupted)).isInstanceOf(ClosedByInterruptException.class);
        assertThat(tried).hasSize(1);
    }
}
