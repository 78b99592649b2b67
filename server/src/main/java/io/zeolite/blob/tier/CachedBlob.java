package io.zeolite.blob.tier;

import io.zeolite.blob.BlobSource;
import io.zeolite.client.blob.CacheEntry;
import java.io.IOException;
import java.nio.channels.FileChannel;

/** A blob that is in the cache. */
record CachedBlob(CacheEntry entry) implements BlobSource.Whole {
    @Override
    public FileChannel channel() {
        return entry.channel();
    }

    @Override
    public long size() {
        return entry.size();
    }

    @Override
    public void close() throws IOException {
        entry.close();
    }
}
