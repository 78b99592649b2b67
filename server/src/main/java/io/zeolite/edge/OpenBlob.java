package io.zeolite.edge;

import io.zeolite.blob.BlobSource;
import io.zeolite.client.BlobFile;
import java.io.IOException;
import java.nio.channels.FileChannel;
import org.jspecify.annotations.Nullable;

/** A blob in the client's cache, all of it; it stays readable until it is closed. */
record OpenBlob(BlobFile file) implements BlobSource {
    @Override
    public FileChannel channel() {
        return file.channel();
    }

    @Override
    public long size() {
        return file.size();
    }

    @Override
    public long available() {
        return file.size();
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
        file.close();
    }
}
