package io.zeolite.disk;

import com.sun.jna.LastErrorException;
import io.zeolite.platform.OperatingSystem;
import java.io.Closeable;
import java.nio.file.Path;

/**
 * Begins to write what is in the page cache to the disk while more is appended to a file, so that little is left when it
 * is forced. It is a hint: nothing is on disk before a force has returned, failures of the disk are reported by that force, and
 * where the system cannot do it, nothing happens. One thread at a time.
 */
public final class WriteBack implements Closeable {
    private static final int CLOSED = -1;

    private int fd;

    private WriteBack(int fd) {
        this.fd = fd;
    }

    /** For a file that is there, under this name. */
    public static WriteBack of(Path path) {
        if (!OperatingSystem.LINUX) {
            return new WriteBack(CLOSED);
        }
        try {
            return new WriteBack(LibC.open(LibC.nativePath(path), LibC.O_RDWR | LibC.O_CLOEXEC));
        } catch (LastErrorException | LinkageError e) {
            return new WriteBack(CLOSED);
        }
    }

    /** Begins to write a range of bytes. It waits only if the disk has more to write already than it can take. */
    public void begin(long offset, long length) {
        if (fd == CLOSED) {
            return;
        }
        try {
            LinuxWriteBack.sync_file_range(fd, offset, length, LinuxWriteBack.SYNC_FILE_RANGE_WRITE);
        } catch (LastErrorException | LinkageError e) {
            // The file system has no such thing, or the C library; there is no use in asking again.
            close();
        }
    }

    @Override
    public void close() {
        int open = fd;
        fd = CLOSED;
        if (open != CLOSED) {
            try {
                LibC.close(open);
            } catch (LastErrorException e) {
                // Its own descriptor tells whoever writes the file.
            }
        }
    }
}
