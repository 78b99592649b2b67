package io.zeolite.client;

import io.zeolite.client.connection.Done;
import io.zeolite.client.connection.ZeoConnection;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PyDict;
import io.zeolite.pickle.PyTuple;
import io.zeolite.zodb.Ids;
import io.zeolite.zodb.Tid;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A connection as one transaction has it, up to the abort. A server closes a connection on which something comes for a
 * transaction that it does not have, and pieces of a blob do not even say whose they are: so nothing is sent after the abort,
 * whoever is still at it then.
 *
 * <p>Any thread may call; what one thread sends goes out in its order. Futures complete on the event loop.
 */
final class TransactionConnection {
    private final ClientCore core;
    private final ZeoConnection connection;
    private final Long id;

    // The event loop's.
    private @Nullable PyTuple openBlob;
    private @Nullable CompletableFuture<Done> aborted;

    TransactionConnection(ClientCore core, ZeoConnection connection, Long id) {
        this.core = core;
        this.connection = connection;
        this.id = id;
    }

    /** Whether it is still that of the client. On the event loop. */
    boolean isCurrent() {
        return core.link().currentConnection() == connection;
    }

    /**
     * Begins the transaction. Fails at once if the arguments cannot be encoded: of what follows the server would not know
     * where it belongs, and close the connection.
     */
    CompletableFuture<Done> begin(PyTuple args) {
        return core.onLoop(() -> {
            CompletableFuture<@Nullable Object> begun = send(Methods.TPC_BEGIN, args);
            return begun.isCompletedExceptionally() ? begun.thenApply(sent -> Done.DONE) : Done.future();
        });
    }

    CompletableFuture<@Nullable Object> store(long oid, long serial, byte[] data) {
        return send(Methods.STORE, stored(oid, serial, data));
    }

    private PyTuple stored(long oid, long serial, byte[] data) {
        return PyTuple.of(Ids.bytes(oid), Ids.bytes(serial), data, id);
    }

    /** @param origin the tid of a record that may have the same data, or {@link Tid#NONE} */
    CompletableFuture<@Nullable Object> restore(long oid, long serial, byte @Nullable [] data, long origin) {
        return send(Methods.RESTORE, PyTuple.of(Ids.bytes(oid), Ids.bytes(serial), data, Wire.bytesOrNone(origin), id));
    }

    CompletableFuture<@Nullable Object> delete(long oid, long serial) {
        return send(Methods.DELETE_OBJECT, PyTuple.of(Ids.bytes(oid), Ids.bytes(serial), id));
    }

    CompletableFuture<@Nullable Object> checkCurrent(long oid, long serial) {
        return send(Methods.CHECK_CURRENT, PyTuple.of(Ids.bytes(oid), Ids.bytes(serial), id));
    }

    CompletableFuture<@Nullable Object> undo(long tid) {
        return send(Methods.UNDO, PyTuple.of(Base64.getEncoder().encode(Ids.bytes(tid)), id));
    }

    /** @param name of the file, in the directory of the object that the server shares */
    CompletableFuture<@Nullable Object> storeSharedBlob(long oid, long serial, byte[] data, String name) {
        return send(Methods.STORE_BLOB_SHARED, PyTuple.of(Ids.bytes(oid), Ids.bytes(serial), data, name, id));
    }

    CompletableFuture<@Nullable Object> startBlob(long oid, long serial, byte[] data) {
        return unlessAborted(() -> {
            openBlob = stored(oid, serial, data);
            return connection.send(Methods.STORE_BLOB_START, PyTuple.EMPTY);
        });
    }

    CompletableFuture<@Nullable Object> continueBlob(byte[] chunk) {
        return send(Methods.STORE_BLOB_CHUNK, PyTuple.of((Object) chunk));
    }

    CompletableFuture<@Nullable Object> endBlob() {
        return unlessAborted(this::sendBlobEnd);
    }

    private CompletableFuture<@Nullable Object> sendBlobEnd() {
        PyTuple end = openBlob;
        if (end == null) {
            throw new IllegalStateException("transaction: no blob was started");
        }
        openBlob = null;
        return connection.send(Methods.STORE_BLOB_END, end);
    }

    CompletableFuture<RelayTransaction.Vote> vote() {
        return call(Methods.VOTE, PyTuple.of(id)).thenApply(TransactionConnection::parse);
    }

    private static RelayTransaction.Vote parse(@Nullable Object answer) {
        List<RelayTransaction.Clash> conflicts = new ArrayList<>();
        List<Long> changed = new ArrayList<>();
        for (Object item : Wire.sequence(Methods.VOTE, answer)) {
            if (item instanceof PyDict conflict) {
                PyTuple serials = Wire.tuple(Methods.VOTE, conflict.get("serials"), 2);
                conflicts.add(new RelayTransaction.Clash(
                        Wire.id(Methods.VOTE, conflict.get("oid")),
                        Wire.id(Methods.VOTE, serials.get(0)),
                        Wire.id(Methods.VOTE, serials.get(1)),
                        Wire.data(Methods.VOTE, conflict.get("data"))));
            } else {
                changed.add(Wire.id(Methods.VOTE, item));
            }
        }
        return new RelayTransaction.Vote(
                conflicts, changed.stream().mapToLong(Long::longValue).toArray());
    }

    CompletableFuture<@Nullable Object> call(String method, PyTuple args) {
        return unlessAborted(() -> connection.call(method, args));
    }

    /** @return completes when it has been handed to the system */
    CompletableFuture<@Nullable Object> send(String method, PyTuple args) {
        return unlessAborted(() -> connection.send(method, args));
    }

    /**
     * Finishes, and makes known what was committed before the next message is looked at. If that is not possible, the
     * connection ends as if it had broken before the answer: the cache is verified on the next one.
     *
     * @param committed is given the tid
     */
    CompletableFuture<Long> finish(LongConsumer committed) {
        return call(Methods.TPC_FINISH, PyTuple.of(id)).thenApply(answer -> {
            try {
                long tid = Wire.id(Methods.TPC_FINISH, answer);
                committed.accept(tid);
                return tid;
            } catch (RuntimeException | Error e) {
                throw new CompletionException(
                        connection.fail("has finished a transaction, which cannot be made known: " + e, e));
            }
        });
    }

    /** Completes when the server does not have the transaction any more, or is gone itself. */
    CompletableFuture<Done> abort() {
        return core.onLoop(() -> {
            CompletableFuture<Done> running = aborted;
            if (running == null) {
                if (openBlob != null) {
                    // Python's server takes no other blob on the connection before.
                    sendBlobEnd();
                }
                running = connection.call(Methods.TPC_ABORT, PyTuple.of(id)).handle((answer, failure) -> Done.DONE);
                aborted = running;
            }
            return running;
        });
    }

    private CompletableFuture<@Nullable Object> unlessAborted(Supplier<CompletableFuture<@Nullable Object>> step) {
        return core.<@Nullable Object>onLoop(() -> {
            if (aborted != null) {
                throw new CancellationException("the transaction was aborted");
            }
            return step.get();
        });
    }
}
