package io.zeolite.session;

import io.zeolite.error.CallException;
import io.zeolite.error.ConflictException;
import io.zeolite.error.ReadOnlyException;
import io.zeolite.error.TransactionException;
import io.zeolite.error.UndoException;
import io.zeolite.logging.Logging;
import io.zeolite.message.Methods;
import io.zeolite.pickle.ExtensionPickle;
import io.zeolite.pickle.PyDict;
import io.zeolite.pickle.PyTuple;
import io.zeolite.session.ClientTransaction.State;
import io.zeolite.storage.Completion;
import io.zeolite.storage.Conflict;
import io.zeolite.storage.CopiedTransaction;
import io.zeolite.storage.Finished;
import io.zeolite.storage.Subscription;
import io.zeolite.storage.TransactionMetadata;
import io.zeolite.storage.VoteResult;
import io.zeolite.zodb.Ids;
import io.zeolite.zodb.Tid;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The methods that belong to a transaction: begin, what is staged, vote, finish, abort.
 *
 * <p>Staging calls are not answered. What is wrong with what they bring (too much of it, a write over a read-only
 * connection, something that this server cannot do) is the answer to the vote; only a client that does not follow the
 * protocol loses its connection. Event loop only.
 */
final class TransactionCalls {
    private static final Logger LOG = LoggerFactory.getLogger("ZEO.StorageServer");

    // The statuses of transactions that a client may ask for.
    private static final String COMMITTED = " ";
    private static final String PACKED = "p";

    /**
     * Counted for a call that stages, beside the data that it brings: what is kept of it in memory until the end. A check
     * takes about 80 bytes, a deletion or a store whose data is in a file 75, a restored record with a hint 130.
     */
    private static final int STAGED_CALL_BYTES = 128;

    private final Session session;
    private final SessionSettings settings;
    private final ServedStorage served;
    private final boolean readOnly;
    private final Outbox outbox;
    private final Subscription subscription;

    private final BlobUpload upload;
    private @Nullable ClientTransaction current;

    TransactionCalls(
            Session session,
            SessionSettings settings,
            ServedStorage served,
            boolean readOnly,
            Outbox outbox,
            Subscription subscription) {
        this.session = session;
        this.settings = settings;
        this.served = served;
        this.readOnly = readOnly;
        this.outbox = outbox;
        this.subscription = subscription;
        this.upload = new BlobUpload(served.storage(), settings.io(), outbox);
    }

    void call(String method, Arguments args, Answer answer) {
        if (readOnly) {
            refuseWrite(method);
            answer.value(null);
            return;
        }
        switch (method) {
            case Methods.TPC_BEGIN -> begin(args.between(4, 6));
            case Methods.STORE -> store(args.exactly(4));
            case Methods.CHECK_CURRENT -> checkCurrent(args.exactly(3));
            case Methods.STORE_BLOB_START -> {
                args.exactly(0);
                startUpload();
            }
            case Methods.STORE_BLOB_CHUNK -> uploadChunk(args.exactly(1));
            case Methods.STORE_BLOB_END -> endUpload(args.exactly(4));
            case Methods.STORE_BLOB_SHARED -> storeShared(args.exactly(5));
            case Methods.DELETE_OBJECT -> delete(args.exactly(3));
            case Methods.RESTORE -> restore(args.exactly(5));
            case Methods.UNDO -> undo(args.exactly(2));
            case Methods.VOTE -> {
                vote(args.exactly(1), answer);
                return;
            }
            case Methods.TPC_FINISH -> {
                finish(args.exactly(1), answer);
                return;
            }
            case Methods.TPC_ABORT -> abort(args.exactly(1));
            default -> throw new IllegalArgumentException("method: " + method);
        }
        answer.value(null);
    }

    /** Drops everything. Returns what it was doing, for the log. */
    String disconnected() {
        upload.drop();
        ClientTransaction gone = current;
        if (gone == null) {
            return "";
        }
        if (gone.state != State.FINISHING) {
            // What is asked to finish does: it is counted as a commit.
            served.stats().aborts.increment();
        }
        gone.storage().abort();
        forget();
        return gone.state == State.VOTED ? " during locked transaction" : " during unlocked transaction";
    }

    /** Staging is ignored, so that the client hears of it where it waits for an answer. */
    private static void refuseWrite(String method) {
        if (method.equals(Methods.VOTE) || method.equals(Methods.TPC_FINISH) || method.equals(Methods.TPC_ABORT)) {
            throw new ReadOnlyException();
        }
        LOG.debug("{} over a read-only connection", method);
    }

    private void begin(Arguments args) {
        Object id = args.get(0);
        if (current != null) {
            if (current.hasId(id)) {
                return;
            }
            throw new TransactionException("Multiple simultaneous tpc_begin requests from one client.");
        }
        Object given = args.get(3);
        byte[] extension = given == null ? new byte[0] : given instanceof PyDict dict ? encode(dict) : args.bytes(3);
        TransactionMetadata metadata = new TransactionMetadata(args.bytes(1), args.bytes(2), extension);
        String status = args.get(5) == null ? COMMITTED : args.text(5);
        CopiedTransaction copied = args.get(4) == null && status.equals(COMMITTED)
                ? null
                : new CopiedTransaction(args.get(4) == null ? Tid.NONE : args.id(4), status.equals(PACKED));
        ClientTransaction begun = new ClientTransaction(
                id,
                transaction -> served.storage()
                        .begin(subscription, metadata, copied, () -> outbox.execute(() -> timedOut(transaction))),
                settings.maxStagedBytes());
        if (!status.equals(COMMITTED) && !status.equals(PACKED)) {
            begun.fail(CallException.badValue("status of a transaction: '" + status + "' (expected: ' ' or 'p')"));
        }
        checkLength(begun, "user name", metadata.user());
        checkLength(begun, "description", metadata.description());
        checkLength(begun, "extension", metadata.extension());
        current = begun;
        served.stats().activeTransactions.incrementAndGet();
    }

    private static byte[] encode(PyDict extension) {
        try {
            return ExtensionPickle.encode(extension);
        } catch (IllegalArgumentException e) {
            throw CallException.badValue("the extension cannot be kept: " + e.getMessage());
        }
    }

    private static void checkLength(ClientTransaction begun, String what, byte[] bytes) {
        if (bytes.length > TransactionMetadata.MAX_LENGTH) {
            begun.fail(CallException.fileStorage(what + " too long: " + bytes.length + " bytes (expected at most "
                    + TransactionMetadata.MAX_LENGTH + ")"));
        }
    }

    /** The client's transaction, if this is its id. */
    private ClientTransaction transaction(@Nullable Object id) {
        ClientTransaction transaction = current;
        if (transaction == null || !transaction.hasId(id)) {
            throw TransactionException.notPresent(transaction == null ? null : transaction.id(), id);
        }
        return transaction;
    }

    private ClientTransaction staging(@Nullable Object id) {
        ClientTransaction transaction = transaction(id);
        transaction.checkStaging();
        return transaction;
    }

    private void store(Arguments args) {
        ClientTransaction transaction = staging(args.get(3));
        byte[] data = args.bytes(2);
        served.stats().stores.increment();
        if (data.length == 0) {
            transaction.fail(CallException.badValue("a record must not be empty"));
        } else if (admit(transaction, data)) {
            transaction.storage().store(args.id(0), args.serial(1), data);
            holdBack(transaction);
        }
    }

    private static boolean admit(ClientTransaction transaction, byte @Nullable [] data) {
        return transaction.admit(STAGED_CALL_BYTES + (data == null ? 0 : data.length));
    }

    /** Reads no more from the client until what it has sent is on its way to the disk. */
    private void holdBack(ClientTransaction transaction) {
        if (transaction.storage().isBacklogged(() -> outbox.execute(outbox::resumeReading))) {
            outbox.pauseReading();
        }
    }

    private void checkCurrent(Arguments args) {
        ClientTransaction transaction = staging(args.get(2));
        if (admit(transaction, null)) {
            transaction.storage().checkCurrent(args.id(0), args.id(1));
        }
    }

    private void restore(Arguments args) {
        ClientTransaction transaction = staging(args.get(4));
        byte[] data = args.get(2) == null ? null : args.bytes(2);
        long origin = args.get(3) == null ? Tid.NONE : args.id(3);
        served.stats().stores.increment();
        if (data != null && data.length == 0) {
            transaction.fail(CallException.badValue("a record must not be empty"));
        } else if (admit(transaction, data)) {
            stage(transaction, () -> transaction.storage().restore(args.id(0), args.id(1), data, origin));
            holdBack(transaction);
        }
    }

    private void delete(Arguments args) {
        ClientTransaction transaction = staging(args.get(2));
        served.stats().stores.increment();
        if (admit(transaction, null)) {
            stage(transaction, () -> transaction.storage().delete(args.id(0), args.serial(1)));
        }
    }

    private void undo(Arguments args) {
        ClientTransaction transaction = staging(args.get(1));
        byte[] id = args.bytes(0);
        if (admit(transaction, null)) {
            stage(transaction, () -> transaction.storage().undo(HistoryCalls.undoTid(id)));
        }
    }

    /** What cannot be done is the answer to the vote. */
    private static void stage(ClientTransaction transaction, Runnable call) {
        try {
            call.run();
        } catch (CallException | UndoException e) {
            transaction.fail(e);
        }
    }

    // Blobs, which Python's server does not count as stores

    private void startUpload() {
        if (!served.storage().hasBlobs()) {
            throw CallException.unsupported("this storage has no blobs");
        }
        if (current == null) {
            // Nobody would count its bytes.
            throw new TransactionException("storeBlobStart without a transaction");
        }
        upload.start();
    }

    private void uploadChunk(Arguments args) {
        byte[] chunk = args.bytes(0);
        if (current == null || current.admit(chunk.length)) {
            upload.write(chunk);
        }
    }

    /** {@code storeBlobChunk}, with the bytes still where they were received. */
    void uploadChunk(ReceivedBytes chunk) {
        if (readOnly) {
            refuseWrite(Methods.STORE_BLOB_CHUNK);
        } else if (current == null || current.admit(chunk.length())) {
            upload.write(chunk);
        }
    }

    private void endUpload(Arguments args) {
        ClientTransaction transaction = staging(args.get(3));
        long oid = args.id(0);
        long serial = args.serial(1);
        byte[] data = args.record(2);
        if (!admit(transaction, data)) {
            upload.drop();
            return;
        }
        upload.end(new Completion<>() {
            @Override
            public void complete(Path file) {
                if (transaction == current) {
                    transaction.storage().storeBlob(oid, serial, data, file);
                } else {
                    upload.discard(file);
                }
            }

            @Override
            public void fail(Throwable failure) {
                transaction.fail(CallException.storage("the blob could not be written: " + failure.getMessage()));
            }
        });
    }

    private void storeShared(Arguments args) {
        ClientTransaction transaction = staging(args.get(4));
        byte[] data = args.record(2);
        Path file = served.storage().sharedBlobFile(args.id(0), args.text(3));
        if (admit(transaction, data)) {
            transaction.storage().storeBlob(args.id(0), args.serial(1), data, file);
        } else {
            upload.discard(file);
        }
    }

    // Vote, finish, abort

    private void vote(Arguments args, Answer answer) {
        ClientTransaction transaction = transaction(args.get(0));
        switch (transaction.state) {
            case VOTING -> throw new TransactionException("Already voting (waiting)");
            case VOTED, FINISHING -> throw new TransactionException("Already voting (locked)");
            case STAGING -> transaction.state = State.VOTING;
        }
        if (transaction.failure() != null) {
            transaction.storage().abort();
            forget();
            throw transaction.failure();
        }
        transaction.storage().vote(new Completion<>() {
            @Override
            public void complete(VoteResult result) {
                outbox.execute(() -> voted(transaction, result, answer));
            }

            @Override
            public void fail(Throwable failure) {
                outbox.execute(() -> voteFailed(transaction, failure, answer));
            }
        });
    }

    private void voted(ClientTransaction transaction, VoteResult result, Answer answer) {
        if (result.conflicts().isEmpty()) {
            transaction.state = State.VOTED;
            answer.value(result.changedOids());
            return;
        }
        // The client resolves, stores again and votes again.
        transaction.state = State.STAGING;
        // A vote counts once, however many objects it is about, as with Python's server.
        served.stats().conflicts.increment();
        answer.value(result.conflicts().stream().map(TransactionCalls::describe).toList());
    }

    private static PyDict describe(Conflict conflict) {
        return new PyDict()
                .put("oid", Ids.bytes(conflict.oid()))
                .put("serials", PyTuple.of(Ids.bytes(conflict.committed()), Ids.bytes(conflict.read())))
                .put("data", conflict.data());
    }

    private void voteFailed(ClientTransaction transaction, Throwable failure, Answer answer) {
        if (failure instanceof ConflictException) {
            served.stats().conflicts.increment();
        }
        if (transaction == current) {
            forget();
        }
        answer.failure(failure);
    }

    private void finish(Arguments args, Answer answer) {
        ClientTransaction transaction = transaction(args.get(0));
        if (transaction.state != State.VOTED) {
            throw CallException.outOfOrder(
                    "finish of a transaction that is not voted (it is " + transaction.state + ")");
        }
        transaction.state = State.FINISHING;
        transaction.storage().finish(new Completion<>() {
            @Override
            public void complete(Finished finished) {
                outbox.execute(() -> {
                    served.stats().commits.increment();
                    forgetIfCurrent(transaction);
                    session.finished(finished, answer);
                });
            }

            @Override
            public void fail(Throwable failure) {
                outbox.execute(() -> {
                    forgetIfCurrent(transaction);
                    answer.failure(failure);
                });
            }
        });
    }

    private void abort(Arguments args) {
        ClientTransaction transaction = current;
        if (transaction == null || !transaction.hasId(args.get(0))) {
            return;
        }
        served.stats().aborts.increment();
        upload.drop();
        transaction.storage().abort();
        forget();
    }

    private void timedOut(ClientTransaction transaction) {
        if (transaction == current) {
            LOG.error(
                    Logging.CRITICAL,
                    "({}) Transaction timeout after {} seconds",
                    session.label(),
                    seconds(served.transactionTimeout()));
            outbox.close();
        }
    }

    /** As Python shows a number of them: 30, 0.5. */
    private static String seconds(Duration time) {
        return BigDecimal.valueOf(time.toNanos(), 9).stripTrailingZeros().toPlainString();
    }

    private void forgetIfCurrent(ClientTransaction transaction) {
        if (transaction == current) {
            forget();
        }
    }

    private void forget() {
        current = null;
        served.stats().activeTransactions.decrementAndGet();
    }
}
