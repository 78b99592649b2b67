package io.zeolite.commit;

import io.zeolite.error.CallException;
import io.zeolite.storage.TransactionMetadata;
import io.zeolite.storage.TransactionSummary;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** One page of the undo log: the transactions from one number to another, of those that a filter wants. */
final class UndoLogPage {
    /** More than this is not put into one answer. */
    private static final long MAX_BYTES = 64L << 20;

    /** What an entry takes beside its metadata, roughly, here and in the answer. */
    private static final long ENTRY_BYTES = 200;

    private final long first;
    private final long last;
    private final Predicate<TransactionSummary> filter;
    private final List<TransactionSummary> transactions = new ArrayList<>();
    private long wanted;
    private long bytes;

    UndoLogPage(long first, long last, Predicate<TransactionSummary> filter) {
        this.first = first;
        this.last = last;
        this.filter = filter;
    }

    boolean isFull() {
        return wanted >= last;
    }

    /** Takes the next transaction, the last one being the first. Returns whether to go on. */
    boolean visit(TransactionSummary transaction) {
        if (filter.test(transaction)) {
            if (wanted >= first) {
                add(transaction);
            }
            wanted++;
        }
        return !isFull();
    }

    private void add(TransactionSummary transaction) {
        TransactionMetadata metadata = transaction.metadata();
        bytes += ENTRY_BYTES + metadata.user().length + metadata.description().length + metadata.extension().length;
        if (bytes > MAX_BYTES) {
            throw CallException.storage("undo log: the transactions from " + first + " to " + last + " take more than "
                    + MAX_BYTES + " bytes (expected: a smaller page, this is number " + wanted + ")");
        }
        transactions.add(transaction);
    }

    List<TransactionSummary> transactions() {
        return transactions;
    }
}
