package io.zeolite.storage.file;

import static io.zeolite.storage.file.FileFormat.FIRST_TRANSACTION;

import io.zeolite.disk.Disk;
import io.zeolite.disk.DiskFile;
import io.zeolite.storage.TransactionMetadata;
import io.zeolite.storage.index.PositionIndex;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Writes a new data file out of the transactions of another, parts of which are missing: with their tids, statuses and
 * metadata as they were, and all positions as they are now. Nothing counts before {@link #force}; nobody else may use the
 * file. For one thread.
 */
public final class SalvageWriter implements Closeable {
    private final DiskFile file;
    private final AppendBuffer output;
    private final PositionIndex index = new PositionIndex();
    private long transaction;

    private SalvageWriter(DiskFile file) {
        this.file = file;
        this.output = new AppendBuffer(file);
    }

    /**
     * Starts a file, emptying one that is there.
     *
     * @param python2 whether the records are those of Python 2, which the first bytes then say
     */
    public static SalvageWriter create(Disk disk, Path path, boolean python2) throws IOException {
        SalvageWriter writer = new SalvageWriter(disk.open(path, Disk.Mode.REPLACE));
        writer.output.makeRoom(Integer.BYTES).putInt(python2 ? FileFormat.PYTHON_2_MAGIC : FileFormat.MAGIC);
        return writer;
    }

    /** Where the next byte goes. */
    public long position() {
        return output.position();
    }

    /** The objects and their newest records so far, those of a transaction that was begun included. */
    public PositionIndex index() {
        return index;
    }

    /** Begins a transaction; {@link #end} gives it its length. */
    public void begin(long tid, byte status, TransactionMetadata metadata) throws IOException {
        transaction = position();
        output.putTransactionHeader(tid, 0, status, metadata);
    }

    /** Adds a record with data. Returns where it is. */
    public long add(long oid, long tid, byte[] data) throws IOException {
        long position = header(oid, tid, data.length);
        output.put(data);
        return position;
    }

    /**
     * Adds a record without data. Returns where it is.
     *
     * @param target the record of this file that has the data, 0 if the object does not exist any more
     */
    public long addBackPointer(long oid, long tid, long target) throws IOException {
        long position = header(oid, tid, 0);
        output.putLong(target);
        return position;
    }

    private long header(long oid, long tid, long dataLength) throws IOException {
        long position = position();
        if (position >= FileFormat.POSITION_LIMIT) {
            throw new IOException(file.path() + " would be longer than an index can say: " + position
                    + " bytes (expected: less than " + FileFormat.POSITION_LIMIT + ")");
        }
        output.putDataHeader(oid, tid, index.get(oid), transaction, dataLength);
        index.put(oid, position);
        return position;
    }

    /** Ends the transaction. */
    public void end() throws IOException {
        long length = position() - transaction;
        output.putLong(length);
        output.changeLong(transaction + FileFormat.LENGTH_OFFSET, length);
    }

    /** When it returns, all transactions that were ended are on disk. */
    public void force() throws IOException {
        output.flush();
        if (position() < FIRST_TRANSACTION) {
            throw new IllegalStateException("nothing was written");
        }
        file.force();
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
