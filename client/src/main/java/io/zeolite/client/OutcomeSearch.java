package io.zeolite.client;

import io.zeolite.client.connection.ZeoConnection;
import io.zeolite.error.ConflictException;
import io.zeolite.error.PosKeyException;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PyDict;
import io.zeolite.pickle.PyTuple;
import io.zeolite.zodb.Ids;
import io.zeolite.zodb.Tid;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Finds out what has become of a transaction of which only the records and the {@link CommitMark} are known.
 *
 * <p>A store of one of the records is voted again, and aborted. The server answers when the first transaction, if it still
 * has it, is over: as long as that holds its locks, a vote about the same object waits. If the vote is good, the revision
 * under the store is still current, so the transaction was not committed, and cannot be any more. If there is a conflict, the
 * mark of the transaction that wrote the revision that follows tells.
 */
final class OutcomeSearch {
    /** How many revisions of an object are looked through for that of the transaction. */
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
        // A new object that nothing refers to may have come and gone.
        CommitEvidence.Store probe = evidence.stores().stream()
                .filter(store -> store.serial() != Tid.NONE)
                .findFirst()
                .orElse(evidence.stores().get(0));
        return core.onLoop(() -> core.place().thenCompose(place -> isStillCurrent(place.connection(), probe)
                        .whenComplete((answer, failure) -> place.turn().end())))
                .thenCompose(current -> current ? notCommitted(probe) : find(probe));
    }

    private static CompletableFuture<Boolean> isStillCurrent(ZeoConnection open, CommitEvidence.Store probe) {
        Object id = "outcome of a transaction";
        byte[] none = {};
        open.send(Methods.TPC_BEGIN, PyTuple.of(id, none, none, new PyDict(), null, " "));
        open.send(Methods.STORE, PyTuple.of(Ids.bytes(probe.oid()), Ids.bytes(probe.serial()), probe.data(), id));
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

    /** A good vote tells only of a revision that is there: an object that is not may be stored over anything. */
    private CompletableFuture<CommitOutcome> notCommitted(CommitEvidence.Store store) {
        if (store.serial() == Tid.NONE) {
            return outcome(new CommitOutcome.NotCommitted());
        }
        return current(store).thenApply(answer -> answer == null ? packedAway() : new CommitOutcome.NotCommitted());
    }

    private static CommitOutcome packedAway() {
        return new CommitOutcome.Undecidable("what was current has been packed away");
    }

    /** The answer about the revision under a store; null if it is not there. */
    private CompletableFuture<@Nullable Object> current(CommitEvidence.Store store) {
        return core.ask(Methods.LOAD_BEFORE, PyTuple.of(Ids.bytes(store.oid()), Ids.bytes(store.serial() + 1)))
                .<@Nullable Object>handle((answer, failure) -> {
                    if (failure != null && !(Failures.root(failure) instanceof PosKeyException)) {
                        throw Failures.of(failure);
                    }
                    return answer;
                });
    }

    /** Looks for the transaction, one that has changed the object of a store. */
    private CompletableFuture<CommitOutcome> find(CommitEvidence.Store store) {
        return core.ask(Methods.HISTORY, PyTuple.of(Ids.bytes(store.oid()), MAX_HISTORY))
                .thenCompose(answer -> {
                    List<PyDict> revisions = Wire.sequence(Methods.HISTORY, answer).stream()
                            .map(revision -> Wire.dict(Methods.HISTORY, revision))
                            .toList();
                    for (PyDict revision : revisions) {
                        if (evidence.mark().equals(CommitMark.in(revision))) {
                            return outcome(new CommitOutcome.Committed(tid(revision)));
                        }
                    }
                    return store.serial() == Tid.NONE
                            ? outcome(new CommitOutcome.Undecidable(
                                    "of what is left of the object's history nothing is this transaction's"))
                            : next(store).thenCompose(next -> othersOrUnknown(revisions, next));
                });
    }

    private static long tid(PyDict revision) {
        return Wire.id(Methods.HISTORY, revision.get("tid"));
    }

    private static CompletableFuture<CommitOutcome> outcome(CommitOutcome outcome) {
        return CompletableFuture.completedFuture(outcome);
    }

    /** The transaction that has replaced the revision under the store; {@link Tid#NONE} if it cannot be told. */
    private CompletableFuture<Long> next(CommitEvidence.Store store) {
        return current(store)
                .thenApply(answer -> answer == null
                        ? Tid.NONE
                        : Wire.idOrNone(
                                Methods.LOAD_BEFORE,
                                Wire.tuple(Methods.LOAD_BEFORE, answer, 3).get(2)));
    }

    /** @param next the transaction that would be the one in question */
    private CompletableFuture<CommitOutcome> othersOrUnknown(List<PyDict> revisions, long next) {
        if (next == Tid.NONE) {
            return outcome(packedAway());
        }
        boolean isOthers =
                revisions.stream().anyMatch(revision -> tid(revision) == next && CommitMark.in(revision) != null);
        if (isOthers) {
            return outcome(new CommitOutcome.NotCommitted());
        }
        // Written by another client, or a storage whose history has no extensions, or not the last thousand.
        CompletableFuture<CommitOutcome> soFar =
                outcome(new CommitOutcome.Undecidable("another client may have written the same"));
        for (CommitEvidence.Store store : evidence.stores()) {
            soFar = soFar.thenCompose(outcome -> outcome instanceof CommitOutcome.NotCommitted
                    ? outcome(outcome)
                    : isWritten(store, next).thenApply(same -> same ? outcome : new CommitOutcome.NotCommitted()));
        }
        return soFar;
    }

    private CompletableFuture<Boolean> isWritten(CommitEvidence.Store store, long tid) {
        return core.ask(Methods.LOAD_SERIAL, PyTuple.of(Ids.bytes(store.oid()), Ids.bytes(tid)))
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
