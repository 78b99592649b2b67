package io.zeolite.blob;

import java.io.IOException;
import java.nio.ByteBuffer;

/** An object that is being read, from some byte to its end. One thread at a time. */
public interface StoredContent extends AutoCloseable {
    /** The object as a whole, whatever part of it is read. */
    StoredObject object();

    /**
     * Reads what is there, at least one byte; waits for it as long as the store's time-outs allow.
     *
     * @return how many bytes, or -1 at the end; the end may come early, when a connection breaks
     */
    int read(ByteBuffer buffer) throws IOException;

    /** Lets go of it at once, whether it has been read to the end or not. */
    @Override
    void close();
}
