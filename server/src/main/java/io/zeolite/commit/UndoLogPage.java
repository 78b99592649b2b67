package io.zeolite.commit;

import io.zeolite.error.CallException;
import io.zeolite.storage.SummaryLimit;
import io.zeolite.storage.TransactionSummary;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** One page of the undo log: the transactions from one number to another, of those that a filter wants. */
final class UndoLogPage {
    private final long first;
    private final long last;
    private final Predicate<TransactionSummary> filter;
    private final List<TransactionSummary> transactions = new ArrayList<>();
    private final SummaryLimit limit = new SummaryLimit();
    private long wanted;

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
        if (!limit.admits(transaction.metadata())) {
            throw CallException.storage("undo log: the transactions from " + first + " to " + last + " take more than "
                    + SummaryLimit.MAX_BYTES + " bytes (expected: a smaller page, this is number " + wanted + ")");
        }
        transactions.add(transaction);
    }

    List<TransactionSummary> transactions() {
        return transactions;
    }
}
