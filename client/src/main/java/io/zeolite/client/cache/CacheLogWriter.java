package io.zeolite.client.cache;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/** Appends to the log of a {@link CacheFile}. For one thread. */
final class CacheLogWriter implements Closeable {
    static final byte[] MAGIC = "ZEOLITE CACHE 1\n".getBytes(StandardCharsets.US_ASCII);
    static final byte NAME = 'N';

    private static final int BUFFER_BYTES = 1 << 18;

    private final FileChannel channel;
    private final CRC32C checksum = new CRC32C();
    private ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);

    private CacheLogWriter(FileChannel channel) {
        this.channel = channel;
    }

    /** Begins a new log, in the place of an old one. */
    static CacheLogWriter begin(Path path, String storage) throws IOException {
        CacheLogWriter writer = new CacheLogWriter(FileChannel.open(
                path, StandardOpenOption.WRITE, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING));
        byte[] name = storage.getBytes(StandardCharsets.UTF_8);
        writer.buffer.put(MAGIC);
        int start = writer.startRecord(CacheRecord.HEAD_BYTES + name.length, NAME);
        writer.buffer.put(name);
        writer.endRecord(start);
        writer.flush();
        return writer;
    }

    /** Goes on behind so many bytes of a log. */
    static CacheLogWriter carryOn(Path path, long length) throws IOException {
        FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE);
        channel.truncate(length);
        channel.position(length);
        return new CacheLogWriter(channel);
    }

    void append(CacheRecord record) throws IOException {
        if (buffer.remaining() < record.bytes()) {
            flush();
        }
        int start = startRecord(record.bytes(), record.kind());
        record.write(buffer);
        endRecord(start);
    }

    private int startRecord(int bytes, byte kind) {
        if (buffer.remaining() < bytes) {
            // Flushed, or only the magic is in it.
            ByteBuffer larger = ByteBuffer.allocate(buffer.position() + bytes);
            buffer = larger.put(buffer.flip());
        }
        int start = buffer.position();
        buffer.putInt(0).putInt(0).put(kind);
        return start;
    }

    private void endRecord(int start) {
        int bodyStart = start + 2 * Integer.BYTES;
        int length = buffer.position() - bodyStart;
        checksum.reset();
        checksum.update(buffer.array(), bodyStart, length);
        buffer.putInt(start, length).putInt(start + Integer.BYTES, (int) checksum.getValue());
    }

    /** Hands everything to the system. */
    void flush() throws IOException {
        buffer.flip();
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
        buffer = buffer.capacity() > BUFFER_BYTES ? ByteBuffer.allocate(BUFFER_BYTES) : buffer.clear();
    }

    /** How long the log is, with what was not flushed. */
    long length() throws IOException {
        return channel.position() + buffer.position();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
