package io.zeolite.client;

import io.zeolite.client.blob.BlobCache;
import io.zeolite.error.PosKeyException;
import io.zeolite.zodb.Ids;
import io.zeolite.zodb.Tid;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Where a client has its blobs: in a cache, or in the very directory of the server. */
sealed interface BlobDirectory extends Closeable {
    Path directory();

    /** Where files are that are not blobs yet. */
    default Path temporary() {
        return directory().resolve("tmp");
    }

    /** A cache, which blobs are fetched into. */
    record Cached(Path directory, BlobCache cache) implements BlobDirectory {
        @Override
        public void close() throws IOException {
            cache.close();
        }
    }

    /** The server's directory, in the layout {@code bushy}: a directory for each byte of the oid. */
    record Shared(Path directory) implements BlobDirectory {
        private static final String LAYOUT = "bushy";

        BlobFile open(long oid, long serial) throws IOException {
            Path file = objectDirectory(oid).resolve(Tid.toString(serial) + ".blob");
            try {
                return BlobFile.of(file);
            } catch (NoSuchFileException e) {
                throw PosKeyException.noBlob(file.toString(), oid, serial);
            }
        }

        Path objectDirectory(long oid) {
            Path path = directory;
            for (byte b : Ids.bytes(oid)) {
                path = path.resolve(String.format(Locale.ROOT, "0x%02x", b & 0xff));
            }
            return path;
        }

        @Override
        public void close() {
            // Nothing is open.
        }
    }

    /** @return null if the client has none */
    static @Nullable BlobDirectory open(ZeoClientOptions options) throws IOException {
        Path directory = options.blobDirectory();
        if (directory == null) {
            return null;
        } else if (!options.sharesBlobDirectory()) {
            return new Cached(directory, BlobCache.open(directory, options.blobCacheLimit(), false));
        }
        Path marker = directory.resolve(".layout");
        String layout = Files.exists(marker) ? Files.readString(marker).strip() : "none";
        if (!layout.equals(Shared.LAYOUT)) {
            throw new IOException("shared blob directory " + directory + ": layout " + layout + " (expected: "
                    + Shared.LAYOUT + ", in the file .layout that the server makes)");
        }
        return new Shared(directory);
    }
}
