package io.zeolite.blob.tier;

import io.zeolite.blob.StoredContent;
import io.zeolite.blob.StoredObject;
import io.zeolite.blob.Throttle;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;

/** An object that comes no faster than it may. */
record PacedContent(StoredContent content, Throttle throttle) implements StoredContent {
    @Override
    public StoredObject object() {
        return content.object();
    }

    @Override
    public int read(ByteBuffer buffer) throws IOException {
        int count = content.read(buffer);
        try {
            throttle.await(Math.max(0, count));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while reading " + object().key());
        }
        return count;
    }

    @Override
    public void close() {
        content.close();
    }
}
