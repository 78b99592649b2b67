package io.zeolite.storage;

/**
 * A voted transaction as it goes into a log.
 *
 * @param tid later than every tid in the log
 * @param packed whether it is marked as rewritten by a pack, so that it cannot be undone
 */
public record LogTransaction(long tid, boolean packed, TransactionMetadata metadata, StagedRecords records) {
    /** A transaction that can be undone. */
    public LogTransaction(long tid, TransactionMetadata metadata, StagedRecords records) {
        this(tid, false, metadata, records);
    }
}
