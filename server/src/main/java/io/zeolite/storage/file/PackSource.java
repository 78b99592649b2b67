package io.zeolite.storage.file;

import static io.zeolite.storage.file.FileFormat.BACK_POINTER_LENGTH;
import static io.zeolite.storage.file.FileFormat.FIRST_TRANSACTION;
import static io.zeolite.storage.file.FileFormat.TRANSACTION_HEADER_LENGTH;

import io.zeolite.disk.DiskFile;
import io.zeolite.pickle.PickleException;
import io.zeolite.pickle.RecordScanner;
import io.zeolite.storage.PackControl.Pace;
import io.zeolite.storage.file.TransactionCheck.RecordVisitor;
import io.zeolite.zodb.Oid;
import io.zeolite.zodb.Tid;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The file that is packed, read strictly: whatever is odd ends the pack, with file and offset, since what a pack
 * misunderstands it would throw away. For one thread.
 */
final class PackSource {
    private static final int SCAN_LENGTH = 512 << 10;
    private static final int RECORD_LENGTH = 8 << 10;

    private final DiskFile file;
    private final Pace pace;
    /** For what is read in the order of the file, and for single records anywhere. */
    private final FileWindow sequential;

    private final FileWindow single;
    private byte[] data = new byte[RECORD_LENGTH];

    PackSource(DiskFile file, Pace pace) {
        this.file = file;
        this.pace = pace;
        this.sequential = new FileWindow(file, ByteBuffer.allocateDirect(SCAN_LENGTH));
        this.single = new FileWindow(file, ByteBuffer.allocateDirect(RECORD_LENGTH));
    }

    Path path() {
        return file.path();
    }

    void spent(long bytes) throws IOException {
        pace.spent(bytes);
    }

    /** Forgets what was read, after the file has grown: what was beyond its end has changed. */
    void refresh() {
        sequential.forget();
        single.forget();
    }

    /** Reads the transaction at a position, checking its head and, if {@code lastTid} is given, its order. */
    TransactionHeader transaction(long position, long end, long lastTid) throws IOException {
        if (end - position < TRANSACTION_HEADER_LENGTH) {
            throw new Damage(
                            position,
                            "the room for a transaction",
                            "" + (end - position),
                            "at least " + TRANSACTION_HEADER_LENGTH)
                    .toException(path());
        }
        TransactionHeader header = sequential.transactionHeader(position);
        if (!header.fitsInto(end)) {
            throw new Damage(
                            position + FileFormat.LENGTH_OFFSET,
                            "the length of a transaction",
                            Long.toUnsignedString(header.length()),
                            "at most " + (end - position - FileFormat.TRAILER_LENGTH))
                    .toException(path());
        }
        if (!FileFormat.isCommitted(header.status())) {
            throw new Damage(
                            position + FileFormat.STATUS_OFFSET,
                            "the status of a transaction",
                            Integer.toString(header.status() & 0xff),
                            "32 (committed), 112 (packed) or 117 (undone)")
                    .toException(path());
        }
        if (!Tid.isAfter(header.tid(), lastTid)) {
            throw new Damage(
                            position,
                            "the tid of a transaction",
                            Tid.toHex(header.tid()),
                            "after that of the one before, " + Tid.toHex(lastTid))
                    .toException(path());
        }
        return header;
    }

    /** Visits the records of a transaction, each after it has been checked; none if it was undone. */
    void records(TransactionHeader header, RecordVisitor visitor) throws IOException {
        TransactionCheck.require(sequential, header, record -> {
            checkPrevious(record);
            visitor.visit(record);
        });
        pace.spent(header.length());
    }

    private void checkPrevious(DataHeader record) throws IOException {
        if (record.previous() < 0 || record.previous() >= record.position()) {
            throw new Damage(
                            record.position() + FileFormat.PREV_OFFSET,
                            "the position of the previous record",
                            Long.toUnsignedString(record.previous()),
                            "before the record")
                    .toException(path());
        }
    }

    /** The back pointer of a record that has no data; 0 if it says that the object does not exist. */
    long backPointer(DataHeader record) throws IOException {
        FileWindow window = sequential.holds(record.dataStart(), BACK_POINTER_LENGTH) ? sequential : single;
        long back = window.getLong(record.dataStart());
        if (back != 0 && (back < FIRST_TRANSACTION + TRANSACTION_HEADER_LENGTH || back >= record.position())) {
            throw new Damage(
                            record.dataStart(),
                            "a back pointer",
                            Long.toUnsignedString(back),
                            "0 or the position of a record before it")
                    .toException(path());
        }
        return back;
    }

    /** The record at a position where {@link #records} has seen one. */
    DataHeader recordAt(long position) throws IOException {
        return single.dataHeader(position);
    }

    /** The record that a back pointer leads to, which stands before {@code limit}. */
    DataHeader record(long position, long oid, long limit) throws IOException {
        DataHeader record = single.dataHeader(position);
        if (!record.endsBy(limit)) {
            throw new Damage(
                            position + FileFormat.PLEN_OFFSET,
                            "the data length of a record that is pointed to",
                            Long.toUnsignedString(record.dataLength()),
                            "within what ends at " + limit)
                    .toException(path());
        }
        if (record.oid() != oid) {
            throw new Damage(
                            position,
                            "the oid of a record that is pointed to",
                            Oid.toString(record.oid()),
                            Oid.toString(oid))
                    .toException(path());
        }
        return record;
    }

    /** The record that has the data of a record, itself or an older one; null if the object does not exist as of it. */
    @Nullable
    DataHeader origin(DataHeader record) throws IOException {
        DataHeader origin = record;
        while (!origin.hasData()) {
            long back = backPointer(origin);
            if (back == 0) {
                return null;
            }
            origin = record(back, record.oid(), origin.position());
        }
        return origin;
    }

    /** Runs a scanner over the data of a record. */
    void scan(RecordScanner scanner, DataHeader record) throws IOException {
        int length = read(record);
        try {
            scanner.scan(data, 0, length);
        } catch (PickleException e) {
            throw new CorruptedFileException(path(), record.dataStart() + e.offset(), record.oid(), e);
        }
    }

    /** Whether a record is that of a blob. */
    boolean isBlob(RecordScanner scanner, DataHeader record) throws IOException {
        int length = read(record);
        return scanner.isBlob(data, 0, length);
    }

    private int read(DataHeader record) throws IOException {
        if (record.dataLength() > Integer.MAX_VALUE - 8) {
            throw new Damage(
                            record.position() + FileFormat.PLEN_OFFSET,
                            "the data length of a record",
                            Long.toUnsignedString(record.dataLength()),
                            "at most " + (Integer.MAX_VALUE - 8))
                    .toException(path());
        }
        int length = (int) record.dataLength();
        if (length > data.length) {
            data = new byte[Math.max(length, (int) Math.min(2L * data.length, 1 << 20))];
        }
        FileWindow window = sequential.holds(record.dataStart(), 0) ? sequential : single;
        window.getBytes(record.dataStart(), data, length);
        return length;
    }

    /** Copies a part of the file into a buffer. Returns how much of it, which may be less than asked for. */
    int copy(long position, long length, ByteBuffer target) throws IOException {
        int part = (int) Math.min(length, target.remaining());
        if (sequential.holds(position, 1)) {
            return sequential.copy(position, part, target);
        }
        if (part <= RECORD_LENGTH) {
            return single.copy(position, part, target);
        }
        ByteBuffer piece = target.slice(target.position(), part);
        int read = file.read(piece, position);
        if (read == 0) {
            throw new EOFException(path() + " ends at " + position + " (expected: " + length + " bytes more)");
        }
        target.position(target.position() + read);
        return read;
    }
}
