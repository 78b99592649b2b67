package io.zeolite.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.error.ConflictException;
import io.zeolite.error.PosKeyException;
import io.zeolite.error.TransactionException;
import io.zeolite.error.UndoException;
import io.zeolite.storage.Conflict;
import io.zeolite.storage.Finished;
import io.zeolite.storage.LoadResult;
import io.zeolite.storage.StorageTransaction;
import io.zeolite.storage.TransactionMetadata;
import io.zeolite.storage.VoteResult;
import io.zeolite.zodb.Tid;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A transaction as a client runs it on its connection: reads, stores and checks, a vote, conflicts that it resolves, a
 * finish; and at each point it may do something else.
 */
final class Attempt {
    private static final byte[] NOTHING = {};
    private static final int MAX_VOTES = 9;

    private final SimulatedConnection connection;
    private final SimulatedClient client;
    private final Life life;
    private final Simulation simulation;
    private final History history;
    private final RandomGenerator random;
    private final SimulatedTransaction transaction;
    private final StorageTransaction handle;

    /** The last transaction that it sees. */
    private final long snapshot;

    private final Map<Long, Long> read = new TreeMap<>();
    private final Set<Long> cannotRead = new TreeSet<>();
    private int stepsLeft;
    private int votes;
    /** Whether the storage is to answer next. */
    private boolean waiting;
    /** Whether the committer is known to have come to the end that the client asked for. */
    private boolean dropped;

    Attempt(SimulatedConnection connection) {
        this.connection = connection;
        this.client = connection.client();
        this.life = connection.life();
        this.simulation = life.simulation();
        this.history = simulation.history;
        this.random = simulation.random;
        this.transaction = newTransaction();
        this.snapshot = client.lastTid();
        this.stepsLeft = 1 + random.nextInt(6);
        byte[] description = transaction.name().getBytes(StandardCharsets.UTF_8);
        TransactionMetadata metadata = new TransactionMetadata(NOTHING, description, NOTHING);
        this.handle = life.storage().begin(connection.subscription(), metadata, this::timedOut);
        history.begun(transaction);
        connection.trace("begin", transaction.name(), snapshot);
        if (transaction.undone != null) {
            stepsLeft = 0;
            connection.trace("undo", transaction.name(), transaction.undone);
            handle.undo(transaction.undone);
        }
    }

    /** One that undoes another now and then, mostly one of the last. */
    private SimulatedTransaction newTransaction() {
        if (history.size() == 0 || random.nextInt(6) > 0 || simulation.shape.isPacked()) {
            return client.newTransaction(null);
        }
        int last = random.nextInt(4) == 0 ? history.size() : Math.min(3, history.size());
        return client.newTransaction(history.tidFromEnd(1 + random.nextInt(last)));
    }

    /** One step of a transaction that is not voted yet. */
    void stage() {
        if (stepsLeft-- > 0) {
            long oid = connection.anyOid();
            switch (random.nextInt(9)) {
                case 0 -> read(oid);
                case 1, 2 -> check(oid);
                case 3 -> storeNew();
                case 4 -> {
                    if (!simulation.shape.isPacked()) {
                        delete(oid);
                    }
                }
                default -> store(oid);
            }
            connection.execute(this::stage);
            return;
        }
        switch (random.nextInt(30)) {
            case 0, 1 -> abort();
            case 2 -> connection.disconnect();
            case 3 -> finishUnvoted();
            default -> vote();
        }
    }

    /** The serial of an object in the transaction's snapshot; null if it cannot be read now. */
    private @Nullable Long read(long oid) {
        Long known = read.get(oid);
        if (known != null || cannotRead.contains(oid)) {
            return known;
        }
        LoadResult.Loaded cached = client.cached(oid);
        LoadResult result = cached != null && cached.serial() <= snapshot ? cached : connection.load(oid, snapshot + 1);
        if (result == null) {
            return null;
        }
        if (result instanceof LoadResult.NoneBefore) {
            cannotRead.add(oid);
            return null;
        }
        long serial = result instanceof LoadResult.Loaded loaded ? loaded.serial() : Tid.NONE;
        read.put(oid, serial);
        return serial;
    }

    private void store(long oid) {
        Long serial = read(oid);
        if (serial != null) {
            store(oid, serial);
        }
    }

    private void store(long oid, long serial) {
        byte[] data = simulation.shape.data(random, transaction.name() + ":" + oid);
        connection.trace("store", transaction.name(), oid, serial, (long) data.length);
        handle.store(oid, serial, data.clone());
        transaction.store(oid, serial, data);
    }

    private void delete(long oid) {
        Long serial = read(oid);
        if (serial != null && serial != Tid.NONE) {
            connection.trace("delete", transaction.name(), oid, serial);
            handle.delete(oid, serial);
            transaction.delete(oid, serial);
        }
    }

    private void check(long oid) {
        Long serial = read(oid);
        if (serial != null && serial != Tid.NONE) {
            connection.trace("check", transaction.name(), oid, serial);
            transaction.checked.put(oid, serial);
            handle.checkCurrent(oid, serial);
        }
    }

    private void storeNew() {
        life.storage()
                .newOids(
                        1,
                        life.once(
                                "call that need not wait",
                                oids -> {
                                    life.givenOid(oids[0]);
                                    store(oids[0], Tid.NONE);
                                },
                                life::checkFault));
    }

    // Vote

    private void vote() {
        votes++;
        waiting = true;
        transaction.voteAsked();
        connection.trace("vote", transaction.name());
        handle.vote(life.once(
                "vote of " + transaction.name(),
                result -> {
                    connection.trace("voted", transaction.name(), (long)
                            result.conflicts().size());
                    history.voteAnswered(transaction, result);
                    connection.execute(() -> voted(result));
                },
                failure -> {
                    connection.trace("vote failed", transaction.name(), failure.toString());
                    checkVoteFailure(failure);
                    transaction.end();
                    connection.execute(() -> forget());
                }));
        impatient();
    }

    private void checkVoteFailure(Throwable failure) {
        if (transaction.state == SimulatedTransaction.State.ENDED) {
            return;
        }
        if (failure instanceof UndoException) {
            assertThat(history.cannotUndo(Objects.requireNonNull(transaction.undone)))
                    .as("reason for %s in the vote of %s", failure, transaction.name())
                    .isNotEmpty();
        } else if (failure instanceof ConflictException || failure instanceof PosKeyException) {
            assertThat(history.staleCheck(transaction))
                    .as("reason for %s in the vote of %s", failure, transaction.name())
                    .isNotNull();
        } else if (failure instanceof TransactionException) {
            // The storage shuts down, or its locks have timed out while it was to vote again.
            connection.execute(() -> assertThat(life.isDraining() || transaction.hasTimedOut())
                    .as("reason for %s in the vote of %s", failure, transaction.name())
                    .isTrue());
        } else {
            life.checkVoteFault(failure);
        }
    }

    /** While the client waits for an answer, it may lose patience. */
    private void impatient() {
        int mood = random.nextInt(20);
        if (mood > 3) {
            return;
        }
        connection.execute(() -> {
            if (!connection.isRunning(this) || !waiting) {
                return;
            }
            switch (mood) {
                case 0 -> abort();
                case 1 -> connection.disconnect();
                case 2 -> {
                    if (transaction.state == SimulatedTransaction.State.OPEN) {
                        voteTwice();
                    }
                }
                default -> storeLate();
            }
        });
    }

    private void voted(VoteResult result) {
        if (!connection.isRunning(this)) {
            return;
        }
        waiting = false;
        boolean clean = result.conflicts().isEmpty();
        switch (random.nextInt(30)) {
            case 0, 1 -> abort();
            case 2, 3 -> connection.disconnect();
            case 4 -> becomeStuck();
            case 5 -> connection.execute(() -> voted(result));
            default -> {
                if (clean) {
                    finish();
                } else {
                    resolve(result.conflicts());
                }
            }
        }
    }

    private void becomeStuck() {
        connection.trace("stuck", transaction.name());
        waiting = true;
    }

    private void resolve(List<Conflict> conflicts) {
        if (votes == MAX_VOTES) {
            abort();
            return;
        }
        for (Conflict conflict : conflicts) {
            store(conflict.oid(), conflict.committed());
        }
        if (random.nextInt(6) == 0) {
            storeNew();
        }
        connection.execute(() -> {
            if (connection.isRunning(this)) {
                vote();
            }
        });
    }

    // Finish

    private void finish() {
        if (random.nextInt(20) == 0) {
            voteTwice();
        }
        if (random.nextInt(20) == 0) {
            storeLate();
        }
        if (transaction.state != SimulatedTransaction.State.VOTED) {
            // It has timed out meanwhile; the loop will hear of it.
            return;
        }
        waiting = true;
        transaction.finishAsked();
        connection.trace("finish", transaction.name());
        handle.finish(life.once(
                "finish of " + transaction.name(),
                finished -> {
                    connection.trace("finished", transaction.name(), finished.tid());
                    history.finishAnswered(transaction, finished);
                    life.checkTold(finished.tid(), connection);
                    connection.queued(finished.tid());
                    connection.execute(() -> finished(finished));
                    simulation.acknowledged();
                },
                failure -> {
                    connection.trace("finish failed", transaction.name(), failure.toString());
                    finishFailed(failure);
                    connection.execute(() -> forget());
                }));
        if (random.nextInt(10) == 0) {
            connection.disconnect();
        } else if (random.nextInt(20) == 0) {
            finishTwice();
        }
    }

    private void finishFailed(Throwable failure) {
        if (!(failure instanceof TransactionException && transaction.hasTimedOut())) {
            life.checkFault(failure);
        }
        if (failure.toString().contains("whether the transaction is committed shows")) {
            transaction.state = SimulatedTransaction.State.UNKNOWN;
            life.storageFailed();
        } else {
            history.finishFailed(transaction);
            simulation.refused();
        }
    }

    private void finished(Finished finished) {
        client.committed(finished.tid(), transaction);
        forget();
    }

    private void forget() {
        connection.forget(this);
    }

    // Ends

    private void abort() {
        connection.trace("abort", transaction.name());
        drop();
        forget();
    }

    /** Gives it up, whether or not anybody hears of it. */
    void drop() {
        transaction.end();
        handle.abort();
        // A second command shows when the first has been done. Not always, as it also wakes who would do the first.
        if (random.nextBoolean()) {
            handle.finish(life.once("finish after the end of " + transaction.name(), this::mustNotSucceed, failure -> {
                mustBeRefused(failure);
                dropped = true;
            }));
        }
    }

    private void timedOut() {
        connection.trace("timed out", transaction.name());
        assertThat(transaction.state != SimulatedTransaction.State.OPEN || votes > 1 || transaction.undone != null)
                .as("%s, which has timed out, has had its locks", transaction.name())
                .isTrue();
        assertThat(dropped)
                .as("%s was given up before it timed out", transaction.name())
                .isFalse();
        transaction.timedOut();
        connection.execute(connection::disconnect);
    }

    // What no client should do, and what becomes of it

    private void finishUnvoted() {
        handle.finish(
                life.once("finish without a vote of " + transaction.name(), this::mustNotSucceed, this::mustBeRefused));
        abort();
    }

    private void finishTwice() {
        handle.finish(life.once("second finish of " + transaction.name(), this::mustNotSucceed, this::mustBeRefused));
    }

    private void voteTwice() {
        handle.vote(life.once("second vote of " + transaction.name(), this::mustNotSucceed, this::mustBeRefused));
    }

    /** Stores something into a transaction whose vote was asked. */
    private void storeLate() {
        long oid = connection.anyOid();
        try {
            store(oid, history.currentSerial(oid));
        } catch (TransactionException e) {
            connection.trace("refused", transaction.name());
            return;
        }
        assertThat(transaction.state)
                .as("state of %s, into which was stored after its vote", transaction.name())
                .isIn(SimulatedTransaction.State.CONFLICTED, SimulatedTransaction.State.ENDED);
    }

    private void mustNotSucceed(Object answer) {
        throw new AssertionError("something that makes no sense was answered with " + answer);
    }

    private void mustBeRefused(Throwable failure) {
        assertThat(failure).isInstanceOf(TransactionException.class);
    }
}
