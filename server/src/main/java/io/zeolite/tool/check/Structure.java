package io.zeolite.tool.check;

import io.zeolite.disk.UnreadableException;
import io.zeolite.pickle.PickleException;
import io.zeolite.storage.file.CorruptedDataException;
import io.zeolite.storage.file.CorruptedFileException;
import io.zeolite.storage.file.FileFormat;
import io.zeolite.storage.file.FileIterator;
import io.zeolite.storage.file.FileRecord;
import io.zeolite.storage.file.FileTransaction;
import io.zeolite.storage.file.Longs;
import io.zeolite.storage.index.PositionIndex;
import io.zeolite.tool.file.Origins;
import io.zeolite.tool.file.Walk;
import io.zeolite.zodb.Tid;
import io.zeolite.zodb.TimeStamp;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** The first walk: everything that holds a position, a length or a tid. It makes the index anew. */
final class Structure implements Walk.Visitor {
    private static final Duration CLOCK_TOLERANCE = Duration.ofMinutes(30);

    private final FileIterator file;
    private final Findings findings;
    private final @Nullable IndexComparison indexFile;
    private final @Nullable Revisions blobs;
    private final long latestTid = TimeStamp.of(Instant.now().plus(CLOCK_TOLERANCE));
    private final Origins origins;

    private final PositionIndex index = new PositionIndex();
    /** The deletions; one whose position is not that of the object in the index has been overtaken. */
    private final PositionIndex deletions = new PositionIndex();

    private final Longs damageStarts = new Longs();
    private final Longs damageEnds = new Longs();
    private long lastTid;
    private long transactions;
    private long records;

    /**
     * @param indexFile to be compared; null if there is none
     * @param blobs gets the revisions of blobs; null if nobody wants them
     */
    Structure(FileIterator file, Findings findings, @Nullable IndexComparison indexFile, @Nullable Revisions blobs) {
        this.file = file;
        this.origins = new Origins(file);
        this.findings = findings;
        this.indexFile = indexFile;
        this.blobs = blobs;
    }

    @Override
    public boolean transaction(FileTransaction transaction) throws IOException {
        if (indexFile != null) {
            indexFile.at(transaction.position(), index);
        }
        transactions++;
        checkTid(transaction);
        if (!FileFormat.isCommitted(transaction.status())) {
            add(
                    Kind.STATUS,
                    transaction.position() + FileFormat.STATUS_OFFSET,
                    null,
                    transaction.tid(),
                    "the status of the transaction is " + (transaction.status() & 0xff)
                            + " (expected: a blank, p or u)");
        }
        if (!transaction.isUndone()) {
            checkRecords(transaction);
        }
        return true;
    }

    private void checkTid(FileTransaction transaction) throws IOException {
        long tid = transaction.tid();
        if (!Tid.isAfter(tid, lastTid)) {
            add(
                    Kind.TID_ORDER,
                    transaction.position(),
                    null,
                    tid,
                    "the tid of the transaction does not rise (expected: after " + Tid.toHex(lastTid) + ")");
        } else {
            lastTid = tid;
        }
        if (Tid.isAfter(tid, latestTid)) {
            add(Kind.FUTURE, transaction.position(), null, tid, "the transaction is from the future");
        }
    }

    private void checkRecords(FileTransaction transaction) throws IOException {
        try {
            FileIterator.Records all = file.records(transaction);
            for (FileRecord record = all.next(); record != null; record = all.next()) {
                records++;
                check(transaction, record);
            }
        } catch (CorruptedFileException e) {
            add(Kind.RECORD, e.offset(), null, transaction.tid(), String.valueOf(e.getMessage()));
            damageStarts.add(e.offset());
            damageEnds.add(transaction.end());
        }
    }

    private void check(FileTransaction transaction, FileRecord record) throws IOException {
        long oid = record.oid();
        if (record.tid() != transaction.tid()) {
            add(
                    Kind.RECORD_TID,
                    record.position() + FileFormat.TID_OFFSET,
                    oid,
                    transaction.tid(),
                    "the tid of the record is " + Tid.toHex(record.tid()) + " (expected: that of its transaction)");
        }
        checkPrevious(transaction, record, index.get(oid));
        index.put(oid, record.position());
        try {
            FileRecord origin = origins.of(record);
            if (origin == null) {
                deletions.put(oid, record.position());
            } else if (blobs != null && origins.isBlob(origin)) {
                blobs.add(oid, record.tid());
            }
        } catch (CorruptedDataException e) {
            add(
                    Kind.BACK_POINTER,
                    record.position() + FileFormat.DATA_HEADER_LENGTH,
                    oid,
                    transaction.tid(),
                    String.valueOf(e.getMessage()));
        } catch (UnreadableException e) {
            add(Kind.RECORD, record.position(), oid, transaction.tid(), String.valueOf(e.getMessage()));
        } catch (PickleException e) {
            // The second walk says so of what is current.
        }
    }

    /** A pack keeps old records for the back pointers of undos, but no chain of records: it writes 0 everywhere. */
    private void checkPrevious(FileTransaction transaction, FileRecord record, long before) throws IOException {
        long previous = record.previous();
        boolean storedTwice = before >= transaction.position();
        if (previous == before || storedTwice || isDamaged(previous) || (previous == 0 && transaction.isPacked())) {
            return;
        }
        add(
                previous == 0 ? Kind.NO_PREVIOUS : Kind.PREVIOUS,
                record.position() + FileFormat.PREV_OFFSET,
                record.oid(),
                transaction.tid(),
                "the record points to " + Long.toUnsignedString(previous) + " as the one before it (expected: " + before
                        + ")");
    }

    private boolean isDamaged(long position) {
        for (int i = 0; i < damageStarts.size(); i++) {
            if (position >= damageStarts.get(i) && position < damageEnds.get(i)) {
                return true;
            }
        }
        return false;
    }

    @Override
    public void damage(Walk.Damage damage) throws IOException {
        damageStarts.add(damage.start());
        damageEnds.add(damage.end());
        add(
                Kind.DAMAGE,
                damage.offset(),
                null,
                null,
                damage.message() + "; unreadable from " + damage.start() + " to " + damage.end());
    }

    /** After the walk. */
    void end(@Nullable String tail) throws IOException {
        if (indexFile != null) {
            indexFile.end(file.position(), index);
        }
        if (tail != null) {
            Kind kind = file.isTailUnfinished() ? Kind.UNFINISHED : Kind.TAIL;
            add(
                    kind,
                    file.position(),
                    null,
                    null,
                    "the last " + (file.size() - file.position()) + " bytes do not count: " + tail);
        }
    }

    private void add(Kind kind, long offset, @Nullable Long oid, @Nullable Long tid, String message)
            throws IOException {
        findings.add(new Problem(kind, offset, oid, tid, message));
    }

    /** What there is of an object now. */
    enum Presence {
        HERE,
        DELETED,
        MISSING
    }

    Presence presenceOf(long oid) {
        long position = index.get(oid);
        if (position == 0) {
            return Presence.MISSING;
        }
        return deletions.get(oid) == position ? Presence.DELETED : Presence.HERE;
    }

    /** Whether a record is what its object is now. */
    boolean isCurrent(FileRecord record) {
        return index.get(record.oid()) == record.position() && deletions.get(record.oid()) != record.position();
    }

    long objects() {
        return index.size();
    }

    /** How many of the objects do not exist any more. */
    long deletedObjects() {
        long[] count = {0};
        deletions.forEach((oid, position) -> count[0] += index.get(oid) == position ? 1 : 0);
        return count[0];
    }

    long transactions() {
        return transactions;
    }

    long records() {
        return records;
    }

    long lastTid() {
        return lastTid;
    }
}
