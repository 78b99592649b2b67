package io.zeolite.edge;

import io.zeolite.client.Wire;
import io.zeolite.client.connection.ZeoConnection;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PyTuple;
import io.zeolite.storage.RecordInformation;
import io.zeolite.storage.RecordIterator;
import io.zeolite.storage.TransactionInformation;
import io.zeolite.storage.TransactionIterator;
import io.zeolite.zodb.Ids;
import io.zeolite.zodb.Tid;
import java.lang.ref.Cleaner;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * Walks over the transactions of the other server, which keeps the place. It has it for as long as the connection lasts, or
 * until nobody here knows the iterator any more.
 */
final class EdgeIterator implements TransactionIterator {
    private static final Cleaner CLEANER = Cleaner.create();

    private final ZeoConnection connection;
    private final Object id;
    private long present;

    private EdgeIterator(ZeoConnection connection, Object id) {
        this.connection = connection;
        this.id = id;
        forgetAfter(this, connection, id);
    }

    static EdgeIterator start(ZeoConnection connection, long start, long stop) {
        Object last = Tid.isAfter(stop, Tid.MAX) ? null : Ids.bytes(stop);
        Object id = await(connection.call(Methods.ITERATOR_START, PyTuple.of(Wire.bytesOrNone(start), last)));
        return new EdgeIterator(connection, known(Methods.ITERATOR_START, id));
    }

    private static void forgetAfter(Object user, ZeoConnection connection, Object id) {
        CLEANER.register(user, () -> connection.send(Methods.ITERATOR_GC, PyTuple.of(List.of(id))));
    }

    private static Object known(String method, @Nullable Object id) {
        if (id == null) {
            throw Wire.unexpected(method, null, "a number");
        }
        return id;
    }

    /** Waits for an answer, which is there at the latest when the connection is given up. */
    static <T extends @Nullable Object> T await(CompletableFuture<T> answer) {
        try {
            return answer.get();
        } catch (ExecutionException e) {
            throw Passing.failure(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for another server", e);
        }
    }

    @Override
    public @Nullable TransactionInformation next() {
        Object answer = await(connection.call(Methods.ITERATOR_NEXT, PyTuple.of(id)));
        if (answer == null) {
            return null;
        }
        TransactionInformation transaction = Entries.transaction(answer);
        present = transaction.tid();
        return transaction;
    }

    @Override
    public RecordIterator records() {
        return new Records(this, present);
    }

    /** The other server is asked when the first record is wanted, by whoever may wait. */
    private static final class Records implements RecordIterator {
        private final EdgeIterator transactions;
        private final long tid;
        private @Nullable Object id;

        private Records(EdgeIterator transactions, long tid) {
            this.transactions = transactions;
            this.tid = tid;
        }

        @Override
        public @Nullable RecordInformation next() {
            ZeoConnection connection = transactions.connection;
            Object known = id;
            if (known == null) {
                known = known(
                        Methods.ITERATOR_RECORD_START,
                        await(connection.call(
                                Methods.ITERATOR_RECORD_START, PyTuple.of(transactions.id, Ids.bytes(tid)))));
                id = known;
                forgetAfter(this, connection, known);
            }
            Object answer = await(connection.call(Methods.ITERATOR_RECORD_NEXT, PyTuple.of(known)));
            return answer == null ? null : Entries.record(answer);
        }
    }
}
