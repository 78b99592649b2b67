package io.zeolite.storage.file;

import static io.zeolite.storage.file.FileFormat.DATA_HEADER_LENGTH;
import static io.zeolite.storage.file.FileFormat.FIRST_TRANSACTION;
import static io.zeolite.storage.file.FileFormat.TRAILER_LENGTH;
import static io.zeolite.storage.file.FileFormat.TRANSACTION_HEADER_LENGTH;

import io.zeolite.disk.DiskFile;
import io.zeolite.error.PosKeyException;
import io.zeolite.storage.LoadResult;
import io.zeolite.storage.RecordTarget;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Reads the records of one object for one call. Everything that the file says is checked before it is followed, and the
 * way leads only to lower positions, so that a damaged file can give an error but not a loop, and not another object.
 */
final class RecordReader {
    /**
     * Enough for most records, so that one read of the file gives header and data, and not more: what lies behind the record
     * would be copied in vain. A longer record takes a second read.
     */
    private static final int WINDOW_LENGTH = 1 << 10;

    private static final ThreadLocal<ByteBuffer> BUFFER =
            ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(WINDOW_LENGTH));

    /** In place of the position of a record that points to another. */
    private static final long INDEX = 0;

    private final FileWindow window;
    private final Path path;
    private final long oid;
    private final long indexed;
    private final long visibleEnd;
    private final long fileEnd;

    /** The tid of the revision after the one that {@link #newest(long)} has found, {@link Tid#NONE} for none. */
    private long end = Tid.NONE;

    /**
     * @param indexed what the index says of the object
     * @param visibleEnd records from here on are not to be seen
     * @param fileEnd where the last transaction ends that may be in the index
     */
    RecordReader(DiskFile file, long oid, long indexed, long visibleEnd, long fileEnd) {
        this.window = new FileWindow(file, true, BUFFER.get());
        this.path = file.path();
        this.oid = oid;
        this.indexed = indexed;
        this.visibleEnd = visibleEnd;
        this.fileEnd = fileEnd;
    }

    long oid() {
        return oid;
    }

    /** The newest record of the object that is visible; null if there is none. */
    @Nullable
    DataHeader newest() throws IOException {
        DataHeader record = indexed == 0 ? null : header(indexed, fileEnd - TRAILER_LENGTH, INDEX);
        while (record != null && record.position() >= visibleEnd) {
            record = previous(record);
        }
        return record;
    }

    /** The record of the object at a position that a record has said, or the index. */
    DataHeader at(long position) throws IOException {
        return header(position, fileEnd - TRAILER_LENGTH, INDEX);
    }

    /** The record of the object before this one; null if this is the oldest. */
    @Nullable
    DataHeader previous(DataHeader record) throws IOException {
        long position = record.position();
        return record.previous() == 0 ? null : header(record.previous(), position, position);
    }

    /** The data of a record, which may be that of an older one; null if the object does not exist as of it. */
    byte @Nullable [] data(DataHeader record) throws IOException {
        DataHeader origin = origin(record);
        return origin == null ? null : window.data(origin);
    }

    /** The newest data of before a transaction. */
    LoadResult loadBefore(long before) throws IOException {
        DataHeader record = newest(before);
        if (record == null) {
            return end == Tid.NONE ? LoadResult.NO_OBJECT : new LoadResult.NoneBefore(end);
        }
        byte[] data = data(record);
        return data == null ? LoadResult.NO_OBJECT : new LoadResult.Loaded(data, record.tid(), end);
    }

    /**
     * The same, read to where it is wanted.
     *
     * @return whether there is such data
     */
    boolean loadBefore(long before, RecordTarget target) throws IOException {
        DataHeader record = newest(before);
        DataHeader origin = record == null ? null : origin(record);
        if (record == null || origin == null) {
            return false;
        }
        window.data(origin, target);
        target.loaded(record.tid(), end);
        return true;
    }

    /** The newest visible record of before a transaction; null if there is none. */
    private @Nullable DataHeader newest(long before) throws IOException {
        DataHeader record = newest();
        while (record != null && Long.compareUnsigned(record.tid(), before) >= 0) {
            end = record.tid();
            record = previous(record);
        }
        return record;
    }

    /** The data that a transaction wrote. */
    byte[] loadSerial(long serial) throws IOException {
        DataHeader record = newest();
        while (record != null && Tid.isAfter(record.tid(), serial)) {
            record = previous(record);
        }
        byte[] data = record == null || record.tid() != serial ? null : data(record);
        if (data == null) {
            throw PosKeyException.noRevision(oid, serial);
        }
        return data;
    }

    /** Which transaction wrote the newest data. */
    long tid() throws IOException {
        DataHeader record = newest();
        if (record == null || !exists(record)) {
            throw PosKeyException.noObject(oid);
        }
        return record.tid();
    }

    /** At most the first bytes of the data of a record that has some. */
    byte[] start(DataHeader record, int length) throws IOException {
        return window.getBytes(record.dataStart(), (int) Math.min(length, record.dataLength()));
    }

    /** Whether the object exists as of a record. */
    boolean exists(DataHeader record) throws IOException {
        return origin(record) != null;
    }

    /** The record that has the data of a record; null if the object does not exist as of it. */
    @Nullable
    DataHeader origin(DataHeader record) throws IOException {
        DataHeader origin = record;
        while (origin != null && !origin.hasData()) {
            checkEnd(origin);
            origin = target(origin);
        }
        if (origin != null) {
            checkEnd(origin);
        }
        return origin;
    }

    /** What a record without data points to; null if it says that the object does not exist. */
    @Nullable
    DataHeader target(DataHeader record) throws IOException {
        long back = window.getLong(record.dataStart());
        return back == 0 ? null : header(back, record.position(), record.position());
    }

    /**
     * @param limit the record must end at or before it
     * @param pointer where the record is that points to it, or {@link #INDEX}
     */
    private DataHeader header(long position, long limit, long pointer) throws IOException {
        long last = limit - DATA_HEADER_LENGTH - 1;
        if (position < FIRST_TRANSACTION + TRANSACTION_HEADER_LENGTH || position > last) {
            throw corrupted(position, "the position" + origin(pointer), position, "from 27 to " + last);
        }
        DataHeader record = window.dataHeader(position);
        if (record.oid() != oid) {
            throw corrupted(
                    position, "the oid at the position" + origin(pointer), record.oid(), Long.toUnsignedString(oid));
        }
        if (record.versionLength() != 0) {
            throw corrupted(
                    position + FileFormat.VERSION_LENGTH_OFFSET, "the version length", record.versionLength(), "0");
        }
        long transaction = record.transaction();
        if (transaction < FIRST_TRANSACTION || transaction > position - TRANSACTION_HEADER_LENGTH) {
            throw corrupted(
                    position + FileFormat.TLOC_OFFSET,
                    "the transaction position",
                    transaction,
                    "from 4 to " + (position - TRANSACTION_HEADER_LENGTH));
        }
        if (!record.endsBy(limit)) {
            throw corrupted(
                    position + FileFormat.PLEN_OFFSET,
                    "the data length",
                    record.dataLength(),
                    "an end at most at " + limit);
        }
        return record;
    }

    private String origin(long pointer) {
        return pointer == INDEX
                ? " from the index (which is made anew if the file " + path.getFileName() + ".index is deleted)"
                : " from the record at " + pointer;
    }

    /**
     * Checks the length of a record by what follows it: the next record of the same transaction, or the transaction's
     * length, which is the distance from its start. What follows may itself be damaged, so one sign is enough.
     */
    private void checkEnd(DataHeader record) throws IOException {
        long end = record.end();
        long length = end - record.transaction();
        long trailer = window.peekLong(end);
        if (trailer == length) {
            return;
        }
        if (end + DATA_HEADER_LENGTH < fileEnd
                && (window.peekLong(end + FileFormat.TLOC_OFFSET) == record.transaction()
                        || window.peekLong(end + FileFormat.TID_OFFSET) == record.tid())) {
            return;
        }
        if (window.transactionHeader(record.transaction()).length() == length) {
            return;
        }
        throw corrupted(
                end,
                "what follows the record at " + record.position(),
                trailer,
                "another record of the transaction at " + record.transaction() + ", or its length, " + length);
    }

    private CorruptedDataException corrupted(long offset, String what, long found, String expected) {
        return new CorruptedDataException(path, offset, oid, what, found, expected);
    }
}
