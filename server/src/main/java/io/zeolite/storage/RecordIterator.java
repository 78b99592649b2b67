package io.zeolite.storage;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Walks over the records of a transaction in their order; the rest is as with {@link TransactionIterator}. */
public interface RecordIterator {
    /**
     * The next record; null if there is none.
     *
     * @throws IOException if the data is damaged or cannot be read, or if a pack has changed the transaction after its
     *     first record was read
     */
    @Nullable
    RecordInformation next() throws IOException;
}
