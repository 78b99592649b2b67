package io.zeolite.session;

import io.zeolite.error.CallException;
import io.zeolite.error.ZeoException;
import io.zeolite.message.Methods;
import io.zeolite.pickle.ExtensionPickle;
import io.zeolite.pickle.PickleException;
import io.zeolite.pickle.PyDict;
import io.zeolite.pickle.PyTuple;
import io.zeolite.storage.CurrentRecord;
import io.zeolite.storage.RecordInformation;
import io.zeolite.storage.RecordIterator;
import io.zeolite.storage.Storage;
import io.zeolite.storage.TransactionInformation;
import io.zeolite.storage.TransactionIterator;
import io.zeolite.zodb.Ids;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The iterators that a client has started, and the other walk over a storage, that over its current records.
 *
 * <p>What a client started and forgot is kept until it says so, or goes. An iterator is some numbers, and a client has
 * at most {@value #MAX_ITERATORS} of them: the one that was not used for the longest time makes room for the next.
 *
 * <p>Everything is called on the event loop; the storage is read by threads for that, for one call at a time, in the order in
 * which they came. A client that sends more than some calls ahead is not read from until they are answered.
 */
final class IteratorCalls {
    private static final Logger LOG = LoggerFactory.getLogger(IteratorCalls.class);

    static final int MAX_ITERATORS = 10_000;
    private static final int MAX_WAITING = 64;

    private final Storage storage;
    private final Executor io;
    private final Outbox outbox;

    private final Map<Long, Cursor> cursors = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Cursor> eldest) {
            return size() > MAX_ITERATORS;
        }
    };

    private long nextId;

    private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
    private boolean busy;
    private boolean paused;
    private boolean closed;

    /** An iterator: over transactions or over the records of one. */
    private sealed interface Cursor {}

    private static final class Transactions implements Cursor {
        final TransactionIterator iterator;
        /** Whether a transaction has been handed out, and which. */
        boolean started;

        long lastTid;

        Transactions(TransactionIterator iterator) {
            this.iterator = iterator;
        }
    }

    private record Records(RecordIterator iterator) implements Cursor {}

    /** What is done by another thread. */
    private interface Read<T> {
        T read() throws IOException;
    }

    IteratorCalls(Storage storage, Executor io, Outbox outbox) {
        this.storage = storage;
        this.io = io;
        this.outbox = outbox;
    }

    void call(String method, Arguments args, Answer answer) {
        Runnable turn =
                switch (method) {
                    case Methods.ITERATOR_START -> start(args.exactly(2), answer);
                    case Methods.ITERATOR_NEXT -> next(args.exactly(1).number(0), answer);
                    case Methods.ITERATOR_RECORD_START -> {
                        args.exactly(2);
                        yield recordStart(args.number(0), args.id(1), answer);
                    }
                    case Methods.ITERATOR_RECORD_NEXT ->
                        recordNext(args.exactly(1).number(0), answer);
                    case Methods.ITERATOR_GC -> forget(args.exactly(1).numbers(0), answer);
                    case Methods.RECORD_ITERNEXT -> recordIternext(args.between(0, 1), answer);
                    default -> throw new IllegalArgumentException("method: " + method);
                };
        waiting.add(turn);
        if (waiting.size() > MAX_WAITING && !paused) {
            paused = true;
            outbox.pauseReading();
        }
        runNext();
    }

    /** Forgets everything. What is being read is not answered. */
    void close() {
        closed = true;
        waiting.clear();
        cursors.clear();
    }

    private void runNext() {
        while (!busy && !waiting.isEmpty()) {
            waiting.remove().run();
        }
        if (paused && waiting.isEmpty()) {
            paused = false;
            outbox.resumeReading();
        }
    }

    /** Reads by another thread, and passes on what was read on the loop. */
    private <T> void read(Answer answer, Read<T> read, Consumer<T> then) {
        busy = true;
        io.execute(() -> {
            Runnable outcome;
            try {
                T result = read.read();
                outcome = () -> then.accept(result);
            } catch (IOException e) {
                LOG.error("cannot read: {}", e.toString());
                outcome = () -> answer.failure(CallException.storage(String.valueOf(e.getMessage())));
            } catch (RuntimeException | Error e) {
                outcome = () -> answer.failure(e);
            }
            Runnable completed = outcome;
            outbox.execute(() -> complete(answer, completed));
        });
    }

    private void complete(Answer answer, Runnable outcome) {
        busy = false;
        if (closed) {
            return;
        }
        attempt(answer, outcome);
        runNext();
    }

    private static void attempt(Answer answer, Runnable step) {
        try {
            step.run();
        } catch (ZeoException e) {
            answer.failure(e);
        }
    }

    private long add(Cursor cursor) {
        cursors.put(nextId, cursor);
        return nextId++;
    }

    private Runnable start(Arguments args, Answer answer) {
        long start = args.get(0) == null ? Tid.NONE : args.id(0);
        long stop = args.get(1) == null ? -1 : args.id(1);
        return () -> read(
                answer, () -> new Transactions(storage.iterator(start, stop)), iterator -> answer.value(add(iterator)));
    }

    private Runnable next(long id, Answer answer) {
        return () -> attempt(answer, () -> {
            Transactions transactions = transactions(id);
            read(answer, () -> new Found<>(transactions.iterator.next()), found -> {
                TransactionInformation transaction = found.value;
                if (transaction == null) {
                    cursors.remove(id);
                    answer.value(null);
                    return;
                }
                transactions.started = true;
                transactions.lastTid = transaction.tid();
                answer.value(describe(transaction, answer));
            });
        });
    }

    private Runnable recordStart(long id, long tid, Answer answer) {
        return () -> attempt(answer, () -> {
            Transactions transactions = transactions(id);
            if (!transactions.started) {
                throw unknown(id);
            }
            if (transactions.lastTid != tid) {
                throw CallException.unnamed(
                        "Out-of-order request for record iterator for transaction " + Tid.toString(tid));
            }
            answer.value(add(new Records(transactions.iterator.records())));
        });
    }

    private Runnable recordNext(long id, Answer answer) {
        return () -> attempt(answer, () -> {
            if (!(cursors.get(id) instanceof Records records)) {
                throw unknown(id);
            }
            read(answer, () -> new Found<>(records.iterator.next()), found -> {
                RecordInformation record = found.value;
                if (record == null) {
                    cursors.remove(id);
                }
                answer.value(record == null ? null : describe(record));
            });
        });
    }

    private Runnable forget(List<Long> ids, Answer answer) {
        return () -> {
            ids.forEach(cursors::remove);
            answer.value(null);
        };
    }

    private Runnable recordIternext(Arguments args, Answer answer) {
        long oid = args.get(0) == null ? 0 : args.id(0);
        return () -> read(answer, () -> storage.recordIternext(oid), record -> answer.value(describe(record)));
    }

    private Transactions transactions(long id) {
        if (cursors.get(id) instanceof Transactions transactions) {
            return transactions;
        }
        throw unknown(id);
    }

    private static CallException unknown(long id) {
        return CallException.unknownNumber("iterator", id);
    }

    /** What was read, or the end. */
    private record Found<T>(@Nullable T value) {}

    private static PyTuple describe(TransactionInformation transaction, Answer answer) {
        return PyTuple.of(
                Ids.bytes(transaction.tid()),
                String.valueOf((char) (transaction.status() & 0xff)),
                transaction.metadata().user(),
                transaction.metadata().description(),
                extension(transaction, answer));
    }

    /** The protocol has no way to pass it on as it stands; what cannot be read, or sent, is not left out without a word. */
    private static PyDict extension(TransactionInformation transaction, Answer answer) {
        try {
            PyDict extension = ExtensionPickle.decode(transaction.metadata().extension());
            if (extension.isEmpty() || answer.canHold(extension)) {
                return extension;
            }
            throw CallException.badValue("the extension of transaction " + Tid.toString(transaction.tid())
                    + " cannot be sent: it holds a value that the encoding of this client has no form for");
        } catch (PickleException e) {
            throw CallException.badValue("the extension of transaction " + Tid.toString(transaction.tid())
                    + " cannot be read: " + e.getMessage());
        }
    }

    private static PyTuple describe(RecordInformation record) {
        return PyTuple.of(
                Ids.bytes(record.oid()),
                Ids.bytes(record.tid()),
                record.data(),
                record.dataTid() == Tid.NONE ? null : Ids.bytes(record.dataTid()));
    }

    private static PyTuple describe(CurrentRecord record) {
        OptionalLong next = record.next();
        return PyTuple.of(
                Ids.bytes(record.oid()),
                Ids.bytes(record.tid()),
                record.data(),
                next.isPresent() ? Ids.bytes(next.getAsLong()) : null);
    }
}
