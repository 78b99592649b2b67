package io.zeolite.client;

import io.zeolite.client.connection.ZeoConnection;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PyDict;
import io.zeolite.pickle.PyTuple;
import io.zeolite.zodb.Ids;
import io.zeolite.zodb.Tid;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Goes through the transactions of a storage, from the first to the last. It is pulled: nothing is fetched
 * before it is asked for, so a slow reader is no burden. For one thread at a time.
 *
 * <p>The server keeps its place for this connection only. If that breaks, the calls fail with
 * {@link ServerUnavailableException}, and a new iterator goes on from the transaction after the last one.
 */
public final class TransactionIterator implements Iterator<StoredTransaction>, AutoCloseable {
    private final ClientCore core;
    private final long from;
    private final long to;

    private @Nullable ZeoConnection connection;
    private @Nullable Object id;
    private @Nullable CompletableFuture<@Nullable StoredTransaction> ahead;
    private @Nullable StoredTransaction present;
    private boolean ended;

    TransactionIterator(ClientCore core, long from, long to) {
        this.core = core;
        this.from = from;
        this.to = to;
    }

    @Override
    public boolean hasNext() {
        return await(peek()) != null;
    }

    @Override
    public StoredTransaction next() {
        StoredTransaction next = await(peek());
        if (next == null) {
            throw new NoSuchElementException("no transaction after " + Tid.toString(to));
        }
        // Not before it is here: who has waited in vain and calls again gets the same one.
        ahead = null;
        present = next;
        return next;
    }

    /** The next transaction without waiting; null at the end. */
    public CompletableFuture<@Nullable StoredTransaction> nextAsync() {
        CompletableFuture<@Nullable StoredTransaction> next = peek();
        ahead = null;
        return core.publish(next.thenApply(transaction -> {
            present = transaction;
            return transaction;
        }));
    }

    private CompletableFuture<@Nullable StoredTransaction> peek() {
        CompletableFuture<@Nullable StoredTransaction> known = ahead;
        if (known == null || known.isCompletedExceptionally()) {
            known = CompletableFuture.<@Nullable StoredTransaction>completedFuture(null);
            if (!ended) {
                known = open().<@Nullable StoredTransaction>thenCompose(this::fetch);
            }
            ahead = known;
        }
        return known;
    }

    private CompletableFuture<ZeoConnection> open() {
        ZeoConnection open = connection;
        if (open != null) {
            return CompletableFuture.completedFuture(open);
        }
        return core.link().connection().thenCompose(found -> found.call(
                        Methods.ITERATOR_START,
                        PyTuple.of(Wire.bytesOrNone(from), to == Tid.MAX ? null : Ids.bytes(to)))
                .thenApply(answer -> {
                    connection = found;
                    id = answer;
                    return found;
                }));
    }

    private CompletableFuture<@Nullable StoredTransaction> fetch(ZeoConnection open) {
        return open.call(Methods.ITERATOR_NEXT, PyTuple.of(id)).thenApply(answer -> {
            if (answer == null) {
                ended = true;
                return null;
            }
            return parse(answer);
        });
    }

    private StoredTransaction parse(Object answer) {
        PyTuple parts = Wire.tuple(Methods.ITERATOR_NEXT, answer, 5);
        return new StoredTransaction(
                this,
                Wire.id(Methods.ITERATOR_NEXT, parts.get(0)),
                Wire.text(parts.get(1)),
                Wire.data(Methods.ITERATOR_NEXT, parts.get(2)),
                Wire.data(Methods.ITERATOR_NEXT, parts.get(3)),
                parts.get(4) instanceof PyDict extension ? extension : new PyDict());
    }

    /** Waits for each record by itself: a transaction may have any number. */
    List<StoredTransaction.StoredRecord> records(StoredTransaction of) {
        ZeoConnection open = connectionOf(of);
        PyTuple recordsId = PyTuple.of(this.<@Nullable Object>await(start(open, of)));
        List<StoredTransaction.StoredRecord> records = new ArrayList<>();
        Object answer = this.<@Nullable Object>await(open.call(Methods.ITERATOR_RECORD_NEXT, recordsId));
        while (answer != null) {
            records.add(record(answer));
            answer = this.<@Nullable Object>await(open.call(Methods.ITERATOR_RECORD_NEXT, recordsId));
        }
        return records;
    }

    CompletableFuture<List<StoredTransaction.StoredRecord>> recordsAsync(StoredTransaction of) {
        ZeoConnection open = connectionOf(of);
        CompletableFuture<List<StoredTransaction.StoredRecord>> all = new CompletableFuture<>();
        start(open, of).whenComplete((recordsId, failure) -> {
            if (failure == null) {
                more(open, recordsId, new ArrayList<>(), all);
            } else {
                all.completeExceptionally(failure);
            }
        });
        return core.publish(all);
    }

    private ZeoConnection connectionOf(StoredTransaction of) {
        ZeoConnection open = connection;
        if (open == null || of != present || ahead != null) {
            throw new IllegalStateException("records of transaction " + Tid.toString(of.tid())
                    + " (expected: the transaction that the iterator has returned last, before hasNext)");
        }
        return open;
    }

    private CompletableFuture<@Nullable Object> start(ZeoConnection open, StoredTransaction of) {
        return open.call(Methods.ITERATOR_RECORD_START, PyTuple.of(id, Ids.bytes(of.tid())));
    }

    private static void more(
            ZeoConnection open,
            @Nullable Object recordsId,
            List<StoredTransaction.StoredRecord> records,
            CompletableFuture<List<StoredTransaction.StoredRecord>> all) {
        open.call(Methods.ITERATOR_RECORD_NEXT, PyTuple.of(recordsId)).whenComplete((answer, failure) -> {
            if (failure != null) {
                all.completeExceptionally(failure);
            } else if (answer == null) {
                all.complete(records);
            } else {
                try {
                    records.add(record(answer));
                } catch (RuntimeException e) {
                    all.completeExceptionally(e);
                    return;
                }
                more(open, recordsId, records, all);
            }
        });
    }

    private static StoredTransaction.StoredRecord record(Object answer) {
        String method = Methods.ITERATOR_RECORD_NEXT;
        PyTuple parts = Wire.tuple(method, answer, 4);
        return new StoredTransaction.StoredRecord(
                Wire.id(method, parts.get(0)),
                Wire.id(method, parts.get(1)),
                parts.get(2) == null ? null : Wire.data(method, parts.get(2)),
                parts.get(3) == null ? null : Wire.id(method, parts.get(3)));
    }

    private <T extends @Nullable Object> T await(CompletableFuture<T> future) {
        return core.await(future, core.callTimeout());
    }

    /** Lets the server forget its place. */
    @Override
    public void close() {
        ZeoConnection open = connection;
        Object known = id;
        if (open != null && known != null && !ended) {
            ended = true;
            open.send(Methods.ITERATOR_GC, PyTuple.of(List.of(known)));
        }
    }
}
