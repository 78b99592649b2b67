package io.zeolite.commit;

import io.zeolite.commit.staging.RecordStaging;
import io.zeolite.storage.undo.PendingRecords.PendingRecord;
import io.zeolite.storage.undo.UndoTarget;
import io.zeolite.storage.undo.UndoableLog;
import io.zeolite.storage.undo.UndoneRecord;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a vote does on an I/O thread while its transaction has the lock of the whole storage: finds the data that copied
 * records can share, and what undoes the transactions that are to be undone. The records are this thread's meanwhile.
 */
final class Preparation {
    private final LocalTransaction transaction;
    private final UndoableLog log;
    private final RecordStaging records;

    Preparation(LocalTransaction transaction, UndoableLog log) {
        this.transaction = transaction;
        this.log = log;
        this.records = transaction.records;
    }

    /** Stages it all. Returns the objects that undoing changes. */
    long[] run() throws IOException {
        for (Map.Entry<Integer, Long> origin : records.origins().entrySet()) {
            shareData(origin.getKey(), origin.getValue());
        }
        Set<Long> changed = new LinkedHashSet<>();
        for (UndoTarget target : transaction.undoTargets()) {
            for (UndoneRecord undone : log.undo(target, this::pending)) {
                undo(undone);
                changed.add(undone.oid());
            }
        }
        return changed.stream().mapToLong(Long::longValue).toArray();
    }

    private void shareData(int number, long origin) throws IOException {
        byte[] data = records.isPointer(number) ? null : records.data(number);
        long back = log.findCopy(records.oid(number), origin, data);
        if (back != 0) {
            records.shareData(number, back);
        }
    }

    private @Nullable PendingRecord pending(long oid) throws IOException {
        int number = records.find(oid);
        if (number < 0) {
            return null;
        }
        return records.isPointer(number)
                ? new PendingRecord(null, records.back(number))
                : new PendingRecord(records.data(number), 0);
    }

    private void undo(UndoneRecord undone) throws IOException {
        if (undone.blobSerial() != Tid.NONE) {
            transaction.stageBlobAgain(undone.oid(), undone.blobSerial());
        } else {
            transaction.dropBlob(undone.oid());
        }
        records.undo(undone.oid(), undone.back());
    }
}
