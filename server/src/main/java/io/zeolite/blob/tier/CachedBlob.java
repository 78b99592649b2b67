package io.zeolite.blob.tier;

import io.zeolite.blob.BlobSource;
import io.zeolite.client.blob.CacheEntry;
import java.io.IOException;
import java.nio.channels.FileChannel;
import org.jspecify.annotations.Nullable;

/** A blob that is in the cache. */
record CachedBlob(CacheEntry entry) implements BlobSource {
    @Override
    public FileChannel channel() {
        return entry.channel();
    }

    @Override
    public long size() {
        return entry.size();
    }

    @Override
    public long available() {
        return entry.size();
    }

    @Override
    public @Nullable Throwable failure() {
        return null;
    }

    @Override
    public void whenAvailable(long position, Runnable task) {
        task.run();
    }

    @Override
    public void close() throws IOException {
        entry.close();
    }
}
