package io.zeolite.client.blob;

import java.io.IOException;
import java.nio.channels.FileChannel;
import org.jspecify.annotations.Nullable;

/**
 * A blob that has been opened for reading, wherever its bytes come from. They are in a file of this machine, or arrive
 * there while they are read. Any thread.
 */
public interface OpenBlob extends AutoCloseable {
    /** Open for reading, positioned anywhere. The first {@link #available} bytes are in it and do not change. */
    FileChannel channel();

    /** What {@link #size} is until it is known: more than any. */
    long UNKNOWN = Long.MAX_VALUE;

    /** The length in bytes of all of it; {@link #UNKNOWN} as long as only the end will tell. */
    long size();

    /** How many bytes can be read now; grows until it is {@link #size}. Whoever compares the two asks for this one first. */
    long available();

    /** Why the rest will never come; null as long as it may. */
    @Nullable
    Throwable failure();

    /**
     * Runs a task once when more than so many bytes are available, or never will be: at once on this thread if that is so
     * already, else on a thread that must not be held up.
     */
    void whenAvailable(long position, Runnable task);

    /** Whoever got the source closes it. */
    @Override
    void close() throws IOException;

    /** A blob that is all there. */
    interface Whole extends OpenBlob {
        @Override
        default long available() {
            return size();
        }

        @Override
        default @Nullable Throwable failure() {
            return null;
        }

        @Override
        default void whenAvailable(long position, Runnable task) {
            task.run();
        }
    }

    /**
     * A blob in a file of this machine.
     *
     * @param channel closed with the source
     */
    record LocalFile(FileChannel channel, long size) implements Whole {
        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
