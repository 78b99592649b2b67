package io.zeolite.edge;

import io.zeolite.client.Relay;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PyTuple;
import io.zeolite.storage.Completion;
import io.zeolite.storage.TransactionSummary;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** Goes through the undo log of the other server page by page, until there are enough entries that are wanted. */
final class UndoLogSearch {
    private static final long LEAST_PAGE = 20;
    private static final long LARGEST_PAGE = 1000;

    private final Relay relay;
    private final Passing passing;
    private final long first;
    private final long last;
    private final Predicate<TransactionSummary> filter;
    private final Completion<List<TransactionSummary>> completion;
    private final List<TransactionSummary> found = new ArrayList<>();

    UndoLogSearch(
            Relay relay,
            long first,
            long last,
            Predicate<TransactionSummary> filter,
            Completion<List<TransactionSummary>> completion) {
        this.relay = relay;
        this.passing = new Passing(relay);
        this.first = Math.max(0, first);
        this.last = last;
        this.filter = filter;
        this.completion = completion;
    }

    void run() {
        page(0, Math.min(Math.max(last, LEAST_PAGE), LARGEST_PAGE));
    }

    private void page(long from, long size) {
        passing.pass(
                () -> relay.ask(Methods.UNDO_LOG, PyTuple.of(from, from + size)), Entries::undoLog, new Completion<>() {
                    @Override
                    public void complete(List<TransactionSummary> page) {
                        page.stream().filter(filter).forEach(found::add);
                        if (page.size() < size || found.size() >= last) {
                            // Two negative bounds make it negative, and ask for nothing.
                            int end = (int) Math.max(0, Math.min(last, found.size()));
                            completion.complete(List.copyOf(found.subList((int) Math.min(first, end), end)));
                        } else {
                            page(from + size, LARGEST_PAGE);
                        }
                    }

                    @Override
                    public void fail(Throwable failure) {
                        completion.fail(failure);
                    }
                });
    }
}
