package io.zeolite.commit.staging;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * An open file that belongs to one transaction. One thread at a time writes; reads may run at any time on any thread.
 * Nothing in it has to survive a crash: whoever takes over a file that must, forces it.
 */
public interface StagingFile {
    /** What it is called in messages. There need not be a file of that name. */
    Path path();

    /** Writes all of the buffers, one after the other, at the end of the file. */
    void append(ByteBuffer... pieces) throws IOException;

    /**
     * Reads at a position until the buffer is full or the file ends.
     *
     * @return the number of bytes read, less than what the buffer had room for only at the end of the file; 0 beyond it
     */
    int read(ByteBuffer buffer, long position) throws IOException;

    /** Closes it; the file stays. */
    void close() throws IOException;

    /** Closes it and deletes the file. */
    void discard() throws IOException;

    /**
     * Opens an existing file, which is empty, for appending and reading.
     *
     * @param toBeForced whether somebody will force it, so that it is sent on its way to the disk while it grows
     */
    static StagingFile open(Path path, boolean toBeForced) throws IOException {
        return LocalStagingFile.open(path, toBeForced);
    }
}
