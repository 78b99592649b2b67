package io.zeolite.disk;

import com.sun.jna.LastErrorException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * {@code flock} on a file: shared by many or held by one, across processes and within this one, since it belongs to the
 * open file and not to the process. It goes with the process, however that ends. Any thread, one at a time.
 */
public final class Flock implements Closeable {
    private static final Path DESCRIPTORS =
            Files.isDirectory(Path.of("/proc/self/fd")) ? Path.of("/proc/self/fd") : Path.of("/dev/fd");

    private final Path path;
    private final int fd;
    private boolean closed;

    private Flock(Path path, int fd) {
        this.path = path;
        this.fd = fd;
    }

    /**
     * Opens a file without locking it.
     *
     * @throws NoSuchFileException if it is not there
     */
    public static Flock open(Path path) throws IOException {
        try {
            return new Flock(path, LibC.open(LibC.nativePath(path), LibC.O_RDONLY | LibC.O_CLOEXEC));
        } catch (LastErrorException e) {
            if (e.getErrorCode() == LibC.ENOENT) {
                throw new NoSuchFileException(path.toString());
            }
            throw new IOException("cannot open " + path + ": " + e.getMessage(), e);
        } catch (LinkageError e) {
            throw new IOException("cannot lock " + path + ": the native library (JNA) does not load: " + e, e);
        }
    }

    /** Another name of the very file that is locked, whatever has become of its first one; valid until it is closed. */
    public Path descriptor() {
        return DESCRIPTORS.resolve(Integer.toString(fd));
    }

    /** Locks it together with others who do the same. @return false if somebody holds it alone */
    public boolean tryShare() throws IOException {
        return flock(LibC.LOCK_SH | LibC.LOCK_NB);
    }

    /** Locks it alone. @return false if somebody else has locked it in any way */
    public boolean tryLock() throws IOException {
        return flock(LibC.LOCK_EX | LibC.LOCK_NB);
    }

    /** Waits until it is locked alone. */
    public void lock() throws IOException {
        flock(LibC.LOCK_EX);
    }

    public void unlock() throws IOException {
        flock(LibC.LOCK_UN);
    }

    private boolean flock(int operation) throws IOException {
        if (closed) {
            // Its descriptor may be another file's by now.
            throw new IOException("cannot lock " + path + ": it is closed");
        }
        while (true) {
            try {
                LibC.flock(fd, operation);
                return true;
            } catch (LastErrorException e) {
                if (e.getErrorCode() == LibC.EWOULDBLOCK) {
                    return false;
                } else if (e.getErrorCode() != LibC.EINTR) {
                    throw new IOException("cannot lock " + path + ": " + e.getMessage(), e);
                }
            }
        }
    }

    /** Closes the file, which unlocks it. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            LibC.close(fd);
        }
    }
}
