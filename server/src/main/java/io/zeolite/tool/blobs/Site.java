package io.zeolite.tool.blobs;

import io.zeolite.blob.KeyLayout;
import io.zeolite.blob.tier.RetryingStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A storage with blobs, and where they may be. Nothing of it is looked at before a tool does.
 *
 * @param name that clients ask for it by
 * @param dataFile null if its records are in memory
 * @param cold what is behind the blob directory; null if there is nothing
 */
public record Site(
        String name,
        @Nullable Path dataFile,
        Path blobDirectory,
        @Nullable Cold cold) implements AutoCloseable {
    /**
     * Where blobs are that have left the blob directory.
     *
     * @param readOnly whether nothing may be written or deleted there
     * @param gcGrace how long the server leaves there what a pack has made superfluous
     * @param cacheDirectory what comes from there is kept here; need not exist
     */
    public record Cold(RetryingStore store, KeyLayout layout, boolean readOnly, Duration gcGrace, Path cacheDirectory) {
        String key(long oid, long tid) {
            return layout.key(oid, tid);
        }
    }

    /** @throws IOException if there is none */
    Cold bucket() throws IOException {
        if (cold == null) {
            throw new IOException("storage " + name + " has no bucket (expected: an <s3blobs> section around it)");
        }
        return cold;
    }

    /** @throws IOException if there is none, or it is only read */
    Cold writableBucket(String what) throws IOException {
        Cold bucket = bucket();
        if (bucket.readOnly()) {
            throw new IOException(
                    "cannot " + what + " " + bucket.store().name() + ": read-only-bucket is on for storage " + name);
        }
        return bucket;
    }

    /** @throws IOException if there is none */
    Path data() throws IOException {
        if (dataFile == null) {
            throw new IOException("storage " + name + " has no data file (expected: a <filestorage>)");
        }
        return dataFile;
    }

    /** @throws IOException if it is not there: in another one, there would just be nothing to do */
    Path existingBlobDirectory() throws IOException {
        if (!Files.isDirectory(blobDirectory)) {
            throw new IOException("no such directory: " + blobDirectory.toAbsolutePath() + " (the blob-dir of storage "
                    + name + "; a relative path is taken from the directory that the command is run in)");
        }
        return blobDirectory;
    }

    @Override
    public void close() {
        if (cold != null) {
            cold.store().close();
        }
    }
}
