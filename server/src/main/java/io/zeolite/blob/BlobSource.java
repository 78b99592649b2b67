package io.zeolite.blob;

import java.nio.channels.FileChannel;

/** A blob that has been opened for reading, wherever its bytes are. */
public sealed interface BlobSource extends AutoCloseable {
    /**
     * A blob in a file of this machine.
     *
     * @param channel open for reading, positioned anywhere; whoever got the source closes it
     * @param size the length in bytes; the file is immutable
     */
    record LocalFile(FileChannel channel, long size) implements BlobSource {
        @Override
        public void close() throws java.io.IOException {
            channel.close();
        }
    }

    @Override
    void close() throws java.io.IOException;
}
