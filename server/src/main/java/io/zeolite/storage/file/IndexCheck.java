package io.zeolite.storage.file;

import static io.zeolite.storage.file.FileFormat.FIRST_TRANSACTION;

import io.zeolite.disk.DiskFile;
import io.zeolite.storage.index.IndexFile;
import io.zeolite.storage.index.PositionIndex;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Whether an index that was loaded belongs to a data file: it must know the records of the last transaction that it
 * covers. What is older is believed; a record is never read without a look at its oid.
 */
final class IndexCheck {
    /** Smaller files are scanned anyway, as in Python. */
    private static final long MIN_LENGTH = 100;
    /** How many records of the last transaction are looked up. */
    private static final int MAX_RECORDS = 100;

    private static final int WINDOW_LENGTH = 8 << 10;

    private final FileWindow window;
    private final long size;
    private final IndexFile.Contents contents;
    private long lastTid;

    IndexCheck(DiskFile file, long size, IndexFile.Contents contents) {
        this.window = new FileWindow(file, ByteBuffer.allocate(WINDOW_LENGTH));
        this.size = size;
        this.contents = contents;
    }

    /** The last transaction that the index covers, after {@link #problem} has found none. */
    long lastTid() {
        return lastTid;
    }

    /** Why the index does not belong to the file; null if it does. */
    @Nullable
    String problem() throws IOException {
        long end = contents.end();
        if (end < MIN_LENGTH) {
            return "it covers " + end + " bytes (expected: at least " + MIN_LENGTH + ")";
        }
        if (end > size) {
            return "it covers " + end + " bytes (expected: at most " + size + ", the length of the data file)";
        }
        boolean last = true;
        while (true) {
            TransactionHeader header = transactionBefore(end);
            if (header == null || !FileFormat.isCommitted(header.status())) {
                return "no committed transaction ends at " + end + ", which it covers";
            }
            if (last) {
                lastTid = header.tid();
                last = false;
            }
            if (header.status() != FileFormat.UNDONE && header.recordsStart() < header.recordsEnd()) {
                return recordProblem(header);
            }
            end = header.position();
        }
    }

    private @Nullable TransactionHeader transactionBefore(long end) throws IOException {
        long room = end - FIRST_TRANSACTION - FileFormat.TRAILER_LENGTH;
        if (room < FileFormat.TRANSACTION_HEADER_LENGTH) {
            return null;
        }
        long length = window.peekLong(end - FileFormat.TRAILER_LENGTH);
        if (length < FileFormat.TRANSACTION_HEADER_LENGTH || length > room) {
            return null;
        }
        TransactionHeader header = window.transactionHeader(end - FileFormat.TRAILER_LENGTH - length);
        return header.length() == length && length >= header.headerLength() ? header : null;
    }

    private @Nullable String recordProblem(TransactionHeader header) throws IOException {
        PositionIndex index = contents.index();
        long position = header.recordsStart();
        for (int i = 0; i < MAX_RECORDS && position < header.recordsEnd(); i++) {
            if (position + FileFormat.DATA_HEADER_LENGTH > header.recordsEnd()) {
                return "the transaction at " + header.position() + " is damaged";
            }
            DataHeader record = window.dataHeader(position);
            if (record.transaction() != header.position() || !record.endsBy(header.recordsEnd())) {
                return "the transaction at " + header.position() + " is damaged";
            }
            // A later record of the same transaction may be of the same object.
            long indexed = index.get(record.oid());
            if (indexed < position || indexed >= header.recordsEnd()) {
                return "it has position " + indexed + " for the record at " + position;
            }
            position = record.end();
        }
        return null;
    }
}
