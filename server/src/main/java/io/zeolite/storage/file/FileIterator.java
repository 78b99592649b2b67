package io.zeolite.storage.file;

import static io.zeolite.storage.file.FileFormat.FIRST_TRANSACTION;

import io.zeolite.disk.Disk;
import io.zeolite.disk.DiskFile;
import io.zeolite.disk.UnreadableException;
import io.zeolite.zodb.Tid;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Walks over the transactions of a data file and over their records, in the order of the file. It reads only, needs no
 * index and no lock, and keeps no more than one transaction's metadata and one record in memory. For one thread.
 *
 * <p>What is damaged is reported where it is met, with its offset, what was found and what was expected:
 *
 * <ul>
 *   <li>{@link #next} throws {@link CorruptedFileException} for a transaction whose lengths do not agree, or that the
 *       disk cannot read. The iterator stays where it is; {@link #skipDamage} finds the next transaction that is whole.
 *   <li>{@link Records#next} throws it for a record that does not lie within its transaction, or whose header the disk cannot read. Where the next record
 *       starts is not known then; the next transaction is reached all the same.
 *   <li>{@link #data} and {@link #target} throw {@link CorruptedDataException} for a back pointer that leads to no older
 *       record of the same object, and {@link UnreadableException} where the disk cannot read the data.
 * </ul>
 *
 * <p>What a crash leaves at the end of a file is not damage: the iteration ends before it, and {@link #tail} tells why.
 */
public final class FileIterator implements Closeable {
    private static final int WINDOW_LENGTH = 256 << 10;
    private static final int BACKWARDS_WINDOW_LENGTH = 64 << 10;

    private final DiskFile file;
    private final FileWindow window;
    private final FileEnd fileEnd;
    private final long size;
    private final Magic magic;

    private long position = FIRST_TRANSACTION;
    private long lastTid = Tid.NONE;
    private @Nullable String tail;
    private boolean unfinished;

    private FileIterator(DiskFile file) throws IOException {
        this(file, Magic.of(file), file.size(), ByteBuffer.allocateDirect(WINDOW_LENGTH));
    }

    /**
     * Walks over an open file.
     *
     * @param size where it ends, whatever comes after
     * @param buffer lent to it as long as it is used
     */
    FileIterator(DiskFile file, Magic magic, long size, ByteBuffer buffer) {
        this.file = file;
        this.magic = magic;
        this.window = new FileWindow(file, buffer);
        this.size = size;
        this.fileEnd = new FileEnd(window, size);
    }

    /**
     * Opens a data file, of Python 3 or 2. What is appended to it later is not seen.
     *
     * @throws FileStorageFormatException if it is none
     */
    public static FileIterator open(Disk disk, Path path) throws IOException {
        DiskFile file = disk.open(path, Disk.Mode.READ);
        try {
            return new FileIterator(file);
        } catch (IOException | RuntimeException | Error e) {
            file.close();
            throw e;
        }
    }

    public Path path() {
        return file.path();
    }

    /** The length of the file in bytes when it was opened. */
    public long size() {
        return size;
    }

    /** Whether it is a database of Python 2, whose records hold that version's strings. */
    public boolean isPython2() {
        return magic == Magic.PYTHON_2;
    }

    /** Where the transaction starts that {@link #next} will read. */
    public long position() {
        return position;
    }

    /** Where the transactions of this file are, from its end backwards. May be used until the iterator is closed. */
    public TransactionsBackwards backwards() {
        return new TransactionsBackwards(new FileWindow(file, ByteBuffer.allocate(BACKWARDS_WINDOW_LENGTH)));
    }

    /** Makes {@link #next} read what is at a position, at least 4, where a transaction must start. */
    public void seek(long newPosition) {
        if (newPosition < FIRST_TRANSACTION) {
            throw new IllegalArgumentException("position: " + newPosition + " (expected: at least 4)");
        }
        position = newPosition;
        lastTid = Tid.NONE;
        tail = null;
    }

    /**
     * The next transaction; null at the end of what is committed.
     *
     * @throws CorruptedFileException if it is damaged
     */
    public @Nullable FileTransaction next() throws IOException {
        try {
            return readNext();
        } catch (UnreadableException e) {
            throw new CorruptedFileException(e);
        }
    }

    private @Nullable FileTransaction readNext() throws IOException {
        if (position >= size || tail != null) {
            return null;
        }
        tail = fileEnd.tooShort(position);
        if (tail != null) {
            return null;
        }
        TransactionHeader header = window.transactionHeader(position);
        tail = fileEnd.unfinished(header, lastTid);
        unfinished = header.status() == FileFormat.UNFINISHED;
        if (tail != null) {
            return null;
        }
        Damage damage = TransactionCheck.checkLength(window, header);
        if (damage != null) {
            throw damage.toException(path());
        }
        FileTransaction transaction = new FileTransaction(
                header.position(), header.tid(), header.length(), header.status(), window.metadata(header));
        position = header.end();
        lastTid = header.tid();
        return transaction;
    }

    /**
     * After {@link #next} has returned null: why what is at {@link #position} does not count as committed, in words; null
     * if the file ends there.
     */
    public @Nullable String tail() {
        return tail;
    }

    /** Whether it is {@link #tail} because a server is writing it, or was when it was killed. */
    public boolean isTailUnfinished() {
        return unfinished;
    }

    /**
     * Whether it is {@link #tail} because the machine went down while a batch was forced. Committed transactions of that batch may
     * follow; a server cuts them off with it.
     */
    public boolean isTailLost() {
        return FileEnd.LOST_BLOCK.equals(tail);
    }

    /**
     * Goes on behind damage: finds the first transaction after {@link #position} that is whole, with all its records.
     * Every byte is tried, so this may take long.
     *
     * @return where it starts, which {@link #next} will read; empty if there is none, and the iteration is at its end
     */
    public OptionalLong skipDamage() throws IOException {
        long found = fileEnd.readableAfter(position);
        tail = null;
        lastTid = Tid.NONE;
        position = found == FileEnd.NONE ? size : found;
        return found == FileEnd.NONE ? OptionalLong.empty() : OptionalLong.of(found);
    }

    /** The records of a transaction of this file, in their order. Those of an undone one do not count. */
    public Records records(FileTransaction transaction) {
        return records(transaction.position(), transaction.recordsStart(), transaction.recordsEnd());
    }

    /** The records from one on. */
    Records records(long transaction, long start, long end) {
        return new Records(transaction, start, end);
    }

    /**
     * Walks over the records of one transaction. Several may be under way at once, and the transactions may be walked
     * over meanwhile.
     */
    public final class Records {
        private final long transaction;
        private final long end;
        private long at;

        private Records(long transaction, long start, long end) {
            this.transaction = transaction;
            this.at = start;
            this.end = end;
        }

        /**
         * The next record; null if there is none.
         *
         * @throws CorruptedFileException if it is damaged
         */
        public @Nullable FileRecord next() throws IOException {
            if (at >= end) {
                return null;
            }
            try {
                Damage damage = TransactionCheck.checkRecord(window, at, transaction, end);
                if (damage != null) {
                    throw damage.toException(path());
                }
                FileRecord record = record(window.dataHeader(at));
                at = record.end();
                return record;
            } catch (UnreadableException e) {
                throw new CorruptedFileException(e);
            }
        }
    }

    private FileRecord record(DataHeader header) throws IOException {
        return new FileRecord(
                header.position(),
                header.oid(),
                header.tid(),
                header.previous(),
                header.transaction(),
                header.dataLength(),
                header.hasData() ? 0 : window.getLong(header.dataStart()));
    }

    /**
     * The data of a record of this file, which may be that of an older record.
     *
     * @return null if the object does not exist as of the record
     * @throws CorruptedDataException if a back pointer on the way to it is wrong
     */
    public byte @Nullable [] data(FileRecord record) throws IOException {
        return record.hasData() ? window.data(record.header()) : reader(record).data(record.header());
    }

    /**
     * The older record that a record without data shares the data of; it may have none itself.
     *
     * @return null if the record has data, or the object does not exist as of it
     * @throws CorruptedDataException if the back pointer leads to no older record of the object
     */
    public @Nullable FileRecord target(FileRecord record) throws IOException {
        DataHeader target = record.hasData() ? null : reader(record).target(record.header());
        return target == null ? null : record(target);
    }

    private RecordReader reader(FileRecord record) {
        return new RecordReader(file, record.oid(), 0, size, size);
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
