package io.zeolite.storage.file;

import static io.zeolite.storage.file.FileFormat.FIRST_TRANSACTION;
import static io.zeolite.storage.file.FileFormat.TRAILER_LENGTH;
import static io.zeolite.storage.file.FileFormat.TRANSACTION_HEADER_LENGTH;

import io.zeolite.disk.DiskFile;
import io.zeolite.error.CallException;
import io.zeolite.error.PosKeyException;
import io.zeolite.storage.Invalidations;
import io.zeolite.storage.RevisionSummary;
import io.zeolite.storage.SummaryLimit;
import io.zeolite.storage.TransactionMetadata;
import io.zeolite.zodb.Oid;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Walks a data file from its end to its beginning, by the length that stands at the end of each transaction. */
final class History {
    private static final int WINDOW_LENGTH = 64 << 10;

    /** A client that missed so many objects drops its cache with less trouble than it would take to tell it. */
    private static final long MOST_CHANGED = 1 << 20;

    private final FileWindow window;

    History(DiskFile file) {
        this.window = new FileWindow(file, ByteBuffer.allocate(WINDOW_LENGTH));
    }

    /**
     * What the last transactions changed, oldest first; of fewer than are wanted if those changed more than a million objects.
     *
     * @param end where the last of them ends
     * @param wanted asked from the newest on; the first that is not wanted ends the walk
     */
    List<Invalidations> changes(long end, Predicate<TransactionHeader> wanted) throws IOException {
        List<Invalidations> changes = new ArrayList<>();
        AtomicLong left = new AtomicLong(MOST_CHANGED);
        visit(end, header -> {
            boolean take = left.get() >= 0 && wanted.test(header);
            if (take) {
                long[] oids = oids(header);
                left.addAndGet(-oids.length);
                changes.add(new Invalidations(header.tid(), oids));
            }
            return take;
        });
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

    /**
     * Shows transactions, the last one first.
     *
     * @param end where the last of them ends
     * @param visitor whether to go on
     */
    void visit(long end, Visitor visitor) throws IOException {
        long position = end;
        while (position > FIRST_TRANSACTION) {
            TransactionHeader header = transactionBefore(position);
            if (!visitor.visit(header)) {
                return;
            }
            position = header.position();
        }
    }

    /** Is shown transactions, and says whether to go on. */
    interface Visitor {
        boolean visit(TransactionHeader header) throws IOException;
    }

    /**
     * Finds a transaction. Looks no further than to the first that is earlier, as tids rise.
     *
     * @param end where the last one ends that it can be
     */
    @Nullable
    TransactionHeader find(long end, long tid) throws IOException {
        AtomicReference<@Nullable TransactionHeader> found = new AtomicReference<>();
        visit(end, header -> {
            if (header.tid() == tid) {
                found.set(header);
            }
            return Tid.isAfter(header.tid(), tid);
        });
        return found.get();
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
        AtomicLong start = new AtomicLong(end);
        visit(end, header -> {
            boolean wanted = !Tid.isAfter(tid, header.tid());
            if (wanted) {
                start.set(header.position());
            }
            return wanted;
        });
        return start.get();
    }

    private TransactionHeader transactionBefore(long end) throws IOException {
        if (!window.holds(end - TRAILER_LENGTH, TRAILER_LENGTH)) {
            window.moveBefore(end);
        }
        long length = window.getLong(end - TRAILER_LENGTH);
        long room = end - FIRST_TRANSACTION - TRAILER_LENGTH;
        if (length < TRANSACTION_HEADER_LENGTH || length > room) {
            throw new Damage(
                            end - TRAILER_LENGTH,
                            "the length at the end of a transaction",
                            Long.toUnsignedString(length),
                            "from " + TRANSACTION_HEADER_LENGTH + " to " + room)
                    .toException(window.file().path());
        }
        TransactionHeader header = window.transactionHeader(end - TRAILER_LENGTH - length);
        if (header.length() != length) {
            throw Damage.of(
                            header.position() + FileFormat.LENGTH_OFFSET,
                            "the length of a transaction",
                            header.length(),
                            length)
                    .toException(window.file().path());
        }
        return header;
    }

    private long[] oids(TransactionHeader header) throws IOException {
        Longs oids = new Longs();
        TransactionCheck.require(window, header, record -> oids.add(record.oid()));
        return oids.toArray();
    }
}
