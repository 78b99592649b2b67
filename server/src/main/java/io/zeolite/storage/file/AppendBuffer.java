package io.zeolite.storage.file;

import static io.zeolite.storage.file.FileFormat.DATA_HEADER_LENGTH;
import static io.zeolite.storage.file.FileFormat.TRANSACTION_HEADER_LENGTH;

import io.zeolite.disk.DiskFile;
import io.zeolite.storage.TransactionMetadata;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Writes a data file from some position on, a piece at a time. For one thread. */
class AppendBuffer {
    private static final int LENGTH = 1 << 20;

    private final DiskFile file;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(LENGTH);
    /** Where the first byte of the buffer goes. */
    private long flushed;

    AppendBuffer(DiskFile file) {
        this.file = file;
    }

    final DiskFile file() {
        return file;
    }

    /** Where the next byte goes. */
    final long position() {
        return flushed + buffer.position();
    }

    /** Goes on at another position. What has not been flushed is forgotten. */
    final void startAt(long position) {
        buffer.clear();
        flushed = position;
    }

    /** Room for a few bytes, which are there when the next thing is put. */
    final ByteBuffer makeRoom(int length) throws IOException {
        if (buffer.remaining() < length) {
            flush();
        }
        return buffer;
    }

    final void putLong(long value) throws IOException {
        makeRoom(Long.BYTES).putLong(value);
    }

    final void put(byte[] bytes) throws IOException {
        int done = 0;
        while (done < bytes.length) {
            makeRoom(1);
            int part = Math.min(bytes.length - done, buffer.remaining());
            buffer.put(bytes, done, part);
            done += part;
        }
    }

    /** Puts all of a transaction that comes before its records. */
    final void putTransactionHeader(long tid, long length, byte status, TransactionMetadata metadata)
            throws IOException {
        makeRoom(TRANSACTION_HEADER_LENGTH).putLong(tid).putLong(length).put(status);
        buffer.putShort((short) metadata.user().length);
        buffer.putShort((short) metadata.description().length);
        buffer.putShort((short) metadata.extension().length);
        put(metadata.user());
        put(metadata.description());
        put(metadata.extension());
    }

    /** Puts the start of a record. */
    final void putDataHeader(long oid, long tid, long previous, long transaction, long dataLength) throws IOException {
        makeRoom(DATA_HEADER_LENGTH).putLong(oid).putLong(tid).putLong(previous).putLong(transaction);
        buffer.putShort((short) 0).putLong(dataLength);
    }

    /** Changes a number that was put, in the file or still in the buffer. */
    final void changeLong(long position, long value) throws IOException {
        if (position >= flushed) {
            buffer.putLong((int) (position - flushed), value);
        } else {
            file.write(ByteBuffer.allocate(Long.BYTES).putLong(0, value), position);
        }
    }

    /** Writes what is in the buffer. Returns how many bytes that was. */
    int flush() throws IOException {
        buffer.flip();
        int length = buffer.remaining();
        file.write(buffer, flushed);
        flushed += length;
        buffer.clear();
        return length;
    }
}
