package io.zeolite.storage.index;

import io.zeolite.disk.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Writes an index file, byte for byte as Python would. */
final class IndexWriter implements PositionIndex.Visitor<IOException> {
    private static final int PROTOCOL = 3;
    private static final int MAX_BUCKET_ENTRIES = 1 << 16;
    private static final int MAX_SHORT_LENGTH = 255;
    private static final int BUFFER_LENGTH = 64 << 10;
    /** Room for everything between two buckets. */
    private static final int MAX_FRAME_LENGTH = 64;

    private final DiskFile file;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_LENGTH).order(ByteOrder.LITTLE_ENDIAN);
    private final ByteBuffer suffixes = ByteBuffer.allocate(2 * MAX_BUCKET_ENTRIES);
    private final ByteBuffer positions = ByteBuffer.allocate(6 * MAX_BUCKET_ENTRIES);
    private long prefix;
    private long written;

    IndexWriter(DiskFile file) {
        this.file = file;
    }

    void write(PositionIndex index, long end) throws IOException {
        putProtocol();
        putInt(end);
        buffer.put((byte) Opcodes.STOP);
        index.forEach(this);
        finishBucket();
        putProtocol();
        buffer.put((byte) Opcodes.NONE).put((byte) Opcodes.STOP);
        flush();
    }

    @Override
    public void visit(long oid, long position) throws IOException {
        if (oid >>> 16 != prefix) {
            finishBucket();
            prefix = oid >>> 16;
        }
        suffixes.putShort((short) oid);
        positions.putShort((short) (position >>> 32)).putInt((int) position);
    }

    private void finishBucket() throws IOException {
        int length = suffixes.position() + positions.position();
        if (length == 0) {
            return;
        }
        if (buffer.remaining() < MAX_FRAME_LENGTH) {
            flush();
        }
        putProtocol();
        buffer.put((byte) Opcodes.SHORT_BINBYTES).put((byte) 6);
        buffer.putShort(Short.reverseBytes((short) (prefix >>> 32))).putInt(Integer.reverseBytes((int) prefix));
        if (length <= MAX_SHORT_LENGTH) {
            buffer.put((byte) Opcodes.SHORT_BINBYTES).put((byte) length);
        } else {
            buffer.put((byte) Opcodes.BINBYTES).putInt(length);
        }
        put(suffixes);
        put(positions);
        if (buffer.remaining() < MAX_FRAME_LENGTH) {
            flush();
        }
        buffer.put((byte) Opcodes.TUPLE2).put((byte) Opcodes.STOP);
    }

    private void putProtocol() {
        buffer.put((byte) Opcodes.PROTO).put((byte) PROTOCOL);
    }

    private void putInt(long value) {
        if (value <= 0xff) {
            buffer.put((byte) Opcodes.BININT1).put((byte) value);
        } else if (value <= 0xffff) {
            buffer.put((byte) Opcodes.BININT2).putShort((short) value);
        } else if (value <= Integer.MAX_VALUE) {
            buffer.put((byte) Opcodes.BININT).putInt((int) value);
        } else {
            // With room for the sign bit.
            int length = (64 - Long.numberOfLeadingZeros(value)) / 8 + 1;
            buffer.put((byte) Opcodes.LONG1).put((byte) length);
            for (int i = 0; i < length; i++) {
                buffer.put((byte) (value >>> (8 * i)));
            }
        }
    }

    /** Writes what has been put into one of the parts of a bucket, and empties it. */
    private void put(ByteBuffer part) throws IOException {
        part.flip();
        if (part.remaining() <= buffer.remaining()) {
            buffer.put(part);
        } else {
            flush();
            file.write(part, written);
            written += part.limit();
        }
        part.clear();
    }

    private void flush() throws IOException {
        buffer.flip();
        int length = buffer.remaining();
        file.write(buffer, written);
        written += length;
        buffer.clear();
    }
}
