package io.zeolite.storage.file;

import static io.zeolite.storage.file.FileFormat.FIRST_TRANSACTION;
import static io.zeolite.storage.file.FileFormat.TRAILER_LENGTH;
import static io.zeolite.storage.file.FileFormat.TRANSACTION_HEADER_LENGTH;

import io.zeolite.disk.Disk;
import io.zeolite.disk.DiskFile;
import io.zeolite.storage.TransactionMetadata;
import io.zeolite.storage.index.PositionIndex;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * Writes a new data file out of the transactions of another, parts of which are missing: with their tids, statuses and
 * metadata as they were, and all positions as they are now. Nothing counts before {@link #force}; nobody else may use the
 * file. For one thread.
 */
public final class SalvageWriter implements Closeable {
    private static final int BUFFER_LENGTH = 1 << 20;

    private final DiskFile file;
    private final PositionIndex index = new PositionIndex();
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_LENGTH);
    /** Where the first byte of the buffer goes. */
    private long flushed;

    private long transaction;

    private SalvageWriter(DiskFile file) {
        this.file = file;
    }

    /**
     * Starts a file, emptying one that is there.
     *
     * @param python2 whether the records are those of Python 2, which the first bytes then say
     */
    public static SalvageWriter create(Disk disk, Path path, boolean python2) throws IOException {
        SalvageWriter writer = new SalvageWriter(disk.open(path, Disk.Mode.REPLACE));
        writer.buffer.putInt(python2 ? FileFormat.PYTHON_2_MAGIC : FileFormat.MAGIC);
        return writer;
    }

    /** Where the next byte goes. */
    public long position() {
        return flushed + buffer.position();
    }

    /** The objects and their newest records so far, those of a transaction that was begun included. */
    public PositionIndex index() {
        return index;
    }

    /** Begins a transaction; {@link #end} gives it its length. */
    public void begin(long tid, byte status, TransactionMetadata metadata) throws IOException {
        transaction = position();
        room(TRANSACTION_HEADER_LENGTH);
        buffer.putLong(tid).putLong(0).put(status);
        buffer.putShort((short) metadata.user().length);
        buffer.putShort((short) metadata.description().length);
        buffer.putShort((short) metadata.extension().length);
        put(metadata.user());
        put(metadata.description());
        put(metadata.extension());
    }

    /** Adds a record with data. Returns where it is. */
    public long add(long oid, long tid, byte[] data) throws IOException {
        long position = header(oid, tid, data.length);
        put(data);
        return position;
    }

    /**
     * Adds a record without data. Returns where it is.
     *
     * @param target the record of this file that has the data, 0 if the object does not exist any more
     */
    public long addBackPointer(long oid, long tid, long target) throws IOException {
        long position = header(oid, tid, 0);
        room(Long.BYTES);
        buffer.putLong(target);
        return position;
    }

    private long header(long oid, long tid, long dataLength) throws IOException {
        long position = position();
        if (position >= FileFormat.POSITION_LIMIT) {
            throw new IOException(file.path() + " would be longer than an index can say: " + position
                    + " bytes (expected: less than " + FileFormat.POSITION_LIMIT + ")");
        }
        room(FileFormat.DATA_HEADER_LENGTH);
        buffer.putLong(oid).putLong(tid).putLong(index.get(oid)).putLong(transaction);
        buffer.putShort((short) 0).putLong(dataLength);
        index.put(oid, position);
        return position;
    }

    /** Ends the transaction. */
    public void end() throws IOException {
        long length = position() - transaction;
        room(TRAILER_LENGTH);
        buffer.putLong(length);
        patch(transaction + FileFormat.LENGTH_OFFSET, length);
    }

    /** Changes what is in the file, or still in the buffer. */
    private void patch(long position, long value) throws IOException {
        if (position < flushed && position + Long.BYTES > flushed) {
            flush();
        }
        if (position >= flushed) {
            buffer.putLong((int) (position - flushed), value);
        } else {
            file.write(ByteBuffer.allocate(Long.BYTES).putLong(0, value), position);
        }
    }

    private void put(byte[] bytes) throws IOException {
        int done = 0;
        while (done < bytes.length) {
            room(1);
            int part = Math.min(bytes.length - done, buffer.remaining());
            buffer.put(bytes, done, part);
            done += part;
        }
    }

    private void room(int length) throws IOException {
        if (buffer.remaining() < length) {
            flush();
        }
    }

    private void flush() throws IOException {
        buffer.flip();
        int length = buffer.remaining();
        file.write(buffer, flushed);
        flushed += length;
        buffer.clear();
    }

    /** When it returns, all transactions that were ended are on disk. */
    public void force() throws IOException {
        flush();
        if (flushed < FIRST_TRANSACTION) {
            throw new IllegalStateException("nothing was written");
        }
        file.force();
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
