package io.zeolite.tool.recover;

import io.zeolite.storage.file.FileFormat;
import io.zeolite.storage.file.FileIterator;
import io.zeolite.storage.file.FileRecord;
import io.zeolite.storage.file.FileTransaction;
import io.zeolite.storage.file.SalvageWriter;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Copies transactions of a damaged file into a new one. */
final class Salvage {
    private final FileIterator from;
    private final SalvageWriter to;
    private final boolean partial;
    private final PositionMap positions = new PositionMap();

    private long lastTid = Tid.NONE;
    private long copied;
    private long inPart;
    private long repaired;
    private long records;

    /**
     * What is wrong within a transaction.
     *
     * @param records how many of its records come before it
     * @param offset where it starts
     */
    record Flaw(long records, long offset, String message) {}

    Salvage(FileIterator from, SalvageWriter to, boolean partial) {
        this.from = from;
        this.to = to;
        this.partial = partial;
    }

    /**
     * Copies a transaction: all of it, or if it is damaged, what comes before the damage if that is wanted.
     *
     * @return what was left out; null if nothing was
     */
    @Nullable
    Flaw copy(FileTransaction transaction) throws IOException {
        Survey survey = survey(transaction);
        Flaw flaw = survey.flaw;
        boolean part = flaw != null && partial && flaw.records() > 0;
        if (flaw == null || part) {
            long tid = tidFor(transaction, survey);
            to.begin(tid, part ? FileFormat.PACKED : statusFor(transaction), transaction.metadata());
            FileIterator.Records all = from.records(transaction);
            for (long i = 0; i < survey.records; i++) {
                copy(Objects.requireNonNull(all.next(), "a record that was there"), transaction.tid(), tid);
            }
            to.end();
            lastTid = tid;
            copied++;
            inPart += part ? 1 : 0;
            records += survey.records;
        }
        if (flaw != null) {
            positions.gap(part ? flaw.offset() : transaction.position());
        }
        return flaw;
    }

    /** What there is in a transaction. */
    private static final class Survey {
        private long records;
        private boolean ownTid = true;
        private long recordTid;
        private @Nullable Flaw flaw;
    }

    /** Reads all records of a transaction, so that nothing of it is written before all of it is known to be readable. */
    private Survey survey(FileTransaction transaction) {
        Survey survey = new Survey();
        long at = transaction.recordsStart();
        try {
            FileIterator.Records all = from.records(transaction);
            for (FileRecord record = all.next(); record != null; record = all.next()) {
                at = record.position();
                checkData(record);
                survey.ownTid &= survey.records == 0 || record.tid() == survey.recordTid;
                survey.recordTid = record.tid();
                survey.records++;
                at = record.end();
            }
        } catch (IOException e) {
            survey.flaw = new Flaw(survey.records, at, String.valueOf(e.getMessage()));
        }
        return survey;
    }

    /** Whether the data of a record can be read: from the copy already, or wherever the record leads to. */
    private void checkData(FileRecord record) throws IOException {
        FileRecord target = record.hasData() ? record : from.target(record);
        if (target != null && positions.get(target.position()) == 0) {
            from.data(record);
        }
    }

    /**
     * The tid of the copy. Where all records agree on another one than the transaction, it is the transaction's that is
     * damaged. Tids must rise, or nobody could read the file.
     */
    private long tidFor(FileTransaction transaction, Survey survey) {
        long tid = transaction.tid();
        boolean recordsKnowBetter = survey.records > 0
                && survey.ownTid
                && survey.recordTid != tid
                && Tid.isAfter(survey.recordTid, lastTid);
        if (recordsKnowBetter) {
            repaired++;
            return survey.recordTid;
        } else if (!Tid.isAfter(tid, lastTid)) {
            repaired++;
            return lastTid + 1;
        }
        return tid;
    }

    /** The status of the copy: Python refuses those that it does not know. */
    private byte statusFor(FileTransaction transaction) {
        byte status = transaction.status();
        if (status == FileFormat.COMMITTED || status == FileFormat.PACKED) {
            return status;
        }
        repaired++;
        return FileFormat.COMMITTED;
    }

    private void copy(FileRecord record, long oldTid, long newTid) throws IOException {
        long tid = record.tid() == oldTid ? newTid : record.tid();
        long target = record.hasData() ? 0 : positions.get(record.backPointer());
        long position;
        if (target != 0 || record.isDeletion()) {
            position = to.addBackPointer(record.oid(), tid, target);
        } else {
            byte[] data = from.data(record);
            position = data == null ? to.addBackPointer(record.oid(), tid, 0) : to.add(record.oid(), tid, data);
        }
        positions.add(record.position(), record.end() - record.position(), position);
    }

    /** Says that what comes before a position is left out. */
    void skip(long start) {
        positions.gap(start);
    }

    long copied() {
        return copied;
    }

    long inPart() {
        return inPart;
    }

    /** How many transactions got another tid or status. */
    long repaired() {
        return repaired;
    }

    long records() {
        return records;
    }
}
