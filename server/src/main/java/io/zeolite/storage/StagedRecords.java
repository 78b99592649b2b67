package io.zeolite.storage;

import java.io.IOException;

/** The records of one transaction in the order in which they are to be written. Read by one thread at a time. */
public interface StagedRecords {
    int count();

    long oid(int i);

    /** The length of the record's data in bytes: at least 1, or 0 if {@link #isPointer}. */
    int length(int i);

    /** Reads a record, from memory or from the file that large transactions spill to. */
    byte[] data(int i) throws IOException;

    /** Whether the record has no data of its own: it shares that of an older record, or ends its object. */
    default boolean isPointer(int i) {
        return false;
    }

    /**
     * Where in the log the older record is, of the same object, whose data a record without data has; 0 if the object
     * does not exist any more. The log itself has said so, and has been pinned since.
     */
    default long back(int i) {
        return 0;
    }

    /** The tid that the record carries: that of its transaction, unless it was copied from elsewhere with another. */
    default long tid(int i, long transactionTid) {
        return transactionTid;
    }
}
