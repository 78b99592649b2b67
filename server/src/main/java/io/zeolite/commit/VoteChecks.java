package io.zeolite.commit;

import io.zeolite.commit.staging.RecordStaging;
import io.zeolite.error.CallException;
import io.zeolite.error.ConflictException;
import io.zeolite.error.PosKeyException;
import io.zeolite.storage.Conflict;
import io.zeolite.storage.CopiedTransaction;
import io.zeolite.storage.TransactionLog;
import io.zeolite.zodb.Tid;
import io.zeolite.zodb.TimeStamp;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a transaction that has its locks must find in the log to be committed. By the committer, so that nothing
 * changes meanwhile.
 */
final class VoteChecks {
    private static final Logger LOG = LoggerFactory.getLogger("ZEO.StorageServer");

    /** More conflicting data than this is not sent back to be resolved; the transaction fails. */
    private static final long MAX_CONFLICT_BYTES = 64L << 20;

    /** The last tid that a copy may have: in the year 5900, with room for the tids of all that is committed after it. */
    private static final long MAX_COPIED_TID = Tid.MAX - (1L << 52);

    private final TransactionLog log;
    private final InstantSource clock;
    private final long quotaBytes;

    VoteChecks(TransactionLog log, InstantSource clock, long quotaBytes) {
        this.log = log;
        this.clock = clock;
        this.quotaBytes = quotaBytes;
    }

    /**
     * What a transaction has read and what it deletes must be as its client knows it; nothing that its client could do
     * would resolve a difference.
     */
    void requireUnchanged(LocalTransaction transaction) throws IOException {
        checkReads(transaction);
        checkDeletions(transaction);
        checkTid(transaction.copied);
    }

    /** An object that is to be deleted must be there, a deletion included, and as the client knows it. */
    private void checkDeletions(LocalTransaction transaction) throws IOException {
        for (int i = 0; i < transaction.records.count(); i++) {
            if (transaction.records.isDeletion(i)) {
                long oid = transaction.records.oid(i);
                long committed = log.currentSerial(oid);
                if (committed == Tid.NONE) {
                    throw PosKeyException.noObject(oid);
                }
                if (committed != transaction.records.serial(i)) {
                    throw ConflictException.onWrite(oid, committed, transaction.records.serial(i));
                }
            }
        }
    }

    private void checkTid(@Nullable CopiedTransaction copied) {
        if (copied == null || copied.tid() == Tid.NONE) {
            return;
        }
        if (!Tid.isAfter(copied.tid(), log.lastTransaction())) {
            throw badTid(copied, "after the last one, " + Tid.toHex(log.lastTransaction()));
        }
        if (Tid.isAfter(copied.tid(), MAX_COPIED_TID)) {
            throw badTid(copied, "at most " + Tid.toHex(MAX_COPIED_TID));
        }
        long tomorrow = TimeStamp.of(clock.instant().plus(Duration.ofDays(1)));
        if (Tid.isAfter(copied.tid(), tomorrow) && !Tid.isAfter(log.lastTransaction(), tomorrow)) {
            LOG.warn(
                    "a copied transaction is of {}, which is yet to come; what is committed until then gets tids of that time too",
                    TimeStamp.toInstant(copied.tid()));
        }
    }

    private static CallException badTid(CopiedTransaction copied, String expected) {
        return CallException.storage(
                "tid of a copied transaction: " + Tid.toHex(copied.tid()) + " (expected: " + expected + ")");
    }

    /**
     * @param reserved what others have been promised that have not finished
     * @throws CallException if so many bytes more are too many for the storage
     */
    void requireQuota(long reserved, long bytes) {
        if (log.size() + reserved + bytes > quotaBytes) {
            throw CallException.quota("the quota of the storage is used up: " + log.size() + " bytes, " + reserved
                    + " for transactions that are being finished, and " + bytes + " for this one (quota: " + quotaBytes
                    + ")");
        }
    }

    private void checkReads(LocalTransaction transaction) throws IOException {
        for (LocalTransaction.Check check : transaction.checks) {
            long committed = check.absent() ? log.currentSerial(check.oid()) : log.getTid(check.oid());
            if (committed != (check.absent() ? Tid.NONE : check.serial())) {
                throw ConflictException.onRead(check.oid(), committed, check.serial());
            }
        }
    }

    /** The stored objects whose serial is not the current one. An object that is new to the log takes any serial. */
    List<Conflict> conflicts(RecordStaging records) throws IOException {
        List<Conflict> conflicts = new ArrayList<>();
        long bytes = 0;
        for (int i = 0; i < records.count(); i++) {
            if (!records.isStored(i)) {
                continue;
            }
            long oid = records.oid(i);
            long read = records.serial(i);
            long committed = log.currentSerial(oid);
            if (committed != read && committed != Tid.NONE) {
                bytes += records.length(i);
                if (bytes > MAX_CONFLICT_BYTES) {
                    throw ConflictException.onWrite(oid, committed, read);
                }
                conflicts.add(new Conflict(oid, committed, read, records.data(i)));
            }
        }
        return conflicts;
    }
}
