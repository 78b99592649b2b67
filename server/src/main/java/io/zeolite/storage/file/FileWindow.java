package io.zeolite.storage.file;

import static io.zeolite.storage.file.FileFormat.DATA_HEADER_LENGTH;
import static io.zeolite.storage.file.FileFormat.TRANSACTION_HEADER_LENGTH;

import io.zeolite.disk.DiskFile;
import io.zeolite.disk.UnreadableException;
import io.zeolite.storage.RecordTarget;
import io.zeolite.storage.TransactionMetadata;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A piece of a file in memory, which moves to whatever is asked for. For one thread, and for bytes that do not change
 * meanwhile.
 */
final class FileWindow {
    /** What the system reads from a disk at least, or fails to read. */
    private static final int PAGE_LENGTH = 4096;

    private static final int MAX_ARRAY_LENGTH = Integer.MAX_VALUE - 8;

    private final DiskFile file;
    private final boolean mapped;
    private final ByteBuffer buffer;
    private long start;

    /** @param buffer as long as the window; lent to it as long as it is used */
    FileWindow(DiskFile file, ByteBuffer buffer) {
        this(file, false, buffer);
    }

    /** @param mapped whether it reads by {@link DiskFile#readMapped} */
    FileWindow(DiskFile file, boolean mapped, ByteBuffer buffer) {
        this.file = file;
        this.mapped = mapped;
        this.buffer = buffer.clear().limit(0);
    }

    DiskFile file() {
        return file;
    }

    TransactionHeader transactionHeader(long position) throws IOException {
        int at = require(position, TRANSACTION_HEADER_LENGTH);
        return new TransactionHeader(
                position,
                buffer.getLong(at),
                buffer.getLong(at + FileFormat.LENGTH_OFFSET),
                buffer.get(at + FileFormat.STATUS_OFFSET),
                unsignedShort(at + FileFormat.ULEN_OFFSET),
                unsignedShort(at + FileFormat.DLEN_OFFSET),
                unsignedShort(at + FileFormat.ELEN_OFFSET));
    }

    /** What the client said of a transaction; its header must fit into the transaction. */
    TransactionMetadata metadata(TransactionHeader header) throws IOException {
        long user = header.position() + TRANSACTION_HEADER_LENGTH;
        long description = user + header.userLength();
        long extension = description + header.descriptionLength();
        return new TransactionMetadata(
                getBytes(user, header.userLength()),
                getBytes(description, header.descriptionLength()),
                getBytes(extension, header.extensionLength()));
    }

    DataHeader dataHeader(long position) throws IOException {
        int at = require(position, DATA_HEADER_LENGTH);
        return new DataHeader(
                position,
                buffer.getLong(at),
                buffer.getLong(at + FileFormat.TID_OFFSET),
                buffer.getLong(at + FileFormat.PREV_OFFSET),
                buffer.getLong(at + FileFormat.TLOC_OFFSET),
                unsignedShort(at + FileFormat.VERSION_LENGTH_OFFSET),
                buffer.getLong(at + FileFormat.PLEN_OFFSET));
    }

    private int unsignedShort(int at) {
        return buffer.getShort(at) & 0xffff;
    }

    long getLong(long position) throws IOException {
        return buffer.getLong(require(position, Long.BYTES));
    }

    /** Like {@link #getLong}, but leaves the window where it is. */
    long peekLong(long position) throws IOException {
        if (holds(position, Long.BYTES)) {
            return buffer.getLong((int) (position - start));
        }
        ByteBuffer single = ByteBuffer.allocate(Long.BYTES);
        if (read(single, position) < Long.BYTES) {
            throw endsBefore(position + Long.BYTES);
        }
        return single.getLong(0);
    }

    /** The data of a record that has some, as long as its header says. */
    byte[] data(DataHeader record) throws IOException {
        return getBytes(record.dataStart(), dataLength(record));
    }

    /** The same, to where it is wanted. */
    void data(DataHeader record, RecordTarget target) throws IOException {
        getBytes(record.dataStart(), target.room(dataLength(record)));
    }

    private int dataLength(DataHeader record) throws IOException {
        if (record.dataLength() < 0 || record.dataLength() > MAX_ARRAY_LENGTH) {
            throw new IOException(file.path() + " has a record of " + Long.toUnsignedString(record.dataLength())
                    + " bytes at " + record.position() + " (expected: at most " + MAX_ARRAY_LENGTH + ")");
        }
        return (int) record.dataLength();
    }

    byte[] getBytes(long position, int length) throws IOException {
        byte[] bytes = new byte[length];
        getBytes(position, bytes, length);
        return bytes;
    }

    /** Reads into the beginning of an array. Leaves the window where it is. */
    void getBytes(long position, byte[] bytes, int length) throws IOException {
        getBytes(position, ByteBuffer.wrap(bytes, 0, length));
    }

    private void getBytes(long position, ByteBuffer target) throws IOException {
        int length = target.remaining();
        int held = 0;
        if (holds(position, 0)) {
            int at = (int) (position - start);
            held = Math.min(length, buffer.limit() - at);
            target.put(target.position(), buffer, at, held);
            target.position(target.position() + held);
        }
        if (held < length && read(target, position + held) < length - held) {
            throw endsBefore(position + length);
        }
    }

    /** Moves to a position, and copies what follows it, as much of it as the window holds. Returns how much that is. */
    int copy(long position, int length, ByteBuffer target) throws IOException {
        int at = require(position, 1);
        int part = Math.min(length, buffer.limit() - at);
        target.put(target.position(), buffer, at, part);
        target.position(target.position() + part);
        return part;
    }

    /** Forgets what is in memory. */
    void forget() {
        buffer.clear().limit(0);
    }

    /** Moves the window so that it ends at or after a position, with as much before it as there is room for. */
    void moveBefore(long position) throws IOException {
        moveTo(Math.max(0, position - buffer.capacity()));
    }

    boolean holds(long position, int length) {
        return position >= start && position + length <= start + buffer.limit();
    }

    /** Moves to a position if need be, and says whether the disk can read what is there. */
    boolean isReadable(long position, int length) throws IOException {
        try {
            require(position, length);
            return true;
        } catch (UnreadableException e) {
            return false;
        }
    }

    /** Where to go on after a position that is not {@link #isReadable}. Each try may take the disk long. */
    static long afterUnreadable(long position) {
        return (position / PAGE_LENGTH + 1) * PAGE_LENGTH;
    }

    private int require(long position, int length) throws IOException {
        if (!holds(position, length)) {
            try {
                moveTo(position);
            } catch (UnreadableException e) {
                // It may lie behind what is asked for.
                if (buffer.limit() < length) {
                    throw e;
                }
            }
            if (buffer.limit() < length) {
                throw endsBefore(position + length);
            }
        }
        return (int) (position - start);
    }

    private void moveTo(long position) throws IOException {
        start = position;
        buffer.clear();
        try {
            read(buffer, position);
        } finally {
            // What was read, if it was only a part.
            buffer.flip();
        }
    }

    private int read(ByteBuffer target, long position) throws IOException {
        return mapped ? file.readMapped(target, position) : file.read(target, position);
    }

    private EOFException endsBefore(long position) throws IOException {
        return new EOFException(file.path() + " has " + file.size() + " bytes (expected: at least " + position + ")");
    }
}
