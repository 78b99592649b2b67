package io.zeolite.blob.directory;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What an earlier server has left in {@code tmp/}: uploads that never became a transaction. Everything there is such a
 * file, with one exception. A client that shares the directory keeps the blobs there that its application is writing,
 * under the prefix that {@code ZODB.blob} gives them, and goes on with them when the server is back.
 */
final class Leftovers {
    private static final Logger LOG = LoggerFactory.getLogger(Leftovers.class);

    private static final String CLIENT_PREFIX = "BUC";

    /** For how long a client is given credit for still being at work on a blob after it last wrote to it. */
    private static final Duration CLIENT_PATIENCE = Duration.ofDays(1);

    private final Path temporary;

    Leftovers(Path temporary) {
        this.temporary = temporary;
    }

    void remove() throws IOException {
        int removed = 0;
        int kept = 0;
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(temporary)) {
            for (Path entry : entries) {
                try {
                    if (!isLeftover(entry)) {
                        kept++;
                    } else if (Files.deleteIfExists(entry)) {
                        removed++;
                    }
                } catch (IOException e) {
                    // It takes room, and nothing else.
                    kept++;
                    LOG.warn("a temporary file of an earlier run cannot be removed: {}", e.toString());
                }
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        if (removed > 0 || kept > 0) {
            LOG.info("temporary files of an earlier run in {}: {} removed, {} kept", temporary, removed, kept);
        }
    }

    private static boolean isLeftover(Path entry) throws IOException {
        BasicFileAttributes attributes;
        try {
            attributes = Files.readAttributes(entry, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        } catch (NoSuchFileException e) {
            return false;
        }
        boolean ofClient = entry.getFileName().toString().startsWith(CLIENT_PREFIX);
        Instant lastWritten = attributes.lastModifiedTime().toInstant();
        return attributes.isRegularFile()
                && !(ofClient && lastWritten.plus(CLIENT_PATIENCE).isAfter(Instant.now()));
    }
}
