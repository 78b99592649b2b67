package io.zeolite.disk;

import com.sun.jna.LastErrorException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A lock file as Python's {@code zc.lockfile} takes it: {@code flock}, whose owner is the open file and not the process,
 * so that two storages of one process exclude each other as well. Java's own file locks are {@code fcntl} locks, which
 * Linux keeps apart from these.
 */
final class LockFile implements Closeable {
    private static final int MAX_HOLDER_LENGTH = 64;

    private final int fd;
    private final AtomicBoolean closed = new AtomicBoolean();

    private LockFile(int fd) {
        this.fd = fd;
    }

    static LockFile acquire(Path path) throws IOException {
        // Java creates the file: open(2) with a mode is variadic, which JNA's direct mapping cannot call everywhere.
        FileChannel.open(path, StandardOpenOption.WRITE, StandardOpenOption.CREATE)
                .close();
        LockFile lock;
        try {
            lock = new LockFile(LibC.open(LibC.nativePath(path), LibC.O_RDWR | LibC.O_CLOEXEC));
        } catch (LastErrorException e) {
            throw new IOException("cannot open the lock file " + path + ": " + e.getMessage(), e);
        } catch (LinkageError e) {
            throw new IOException("cannot lock " + path + ": the native library (JNA) does not load: " + e, e);
        }
        try {
            lock.flock(path);
            writeHolder(path);
            return lock;
        } catch (IOException | RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    private void flock(Path path) throws IOException {
        try {
            LibC.flock(fd, LibC.LOCK_EX | LibC.LOCK_NB);
        } catch (LastErrorException e) {
            if (e.getErrorCode() == LibC.EWOULDBLOCK) {
                throw new LockedException(path, readHolder(path));
            }
            throw new IOException("cannot lock " + path + ": " + e.getMessage(), e);
        }
    }

    private static void writeHolder(Path path) throws IOException {
        byte[] text = (" " + ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII);
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
            ByteBuffer buffer = ByteBuffer.wrap(text);
            while (buffer.hasRemaining()) {
                channel.write(buffer, buffer.position());
            }
            channel.truncate(text.length);
        }
    }

    private static String readHolder(Path path) throws IOException {
        byte[] start;
        try (var in = Files.newInputStream(path)) {
            start = in.readNBytes(MAX_HOLDER_LENGTH);
        }
        String holder = new String(start, StandardCharsets.ISO_8859_1).strip();
        return holder.isEmpty() ? "unknown" : holder;
    }

    /** Unlocks the file, which stays. */
    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            LibC.flock(fd, LibC.LOCK_UN);
            LibC.close(fd);
        }
    }
}
