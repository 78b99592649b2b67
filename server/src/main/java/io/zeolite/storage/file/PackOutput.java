package io.zeolite.storage.file;

import io.zeolite.disk.DiskFile;
import io.zeolite.storage.PackControl.Pace;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/** The file that a pack writes, from its beginning to its end. For one thread. */
final class PackOutput implements Closeable {
    /**
     * So much is written at a time, and forced to disk, so that little is left to be forced at the end, and so that a
     * commit never waits for much of what the pack has written.
     */
    private static final int BUFFER_LENGTH = 1 << 20;

    private final DiskFile file;
    private final Pace pace;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_LENGTH);
    /** Where the first byte of the buffer goes. */
    private long bufferPosition;

    PackOutput(DiskFile file, Pace pace) {
        this.file = file;
        this.pace = pace;
    }

    DiskFile file() {
        return file;
    }

    /** Where the next byte goes. */
    long position() {
        return bufferPosition + buffer.position();
    }

    /** Begins anew. */
    void restart() throws IOException {
        buffer.clear();
        file.truncate(0);
        bufferPosition = 0;
    }

    void putLong(long value) throws IOException {
        makeRoom(Long.BYTES).putLong(value);
    }

    /** Room for a few bytes, which are there when the next thing is put. */
    ByteBuffer makeRoom(int length) throws IOException {
        if (buffer.remaining() < length) {
            force();
        }
        return buffer;
    }

    /** Copies a part of another file. */
    void copy(PackSource source, long position, long length) throws IOException {
        long done = 0;
        while (done < length) {
            makeRoom(1);
            done += source.copy(position + done, length - done, buffer);
        }
    }

    /** Brings everything to the disk. */
    void force() throws IOException {
        buffer.flip();
        int length = buffer.remaining();
        file.write(buffer, bufferPosition);
        bufferPosition += length;
        buffer.clear();
        pace.spent(length);
        file.force();
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
