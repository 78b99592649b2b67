package io.zeolite.tool.file;

import io.zeolite.storage.file.CorruptedFileException;
import io.zeolite.storage.file.FileIterator;
import io.zeolite.storage.file.FileRecord;
import io.zeolite.storage.file.FileTransaction;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.util.Set;

/**
 * Which transactions a tool shows.
 *
 * @param since the first tid
 * @param until the last tid
 * @param oids only those that have a record of one of these; all if there are none
 * @param limit how many at most
 */
public record Selection(long since, long until, Set<Long> oids, long limit) {
    /** All of them. */
    public static final Selection ALL = new Selection(Tid.NONE, -1L, Set.of(), Long.MAX_VALUE);

    /** Whether a transaction is one of them, but for the limit. */
    public boolean takes(FileIterator file, FileTransaction transaction) throws IOException {
        return !isBefore(transaction.tid()) && !isAfter(transaction.tid()) && hasObject(file, transaction);
    }

    /** Whether a tid is before all that are wanted. */
    public boolean isBefore(long tid) {
        return Tid.isAfter(since, tid);
    }

    /** Whether a tid is after all that are wanted. */
    public boolean isAfter(long tid) {
        return Tid.isAfter(tid, until);
    }

    /** Whether a record is one of those that are wanted. */
    public boolean takes(FileRecord record) {
        return oids.isEmpty() || oids.contains(record.oid());
    }

    private boolean hasObject(FileIterator file, FileTransaction transaction) throws IOException {
        if (oids.isEmpty()) {
            return true;
        }
        try {
            FileIterator.Records records = file.records(transaction);
            for (FileRecord record = records.next(); record != null; record = records.next()) {
                if (oids.contains(record.oid())) {
                    return true;
                }
            }
            return false;
        } catch (CorruptedFileException e) {
            // It may have been in what cannot be read.
            return true;
        }
    }
}
