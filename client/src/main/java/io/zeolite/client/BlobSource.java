package io.zeolite.client;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The bytes of a blob that is to be stored: a file that nobody changes until the transaction has ended.
 *
 * @param temporary whether it is the client's own, and goes with the transaction
 */
record BlobSource(Path file, boolean temporary) {
    private static final Logger LOG = LoggerFactory.getLogger(BlobSource.class);

    static BlobSource of(Path file) throws IOException {
        if (!Files.isReadable(file)) {
            throw new IOException("blob: " + file + " cannot be read");
        }
        return new BlobSource(file, false);
    }

    /** Reads all of a stream into a file that was made for it. */
    static BlobSource of(InputStream content, Path file) throws IOException {
        boolean complete = false;
        try {
            Files.copy(content, file, StandardCopyOption.REPLACE_EXISTING);
            complete = true;
            return new BlobSource(file, true);
        } finally {
            if (!complete) {
                Files.delete(file);
            }
        }
    }

    void remove() {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            LOG.warn("cannot remove {}: {}", file, e.toString());
        }
    }
}
