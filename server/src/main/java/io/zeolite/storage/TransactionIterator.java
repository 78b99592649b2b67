package io.zeolite.storage;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Walks over the transactions of a storage in their order. It holds nothing that has to be given back: whoever does not
 * need it any more forgets it. For one thread at a time; its methods may wait for the disk.
 *
 * <p>What is committed after it was made is not seen. If the storage is packed meanwhile, it goes on with what the pack
 * has left.
 */
public interface TransactionIterator {
    /**
     * The next transaction; null if there is none.
     *
     * @throws IOException if the data is damaged or cannot be read
     */
    @Nullable
    TransactionInformation next() throws IOException;

    /** Walks over the records of the transaction that {@link #next} has returned last, from the first one on. */
    RecordIterator records();
}
