package io.zeolite.edge;

import io.zeolite.client.blob.OpenBlob;
import io.zeolite.error.CallException;
import io.zeolite.error.ZeoException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import org.jspecify.annotations.Nullable;

/**
 * A blob of the other server. If the rest of it never comes, the client gets an error and keeps its connection, on which it is
 * known how much it has; on another one it would append the whole blob to that.
 */
record PassedBlob(OpenBlob blob) implements OpenBlob {
    @Override
    public FileChannel channel() {
        return blob.channel();
    }

    @Override
    public long size() {
        return blob.size();
    }

    @Override
    public long available() {
        return blob.available();
    }

    @Override
    public @Nullable Throwable failure() {
        Throwable failure = blob.failure();
        if (failure == null) {
            return null;
        }
        RuntimeException known = Passing.failure(failure);
        return known instanceof ZeoException
                ? known
                : CallException.storage("the other server did not send the rest of a blob: " + known.getMessage());
    }

    @Override
    public void whenAvailable(long position, Runnable task) {
        blob.whenAvailable(position, task);
    }

    @Override
    public void close() throws IOException {
        blob.close();
    }
}
