package io.zeolite.client.cache;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** Reads the log of a {@link CacheFile} as far as it is good. For one thread. */
final class CacheLogReader implements Closeable {
    private static final int BUFFER_BYTES = 1 << 18;

    /** So that small caches too can be told of transactions with many objects. */
    private static final long LEAST_LIMIT_BYTES = 1 << 20;

    private final DataInputStream in;
    private final long length;
    private final long mostBytes;
    private final CRC32C checksum = new CRC32C();
    private long position;

    private CacheLogReader(DataInputStream in, long length, long mostBytes) {
        this.in = in;
        this.length = length;
        this.mostBytes = mostBytes;
    }

    /**
     * Opens a log.
     *
     * @param limitBytes of the cache: a longer record, of which no revision would find a place, is taken for a broken one, as there may not
     *     even be memory for it; in a log that was written for a larger cache, what follows it is lost too
     */
    static CacheLogReader open(Path path, long limitBytes) throws IOException {
        long length = Files.size(path);
        return new CacheLogReader(
                new DataInputStream(new BufferedInputStream(Files.newInputStream(path), BUFFER_BYTES)),
                length,
                Math.max(limitBytes, LEAST_LIMIT_BYTES));
    }

    /** Reads the head: whether it is a log of this format for this storage. */
    boolean isFor(String storage) throws IOException {
        byte[] magic = in.readNBytes(CacheLogWriter.MAGIC.length);
        position = magic.length;
        ByteBuffer name = Arrays.equals(magic, CacheLogWriter.MAGIC) ? body() : null;
        return name != null
                && name.get() == CacheLogWriter.NAME
                && StandardCharsets.UTF_8.decode(name).toString().equals(storage);
    }

    /** @return null at the end, or at the first record that is broken */
    @Nullable
    CacheRecord next() throws IOException {
        long before = position;
        ByteBuffer body = body();
        CacheRecord record = body == null ? null : CacheRecord.parse(body);
        if (record == null) {
            position = before;
        }
        return record;
    }

    private @Nullable ByteBuffer body() throws IOException {
        if (length - position < CacheRecord.HEAD_BYTES) {
            return null;
        }
        int bodyLength = in.readInt();
        int expected = in.readInt();
        long start = position + 2 * Integer.BYTES;
        if (bodyLength < 1 || bodyLength > Math.min(mostBytes, length - start)) {
            return null;
        }
        byte[] body = in.readNBytes(bodyLength);
        checksum.reset();
        checksum.update(body, 0, body.length);
        if (body.length < bodyLength || (int) checksum.getValue() != expected) {
            return null;
        }
        position = start + bodyLength;
        return ByteBuffer.wrap(body);
    }

    /** Behind the last good record. */
    long position() {
        return position;
    }

    long length() {
        return length;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
