package io.zeolite.storage.file;

import static io.zeolite.storage.file.FileFormat.TRANSACTION_HEADER_LENGTH;
import static io.zeolite.storage.file.FileFormat.UNFINISHED;

import io.zeolite.disk.DiskFile;
import io.zeolite.storage.TransactionLog;
import io.zeolite.storage.index.PositionIndex;
import io.zeolite.zodb.Tid;
import io.zeolite.zodb.TimeStamp;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads a data file from a given transaction to its end, fills the index, and finds where the committed part ends; see
 * {@link FileEnd}.
 */
final class Recovery {
    private static final Logger LOG = LoggerFactory.getLogger(Recovery.class);
    private static final int WINDOW_LENGTH = 256 << 10;

    /**
     * How much time there may be between a transaction that was not committed and those behind it that are cut off with it: of the same
     * batch, or, in a copy of a file that was in use, of what was written while it was copied.
     */
    private static final Duration LONGEST_TAIL = Duration.ofHours(1);

    private final FileWindow window;
    private final Path path;
    private final long size;
    private final PositionIndex index;
    private final FileEnd fileEnd;
    private final ArrayDeque<TransactionHeader> lastBatch = new ArrayDeque<>();
    private final List<DiscardedRevision> discarded = new ArrayList<>();

    private @Nullable Damage lostStatus;
    private long lastTid;
    private long transactions;
    private long records;
    private long strayRecords;

    /**
     * What was found.
     *
     * @param end where the committed part of the file ends; what comes after is to be cut off
     * @param why why the file is to be cut off there; null if it ends there
     * @param lastTid the latest tid of all transactions
     * @param transactions how many were read
     * @param records how many records they have
     * @param lastBatch the last of them, among which are all that were appended last
     * @param discarded what a batch that was not committed would have stored
     * @param lostStatus where the file only seems to end: it must not be cut off there
     */
    record Outcome(
            long end,
            @Nullable String why,
            long lastTid,
            long transactions,
            long records,
            List<TransactionHeader> lastBatch,
            List<DiscardedRevision> discarded,
            @Nullable Damage lostStatus) {}

    /**
     * @param size the length of the file
     * @param index of what comes before where the scan starts; the rest is put into it
     * @param lastTid the last transaction before where the scan starts
     */
    Recovery(DiskFile file, long size, PositionIndex index, long lastTid) {
        this.window = new FileWindow(file, ByteBuffer.allocateDirect(WINDOW_LENGTH));
        this.path = file.path();
        this.size = size;
        this.index = index;
        this.fileEnd = new FileEnd(window, size);
        this.lastTid = lastTid;
    }

    /** @throws CorruptedFileException if the file is damaged where no crash can have done it */
    Outcome scan(long start) throws IOException {
        long position = start;
        String why = null;
        while (position < size && why == null) {
            why = fileEnd.tooShort(position);
            if (why != null) {
                break;
            }
            TransactionHeader header = window.transactionHeader(position);
            why = unfinished(header);
            if (why == null) {
                accept(header);
                position = header.end();
            }
        }
        if (strayRecords > 0) {
            LOG.warn("{}: {} records do not point to their predecessors", path, strayRecords);
        }
        return new Outcome(
                position,
                why,
                lastTid,
                transactions,
                records,
                List.copyOf(lastBatch),
                List.copyOf(discarded),
                lostStatus);
    }

    /** Why the file ends before a transaction; null if it does not. */
    private @Nullable String unfinished(TransactionHeader header) throws IOException {
        if (header.status() == UNFINISHED) {
            collectDiscarded(header);
        }
        return fileEnd.unfinished(header, lastTid);
    }

    private void accept(TransactionHeader header) throws IOException {
        TransactionCheck.require(window, header, record -> index(header, record));
        if (!Tid.isAfter(header.tid(), lastTid)) {
            LOG.warn(
                    "{}: the transaction at {} has the tid {} (expected: after {})",
                    path,
                    header.position(),
                    Tid.toHex(header.tid()),
                    Tid.toHex(lastTid));
        } else {
            lastTid = header.tid();
        }
        transactions++;
        if (lastBatch.size() == TransactionLog.MAX_BATCH) {
            lastBatch.removeFirst();
        }
        lastBatch.addLast(header);
    }

    private void index(TransactionHeader transaction, DataHeader record) {
        long before = index.get(record.oid());
        // A pack keeps records for the back pointers of undos, and writes 0 everywhere.
        boolean unchained = record.previous() == 0 && transaction.status() == FileFormat.PACKED;
        if (record.previous() != before && !unchained && before < record.transaction()) {
            strayRecords++;
        }
        index.put(record.oid(), record.position());
        records++;
    }

    /**
     * Notes what a transaction, and those that were written together with it, would have stored.
     * If committed transactions follow that are too late for that, the disk has lost the status of one that was committed.
     */
    private void collectDiscarded(TransactionHeader first) throws IOException {
        Instant latest = TimeStamp.toInstant(first.tid()).plus(LONGEST_TAIL);
        TransactionHeader header = first;
        while (header.fitsInto(size)
                && Tid.isAfter(header.tid(), lastTid)
                && TransactionCheck.check(window, header, TransactionCheck.RecordVisitor.NONE) == null) {
            long tid = header.tid();
            if (FileFormat.isCommitted(header.status())
                    && TimeStamp.toInstant(tid).isAfter(latest)) {
                lostStatus = new Damage(
                        first.position() + FileFormat.STATUS_OFFSET,
                        "the status of a transaction",
                        "that of one that was not committed",
                        "a blank, as transactions follow that were committed more than " + LONGEST_TAIL.toHours()
                                + " hour later, the first at " + header.position());
                return;
            }
            TransactionCheck.check(window, header, record -> discarded.add(new DiscardedRevision(record.oid(), tid)));
            if (size - header.end() < TRANSACTION_HEADER_LENGTH) {
                break;
            }
            header = window.transactionHeader(header.end());
        }
    }
}
