package io.zeolite.commit.staging;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** A staging file in memory, on a disk of limited size. */
final class MemoryFile implements StagingFile {
    private final ByteArrayOutputStream content = new ByteArrayOutputStream();
    private final int capacity;

    boolean closed;
    boolean discarded;
    int reads;
    int appends;
    private boolean failsNextRead;

    MemoryFile(int capacity) {
        this.capacity = capacity;
    }

    byte[] content() {
        return content.toByteArray();
    }

    @Override
    public Path path() {
        return Path.of("memory", "file");
    }

    @Override
    public void append(ByteBuffer... pieces) throws IOException {
        appends++;
        for (ByteBuffer bytes : pieces) {
            int room = capacity - content.size();
            byte[] appended = new byte[Math.min(room, bytes.remaining())];
            bytes.get(appended);
            content.writeBytes(appended);
            if (bytes.hasRemaining()) {
                throw new IOException("No space left on device");
            }
        }
    }

    void failNextRead() {
        failsNextRead = true;
    }

    @Override
    public int read(ByteBuffer buffer, long position) throws IOException {
        if (closed) {
            throw new IOException("closed");
        }
        reads++;
        if (failsNextRead) {
            failsNextRead = false;
            throw new IOException("cannot be read now");
        }
        int length = Math.max(0, Math.min(buffer.remaining(), content.size() - (int) position));
        buffer.put(content.toByteArray(), (int) position, length);
        return length;
    }

    @Override
    public void close() {
        closed = true;
    }

    @Override
    public void discard() {
        closed = true;
        discarded = true;
    }
}
