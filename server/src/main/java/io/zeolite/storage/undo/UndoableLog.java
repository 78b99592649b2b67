package io.zeolite.storage.undo;

import io.zeolite.blob.BlobRevision;
import io.zeolite.storage.TransactionSummary;
import java.io.IOException;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link io.zeolite.storage.TransactionLog} can do beside that if it keeps old revisions and lets records share
 * their data. Any thread may call it. All of it reads the disk, and may have to
 * read far: not for event loops.
 */
public interface UndoableLog {
    /**
     * Shows the transactions that can be undone, the last one first. Ends at the first that a pack has rewritten.
     *
     * @param visitor whether to go on
     */
    void visitUndoable(Predicate<TransactionSummary> visitor) throws IOException;

    /**
     * Finds a transaction that is to be undone.
     *
     * @throws io.zeolite.error.UndoException if it is not there, or can not be undone
     */
    UndoTarget find(long tid) throws IOException;

    /**
     * The revisions of blobs whose files undoing a transaction brings back, if it can be undone.
     *
     * @throws io.zeolite.error.UndoException if a pack has taken it away since it was found
     */
    List<BlobRevision> blobsBefore(UndoTarget target) throws IOException;

    /**
     * What has to be written to undo a transaction; nothing is changed. The log must not change meanwhile, so the caller
     * holds the lock of the whole storage, and lets no pack replace its file before what was found is written.
     *
     * @param pending takes the place of what is current
     * @return the records, one for each object
     * @throws io.zeolite.error.UndoException if an object has been changed since in a way that is not to be lost, naming
     *     all of them
     */
    List<UndoneRecord> undo(UndoTarget target, PendingRecords pending) throws IOException;

    /**
     * Where the record of an object is that a tid wrote, if it has this data, so that a copy of it need not be written.
     * The same is to be kept as for {@link #undo}.
     *
     * @param data null if the object does not exist
     * @return 0 if there is no such record
     */
    long findCopy(long oid, long serial, byte @Nullable [] data) throws IOException;
}
