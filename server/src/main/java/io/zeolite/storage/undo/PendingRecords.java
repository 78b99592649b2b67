package io.zeolite.storage.undo;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** What the undoing transaction has staged so far, several transactions being undone in it perhaps. */
public interface PendingRecords {
    /** The record of an object; null if there is none. */
    @Nullable
    PendingRecord find(long oid) throws IOException;

    /**
     * A staged record.
     *
     * @param data null if it has none of its own
     * @param back where the record is whose data it shares then; 0 if the object does not exist any more
     */
    record PendingRecord(byte @Nullable [] data, long back) {}
}
