package io.zeolite.client;

import io.zeolite.client.connection.Done;
import io.zeolite.client.connection.ZeoConnection;
import io.zeolite.error.ConflictException;
import io.zeolite.error.PosKeyException;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PyDict;
import io.zeolite.pickle.PyTuple;
import io.zeolite.zodb.Tid;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Finds out what has become of a transaction of which only the records are known.
 *
 * <p>A store of one of them is voted again, and aborted. The server answers when the first transaction, if it still has it,
 * is over: as long as that holds its locks, a vote about the same object waits. If the vote is good, the revision under the
 * store is still current, so the transaction was not committed, and cannot be any more. If there is a conflict, the revision
 * that follows tells: it is that of the transaction if it has its records, all of them.
 */
final class OutcomeSearch {
    /** How many revisions of a new object are looked through for the first one. */
    private static final long MAX_HISTORY = 1000;

    private final ClientCore core;
    private final CommitEvidence evidence;

    OutcomeSearch(ClientCore core, CommitEvidence evidence) {
        this.core = core;
        this.evidence = evidence;
    }

    CompletableFuture<CommitOutcome> run() {
        if (evidence.stores().isEmpty()) {
            return CompletableFuture.completedFuture(new CommitOutcome.Undecidable(
                    "the transaction has no record that the server writes as it was sent"));
        }
        CommitEvidence.Store probe = evidence.stores().get(0);
        return core.onLoop(core.turns()::take)
                .thenCompose(turn -> core.link()
                        .connection()
                        .thenCompose(open -> isStillCurrent(open, probe))
                        .whenComplete((answer, failure) -> core.onLoop(() -> {
                            turn.end();
                            return Done.future();
                        })))
                .thenCompose(current -> current
                        ? CompletableFuture.completedFuture(new CommitOutcome.NotCommitted())
                        : next(probe).thenCompose(this::compare));
    }

    private static CompletableFuture<Boolean> isStillCurrent(ZeoConnection open, CommitEvidence.Store probe) {
        Object id = "outcome of a transaction";
        byte[] none = {};
        open.send(Methods.TPC_BEGIN, PyTuple.of(id, none, none, new PyDict(), null, " "));
        open.send(Methods.STORE, PyTuple.of(Wire.bytes(probe.oid()), Wire.bytes(probe.serial()), probe.data(), id));
        return open.call(Methods.VOTE, PyTuple.of(id))
                .handle((answer, failure) -> {
                    if (failure == null) {
                        // A conflict; or the object, if the server has resolved it.
                        return Wire.sequence(Methods.VOTE, answer).isEmpty();
                    } else if (Failures.root(failure) instanceof ConflictException) {
                        return false;
                    }
                    throw Failures.of(failure);
                })
                .thenCompose(
                        current -> open.call(Methods.TPC_ABORT, PyTuple.of(id)).thenApply(aborted -> current));
    }

    /** The transaction that has replaced the revision under the store; {@link Tid#NONE} if it cannot be told. */
    private CompletableFuture<Long> next(CommitEvidence.Store store) {
        if (store.serial() == Tid.NONE) {
            return core.ask(Methods.HISTORY, PyTuple.of(Wire.bytes(store.oid()), MAX_HISTORY))
                    .thenApply(answer -> {
                        List<@Nullable Object> revisions = Wire.sequence(Methods.HISTORY, answer);
                        PyDict first = Wire.dict(Methods.HISTORY, revisions.get(revisions.size() - 1));
                        return Wire.id(Methods.HISTORY, first.get("tid"));
                    });
        }
        return core.ask(Methods.LOAD_BEFORE, PyTuple.of(Wire.bytes(store.oid()), Wire.bytes(store.serial() + 1)))
                .thenApply(answer -> answer == null
                        ? Tid.NONE
                        : Wire.idOrNone(
                                Methods.LOAD_BEFORE,
                                Wire.tuple(Methods.LOAD_BEFORE, answer, 3).get(2)));
    }

    private CompletableFuture<CommitOutcome> compare(long tid) {
        CompletableFuture<CommitOutcome> outcome = CompletableFuture.completedFuture(
                tid == Tid.NONE
                        ? new CommitOutcome.Undecidable("what was current has been packed away")
                        : new CommitOutcome.Committed(tid));
        for (CommitEvidence.Store store : evidence.stores()) {
            outcome = outcome.thenCompose(soFar -> soFar instanceof CommitOutcome.Committed
                    ? isWritten(store, tid).thenApply(same -> same ? soFar : new CommitOutcome.NotCommitted())
                    : CompletableFuture.completedFuture(soFar));
        }
        return outcome;
    }

    private CompletableFuture<Boolean> isWritten(CommitEvidence.Store store, long tid) {
        return core.ask(Methods.LOAD_SERIAL, PyTuple.of(Wire.bytes(store.oid()), Wire.bytes(tid)))
                .handle((data, failure) -> {
                    if (failure == null) {
                        return Arrays.equals(Wire.data(Methods.LOAD_SERIAL, data), store.data());
                    } else if (Failures.root(failure) instanceof PosKeyException) {
                        return false;
                    }
                    throw Failures.of(failure);
                });
    }
}
