package io.zeolite.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A directory for blobs that go with the server. */
final class TemporaryBlobs {
    private static final Logger LOG = LoggerFactory.getLogger(TemporaryBlobs.class);

    private final Path directory;

    TemporaryBlobs() throws IOException {
        directory = Files.createTempDirectory("zeolite-demoblobs-");
    }

    Path directory() {
        return directory;
    }

    void remove() {
        try (Stream<Path> files = Files.walk(directory)) {
            List<Path> deepestFirst = files.sorted(Comparator.reverseOrder()).toList();
            for (Path file : deepestFirst) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            LOG.warn("cannot remove the temporary blobs in {}: {}", directory, e.toString());
        }
    }
}
