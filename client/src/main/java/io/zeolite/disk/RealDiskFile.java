package io.zeolite.disk;

import com.sun.jna.LastErrorException;
import io.zeolite.platform.OperatingSystem;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A file of {@link RealDisk}. */
final class RealDiskFile implements DiskFile {
    /** The JDK copies heap buffers through a direct one of the same size, which it keeps for the thread. */
    private static final int MAX_HEAP_TRANSFER = 128 << 10;

    private static final Logger LOG = LoggerFactory.getLogger(RealDiskFile.class);

    private static final int NO_DESCRIPTOR = -1;
    private static final long NOT_ASKED = -1;

    private volatile Path path;
    private final FileChannel channel;

    /** A descriptor of our own, because {@code FileChannel} does not tell its; opened when it is first needed. */
    private int descriptor = NO_DESCRIPTOR;

    private long maxSize = NOT_ASKED;
    private long wholeBytes = NOT_ASKED;
    private boolean canAllocate = OperatingSystem.LINUX;

    private volatile @Nullable FileMapping mapping;

    RealDiskFile(Path path, FileChannel channel) {
        this.path = path;
        this.channel = channel;
    }

    @Override
    public Path path() {
        return path;
    }

    @Override
    public void moved(Path newPath) {
        path = newPath;
    }

    @Override
    public synchronized void lock() throws LockedException {
        try {
            openDescriptor();
            LibC.flock(descriptor, LibC.LOCK_EX | LibC.LOCK_NB);
        } catch (LastErrorException e) {
            if (e.getErrorCode() == LibC.EWOULDBLOCK) {
                throw new LockedException(path);
            }
            LOG.debug("{} has no lock of its own: {}", path, e.getMessage());
        } catch (LinkageError e) {
            LOG.debug("{} has no lock of its own: {}", path, e.toString());
        }
    }

    @Override
    public synchronized boolean hasItsName() throws IOException {
        if (descriptor == NO_DESCRIPTOR || !OperatingSystem.LINUX) {
            return true;
        }
        Path open = Path.of("/proc/self/fd/" + descriptor);
        return Files.exists(path) && Files.isSameFile(path, open);
    }

    @Override
    public long size() throws IOException {
        return channel.size();
    }

    @Override
    public int read(ByteBuffer buffer, long position) throws IOException {
        int start = buffer.position();
        int end = buffer.limit();
        try {
            while (buffer.position() < end) {
                buffer.limit(transferEnd(buffer, end));
                if (channel.read(buffer, position + buffer.position() - start) < 0) {
                    break;
                }
            }
        } catch (IOException e) {
            if (isOfSystem(e)) {
                int done = buffer.position() - start;
                throw new UnreadableException(path, position + done, end - start - done, e);
            }
            throw e;
        } finally {
            buffer.limit(end);
        }
        return buffer.position() - start;
    }

    /** On Linux alone: elsewhere a file may be neither replaced nor deleted while it is mapped. */
    @Override
    public void mapReads() throws IOException {
        if (OperatingSystem.LINUX && mapping == null) {
            mapping = new FileMapping(this, channel);
        }
    }

    @Override
    public int readMapped(ByteBuffer buffer, long position) throws IOException {
        FileMapping mapped = mapping;
        int start = buffer.position();
        return mapped != null && mapped.read(buffer, position) ? buffer.position() - start : read(buffer, position);
    }

    @Override
    public void write(ByteBuffer buffer, long position) throws IOException {
        int start = buffer.position();
        int end = buffer.limit();
        try {
            while (buffer.position() < end) {
                buffer.limit(transferEnd(buffer, end));
                channel.write(buffer, position + buffer.position() - start);
            }
        } catch (IOException e) {
            if (isOfSystem(e)) {
                int done = buffer.position() - start;
                throw new IOException(
                        path + ": cannot write " + (end - start - done) + " bytes at " + (position + done) + ": "
                                + e.getMessage(),
                        e);
            }
            throw e;
        } finally {
            buffer.limit(end);
        }
        FileMapping mapped = mapping;
        if (mapped != null) {
            mapped.written(position + end - start);
        }
    }

    /** Whether a failure is one that the system tells, in words that name neither the file nor the place. */
    private static boolean isOfSystem(IOException failure) {
        return failure.getClass() == IOException.class;
    }

    private static int transferEnd(ByteBuffer buffer, int end) {
        return buffer.isDirect() ? end : Math.min(end, buffer.position() + MAX_HEAP_TRANSFER);
    }

    @Override
    public void truncate(long size) throws IOException {
        FileMapping mapped = mapping;
        if (mapped != null) {
            mapped.truncate(size);
        }
        channel.truncate(size);
        if (channel.size() != size) {
            throw new EOFException(path + " is shorter than what it was to be cut to: " + channel.size()
                    + " (expected: " + size + ")");
        }
    }

    /** {@code fdatasync}, which covers the length where it has changed. */
    @Override
    public void force() throws IOException {
        try {
            channel.force(false);
        } catch (IOException e) {
            if (isOfSystem(e)) {
                throw new IOException(path + ": cannot force it to the disk: " + e.getMessage(), e);
            }
            throw e;
        }
    }

    @Override
    public synchronized void reserve(long end) throws IOException {
        long size = channel.size();
        if (end <= size) {
            return;
        }
        if (!(canAllocate && allocate(size, end))) {
            canAllocate = false;
            long available = Files.getFileStore(path).getUsableSpace();
            if (available < end - size) {
                throw new NoSpaceException(path, end - size, available);
            }
        }
    }

    /** @return false if this file system, or this machine, cannot reserve room */
    private boolean allocate(long size, long end) throws IOException {
        try {
            if (maxSize == NOT_ASKED) {
                maxSize = LinuxSpace.maxFileSize();
            }
            if (end > maxSize) {
                throw new NoSpaceException(path, end - size, Math.max(0, maxSize - size));
            }
            openDescriptor();
            allocateFully(size, end - size);
            return true;
        } catch (LinkageError e) {
            return false;
        } catch (LastErrorException e) {
            switch (e.getErrorCode()) {
                case LinuxSpace.EOPNOTSUPP, LinuxSpace.ENOSYS -> {
                    return false;
                }
                case LinuxSpace.ENOSPC, LinuxSpace.EDQUOT, LinuxSpace.EFBIG -> {
                    long available = Files.getFileStore(path).getUsableSpace();
                    NoSpaceException noSpace = new NoSpaceException(path, end - size, available);
                    noSpace.initCause(e);
                    throw noSpace;
                }
                default -> throw new IOException("cannot reserve room for " + path + ": " + e.getMessage(), e);
            }
        }
    }

    @Override
    public synchronized boolean writesWhole(int bytes) {
        if (wholeBytes == NOT_ASKED) {
            wholeBytes = BlockDevice.wholeBytes(path);
        }
        return canAllocate && bytes <= wholeBytes;
    }

    private void allocateFully(long offset, long length) {
        while (true) {
            try {
                LinuxSpace.fallocate(descriptor, LinuxSpace.FALLOC_FL_KEEP_SIZE, offset, length);
                return;
            } catch (LastErrorException e) {
                if (e.getErrorCode() != LibC.EINTR) {
                    throw e;
                }
            }
        }
    }

    /** The JDK's truncate does nothing where the length stays; the system's gives the room back. */
    @Override
    public synchronized void releaseRoom() throws IOException {
        if (!canAllocate) {
            return;
        }
        try {
            openDescriptor();
            // Its own length, whatever has the file's name by now.
            LinuxSpace.ftruncate(descriptor, LinuxSpace.lseek(descriptor, 0, LinuxSpace.SEEK_END));
        } catch (LinkageError e) {
            canAllocate = false;
        } catch (LastErrorException e) {
            throw new IOException("cannot give back room that " + path + " does not need: " + e.getMessage(), e);
        }
    }

    private void openDescriptor() {
        if (descriptor == NO_DESCRIPTOR) {
            descriptor = LibC.open(LibC.nativePath(path), LibC.O_RDWR | LibC.O_CLOEXEC);
        }
    }

    @Override
    public synchronized void close() throws IOException {
        if (descriptor != NO_DESCRIPTOR) {
            LibC.close(descriptor);
            descriptor = NO_DESCRIPTOR;
        }
        FileMapping mapped = mapping;
        if (mapped != null) {
            mapped.close();
        }
        channel.close();
    }
}
