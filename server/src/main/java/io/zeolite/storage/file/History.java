package io.zeolite.storage.file;

import static io.zeolite.storage.file.FileFormat.FIRST_TRANSACTION;
import static io.zeolite.storage.file.FileFormat.TRAILER_LENGTH;

import io.zeolite.disk.DiskFile;
import io.zeolite.error.CallException;
import io.zeolite.error.PosKeyException;
import io.zeolite.storage.Invalidations;
import io.zeolite.storage.RevisionSummary;
import io.zeolite.storage.SummaryLimit;
import io.zeolite.storage.TransactionMetadata;
import io.zeolite.storage.TransactionSummary;
import io.zeolite.zodb.Oid;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Walks a data file from its end to its beginning, by the length that stands at the end of each transaction. */
final class History {
    private static final int WINDOW_LENGTH = 64 << 10;

    private final FileWindow window;
    private final TransactionsBackwards backwards;

    History(DiskFile file) {
        this.window = new FileWindow(file, ByteBuffer.allocate(WINDOW_LENGTH));
        this.backwards = new TransactionsBackwards(window);
    }

    /**
     * What the last transactions changed, oldest first; of fewer than are wanted if those changed more than a million objects.
     *
     * @param end where the last of them ends
     * @param most how many transactions are wanted at most
     * @param after only later transactions are wanted
     */
    List<Invalidations> changes(long end, int most, long after) throws IOException {
        List<Invalidations> changes = new ArrayList<>();
        long left = Invalidations.MOST_MISSED;
        TransactionHeader header = before(end);
        while (header != null && left >= 0 && changes.size() < most && Tid.isAfter(header.tid(), after)) {
            long[] oids = oids(header);
            left -= oids.length;
            changes.add(new Invalidations(header.tid(), oids));
            header = before(header.position());
        }
        Collections.reverse(changes);
        return changes;
    }

    /** The newest revisions of an object, the last one first. */
    List<RevisionSummary> of(RecordReader reader, long size) throws IOException {
        DataHeader record = reader.newest();
        if (record == null) {
            throw PosKeyException.noObject(reader.oid());
        }
        List<RevisionSummary> revisions = new ArrayList<>();
        SummaryLimit limit = new SummaryLimit();
        while (record != null && revisions.size() < size) {
            TransactionMetadata metadata = metadata(record.transaction());
            if (!limit.admits(metadata)) {
                throw CallException.storage("history: " + size + " revisions of " + Oid.toString(reader.oid())
                        + " take more than " + SummaryLimit.MAX_BYTES + " bytes (expected: at most the "
                        + revisions.size() + " newest)");
            }
            revisions.add(new RevisionSummary(record.tid(), metadata, record.dataLength()));
            record = reader.previous(record);
        }
        return revisions;
    }

    /** The transaction that ends at a position; null if that is where the first one starts. */
    @Nullable
    TransactionHeader before(long end) throws IOException {
        if (end <= FIRST_TRANSACTION) {
            return null;
        }
        TransactionHeader header = backwards.endingAt(end);
        if (header == null) {
            throw new Damage(
                            end - TRAILER_LENGTH,
                            "the length at the end of a transaction",
                            Long.toUnsignedString(window.getLong(end - TRAILER_LENGTH)),
                            "that of a transaction which starts so far before it")
                    .toException(window.file().path());
        }
        return header;
    }

    /**
     * Shows the transactions that can be undone, the last one first, as long as they are wanted.
     *
     * @param end where the last of all ends
     */
    void visitUndoable(long end, Predicate<TransactionSummary> visitor) throws IOException {
        for (TransactionHeader header = before(end);
                header != null && header.status() != FileFormat.PACKED;
                header = before(header.position())) {
            if (header.status() == FileFormat.COMMITTED
                    && !visitor.test(new TransactionSummary(header.tid(), metadata(header), header.length()))) {
                return;
            }
        }
    }

    /**
     * Finds a transaction. Looks no further than to the first that is earlier, as tids rise.
     *
     * @param end where the last one ends that it can be
     */
    @Nullable
    TransactionHeader find(long end, long tid) throws IOException {
        TransactionHeader header = before(end);
        while (header != null && Tid.isAfter(header.tid(), tid)) {
            header = before(header.position());
        }
        return header != null && header.tid() == tid ? header : null;
    }

    /** What was said of a transaction. */
    TransactionMetadata metadata(TransactionHeader header) throws IOException {
        return window.metadata(header);
    }

    /** What was said of the transaction at a position that one of its records has said. */
    TransactionMetadata metadata(long position) throws IOException {
        return metadata(window.transactionHeader(position));
    }

    /** The records of a transaction in their order. */
    List<DataHeader> records(TransactionHeader header) throws IOException {
        List<DataHeader> records = new ArrayList<>();
        TransactionCheck.require(window, header, records::add);
        return records;
    }

    /**
     * Where the first of the last transactions starts whose tids are not before a tid.
     *
     * @param end where the last transaction ends
     */
    long startOf(long tid, long end) throws IOException {
        long start = end;
        TransactionHeader header = before(end);
        while (header != null && !Tid.isAfter(tid, header.tid())) {
            start = header.position();
            header = before(start);
        }
        return start;
    }

    private long[] oids(TransactionHeader header) throws IOException {
        Longs oids = new Longs();
        TransactionCheck.require(window, header, record -> oids.add(record.oid()));
        return oids.toArray();
    }
}
