package io.zeolite.commit.staging;

import io.zeolite.disk.WriteBack;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/** A staging file on a file system of this machine. */
final class LocalStagingFile implements StagingFile {
    /**
     * The most that is given to the system in one call. Java copies it through a direct buffer that the thread keeps for
     * ever, so this bounds what the I/O threads hold, however large a record is.
     */
    private static final int SLICE_BYTES = 1 << 18;

    /** So much is appended before it is sent on its way to the disk; smaller files wait until they are forced. */
    private static final int WRITE_BACK_BYTES = 1 << 18;

    private static final int PAGE_BYTES = 4096;

    private final Path path;
    private final FileChannel channel;
    private final boolean toBeForced;
    private @Nullable WriteBack writeBack;
    private long length;
    private long begun;

    private LocalStagingFile(Path path, FileChannel channel, boolean toBeForced) {
        this.path = path;
        this.channel = channel;
        this.toBeForced = toBeForced;
    }

    static StagingFile open(Path path, boolean toBeForced) throws IOException {
        return new LocalStagingFile(
                path, FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE), toBeForced);
    }

    /** A new file without a name: however the process ends, its space is free afterwards. */
    static StagingFile unnamed(Path directory) throws IOException {
        Path path = Files.createTempFile(directory, "zeolite-spill-", ".tmp");
        // On Unix the name goes as soon as the file is open.
        FileChannel channel = FileChannel.open(
                path, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE);
        return new LocalStagingFile(path, channel, false);
    }

    @Override
    public Path path() {
        return path;
    }

    @Override
    public void append(ByteBuffer... pieces) throws IOException {
        int from = 0;
        while (from < pieces.length) {
            int to = from;
            long bytes = 0;
            while (to < pieces.length && pieces[to].isDirect()) {
                bytes += pieces[to++].remaining();
            }
            if (to > from) {
                appendDirect(pieces, from, to - from, bytes);
            } else {
                appendInSlices(pieces[to++]);
            }
            from = to;
        }
        if (toBeForced && length - begun >= WRITE_BACK_BYTES) {
            if (writeBack == null) {
                writeBack = WriteBack.of(path);
            }
            // A page that more is appended to would be written twice.
            long end = length - length % PAGE_BYTES;
            writeBack.begin(begun, end - begun);
            begun = end;
        }
    }

    private void appendDirect(ByteBuffer[] pieces, int from, int count, long bytes) throws IOException {
        long missing = bytes;
        while (missing > 0) {
            long written = channel.write(pieces, from, count);
            length += written;
            missing -= written;
        }
    }

    private void appendInSlices(ByteBuffer bytes) throws IOException {
        int end = bytes.limit();
        while (bytes.position() < end) {
            bytes.limit(Math.min(end, bytes.position() + SLICE_BYTES));
            length += channel.write(bytes);
        }
    }

    @Override
    public int read(ByteBuffer buffer, long position) throws IOException {
        int start = buffer.position();
        int end = buffer.limit();
        while (buffer.position() < end) {
            buffer.limit(Math.min(end, buffer.position() + SLICE_BYTES));
            if (channel.read(buffer, position + buffer.position() - start) < 0) {
                break;
            }
        }
        buffer.limit(end);
        return buffer.position() - start;
    }

    @Override
    public void close() throws IOException {
        if (writeBack != null && length > begun) {
            // It is forced soon, on another thread.
            writeBack.begin(begun, length - begun);
        }
        release();
    }

    private void release() throws IOException {
        if (writeBack != null) {
            writeBack.close();
        }
        channel.close();
    }

    @Override
    public void discard() throws IOException {
        try {
            release();
        } finally {
            Files.deleteIfExists(path);
        }
    }
}
