package io.zeolite.storage.file;

import io.zeolite.disk.DiskFile;
import io.zeolite.storage.PackControl.Pace;
import java.io.Closeable;
import java.io.IOException;

/**
 * The file that a pack writes, from its beginning to its end. Each piece is forced to disk when it is written, so that
 * little is left to be forced at the end, and so that a commit never waits for much of what the pack has written. For one
 * thread.
 */
final class PackOutput extends AppendBuffer implements Closeable {
    private final Pace pace;

    PackOutput(DiskFile file, Pace pace) {
        super(file);
        this.pace = pace;
    }

    /** Begins anew. */
    void restart() throws IOException {
        file().truncate(0);
        startAt(0);
    }

    /** Copies a part of another file. */
    void copy(PackSource source, long position, long length) throws IOException {
        long done = 0;
        while (done < length) {
            done += source.copy(position + done, length - done, makeRoom(1));
        }
    }

    /** Brings everything to the disk. */
    void force() throws IOException {
        flush();
    }

    @Override
    int flush() throws IOException {
        int length = super.flush();
        pace.spent(length);
        file().force();
        return length;
    }

    @Override
    public void close() throws IOException {
        file().close();
    }
}
