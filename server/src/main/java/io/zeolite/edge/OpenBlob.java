package io.zeolite.edge;

import io.zeolite.blob.BlobSource;
import io.zeolite.client.BlobFile;
import java.io.IOException;
import java.nio.channels.FileChannel;

/** A blob in the client's cache, all of it; it stays readable until it is closed. */
record OpenBlob(BlobFile file) implements BlobSource.Whole {
    @Override
    public FileChannel channel() {
        return file.channel();
    }

    @Override
    public long size() {
        return file.size();
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
