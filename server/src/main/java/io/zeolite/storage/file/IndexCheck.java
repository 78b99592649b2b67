package io.zeolite.storage.file;

import io.zeolite.disk.DiskFile;
import io.zeolite.storage.index.IndexFile;
import io.zeolite.zodb.Oid;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Whether an index that was loaded belongs to a data file: it must know the newest records that it covers. What is older
 * is believed; a record is never read without a look at its oid.
 */
final class IndexCheck {
    /** Smaller files are scanned anyway, as in Python. */
    private static final long MIN_LENGTH = 100;
    /** About how many records are looked up. */
    private static final int MAX_RECORDS = 1000;

    private static final int WINDOW_LENGTH = 64 << 10;

    private final FileWindow window;
    private final TransactionsBackwards backwards;
    private final long size;
    private final IndexFile.Contents contents;
    private final Set<Long> seen = new HashSet<>();
    private long lastTid;

    IndexCheck(DiskFile file, long size, IndexFile.Contents contents) {
        this.window = new FileWindow(file, ByteBuffer.allocate(WINDOW_LENGTH));
        this.backwards = new TransactionsBackwards(window);
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
        TransactionHeader header = transactionBefore(end);
        if (header == null) {
            return "no committed transaction ends at " + end + ", which it covers";
        }
        lastTid = header.tid();
        boolean last = true;
        while (header != null && seen.size() < MAX_RECORDS) {
            List<DataHeader> records = records(header);
            if (records == null) {
                // Damage to older data must not make a scan cut off what the index knows to be committed.
                return last ? "the transaction at " + header.position() + " is damaged" : null;
            }
            String problem = problem(header, records);
            if (problem != null) {
                return problem;
            }
            last = false;
            header = transactionBefore(header.position());
        }
        return seen.isEmpty() ? "the last transactions that it covers have no records" : null;
    }

    /** The committed transaction that ends at a position; null if there is none. */
    private @Nullable TransactionHeader transactionBefore(long end) throws IOException {
        TransactionHeader header = backwards.endingAt(end);
        return header != null && FileFormat.isCommitted(header.status()) ? header : null;
    }

    /** The records of a transaction, or the first of them; null if they are damaged. */
    private @Nullable List<DataHeader> records(TransactionHeader header) throws IOException {
        List<DataHeader> records = new ArrayList<>();
        if (header.status() == FileFormat.UNDONE) {
            return records;
        }
        long position = header.recordsStart();
        while (position < header.recordsEnd() && records.size() < MAX_RECORDS) {
            if (position + FileFormat.DATA_HEADER_LENGTH > header.recordsEnd()) {
                return null;
            }
            DataHeader record = window.dataHeader(position);
            if (record.transaction() != header.position() || !record.endsBy(header.recordsEnd())) {
                return null;
            }
            records.add(record);
            position = record.end();
        }
        return records;
    }

    private @Nullable String problem(TransactionHeader header, List<DataHeader> records) {
        boolean all = records.size() < MAX_RECORDS;
        // Of several records of one object, the last is in the index.
        Collections.reverse(records);
        for (DataHeader record : records) {
            long indexed = contents.index().get(record.oid());
            boolean known = indexed == record.position()
                    || (!all && indexed > record.position() && indexed < header.recordsEnd());
            if (seen.add(record.oid()) && !known) {
                return "it has position " + indexed + " for object " + Oid.toString(record.oid()) + " (expected: "
                        + record.position() + ")";
            }
        }
        return null;
    }
}
