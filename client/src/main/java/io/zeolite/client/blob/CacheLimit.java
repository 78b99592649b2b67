package io.zeolite.client.blob;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** How large a cache may become. */
public sealed interface CacheLimit {
    /** @param bytes at least 0 */
    record Bytes(long bytes) implements CacheLimit {
        /** @throws IllegalArgumentException if it is negative */
        public Bytes {
            if (bytes < 0) {
                throw new IllegalArgumentException("bytes: " + bytes + " (expected: zero or more)");
            }
        }
    }

    /** @param percent of the file system that the cache lies on, 1 to 100 */
    record ShareOfDisk(int percent) implements CacheLimit {
        /** @throws IllegalArgumentException if it is out of its range */
        public ShareOfDisk {
            if (percent < 1 || percent > 100) {
                throw new IllegalArgumentException("percent: " + percent + " (expected: 1 to 100)");
            }
        }
    }

    /** As large as it gets. */
    record None() implements CacheLimit {}

    /** In bytes, for a cache in this directory. */
    default long bytes(Path directory) throws IOException {
        if (this instanceof Bytes limit) {
            return limit.bytes();
        } else if (this instanceof ShareOfDisk share) {
            return Files.getFileStore(directory).getTotalSpace() / 100 * share.percent();
        }
        return Long.MAX_VALUE / 2;
    }
}
