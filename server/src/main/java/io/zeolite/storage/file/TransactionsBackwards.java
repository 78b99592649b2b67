package io.zeolite.storage.file;

import static io.zeolite.storage.file.FileFormat.FIRST_TRANSACTION;
import static io.zeolite.storage.file.FileFormat.TRAILER_LENGTH;
import static io.zeolite.storage.file.FileFormat.TRANSACTION_HEADER_LENGTH;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Finds transactions by the lengths at their ends, the newest first: the last of a large file are there at once. It knows
 * nothing of what is in them. For one thread.
 */
public final class TransactionsBackwards {
    /** In place of a position: no whole transaction ends there. */
    public static final long NONE = -1;

    private final FileWindow window;

    TransactionsBackwards(FileWindow window) {
        this.window = window;
    }

    /**
     * Where the last committed transaction ends, found from the end of the file, over those that are not finished.
     *
     * @param size where it ends, whatever comes after
     * @return {@link #NONE} if the file does not end with a whole transaction: then only a walk from its start finds it
     */
    public long committedEnd(long size) throws IOException {
        // A server that aborts a transaction cuts it off.
        long end = Math.min(size, window.file().size());
        while (end > FIRST_TRANSACTION) {
            TransactionHeader header = endingAt(end);
            if (header == null) {
                return NONE;
            } else if (FileFormat.isCommitted(header.status())) {
                return end;
            }
            end = header.position();
        }
        return FIRST_TRANSACTION;
    }

    /**
     * Where the transaction starts that ends at a position, which is after the first transaction's start.
     *
     * @return {@link #NONE} if there is none
     */
    public long before(long end) throws IOException {
        TransactionHeader header = endingAt(end);
        return header == null ? NONE : header.position();
    }

    /** The transaction that ends at a position; null if there is none, or something is odd about its lengths. */
    @Nullable
    TransactionHeader endingAt(long end) throws IOException {
        long room = end - FIRST_TRANSACTION - TRAILER_LENGTH;
        if (room < TRANSACTION_HEADER_LENGTH) {
            return null;
        }
        if (!window.holds(end - TRAILER_LENGTH, TRAILER_LENGTH)) {
            window.moveBefore(end);
        }
        long length = window.getLong(end - TRAILER_LENGTH);
        if (length < TRANSACTION_HEADER_LENGTH || length > room) {
            return null;
        }
        TransactionHeader header = window.transactionHeader(end - TRAILER_LENGTH - length);
        return header.length() == length && length >= header.headerLength() ? header : null;
    }
}
