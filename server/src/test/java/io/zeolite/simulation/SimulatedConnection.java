package io.zeolite.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.error.ConflictException;
import io.zeolite.error.PosKeyException;
import io.zeolite.error.TransactionException;
import io.zeolite.storage.Conflict;
import io.zeolite.storage.Finished;
import io.zeolite.storage.InvalidationListener;
import io.zeolite.storage.Invalidations;
import io.zeolite.storage.LoadResult;
import io.zeolite.storage.Storage;
import io.zeolite.storage.StorageTransaction;
import io.zeolite.storage.Subscription;
import io.zeolite.storage.TransactionMetadata;
import io.zeolite.storage.VoteResult;
import io.zeolite.zodb.Tid;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * One connection of a client: both the client and the session that serves it, on one event loop. What the storage says
 * is queued to the loop at once, as a session does, and checked at once against the history.
 */
final class SimulatedConnection implements InvalidationListener {
    private static final byte[] NOTHING = {};
    private static final int MAX_VOTES = 9;

    private final Life life;
    private final Simulation simulation;
    private final SimulatedClient client;
    private final RandomGenerator random;
    private final Storage storage;
    private final String name;
    private final SimulatedScheduler.Actor loop;
    private @Nullable Subscription subscription;

    /** The last transaction that was queued to the loop, by an invalidation or a finish. */
    private long queuedTid;

    private boolean verified;
    private final List<Invalidations> untilVerified = new ArrayList<>();

    private @Nullable Attempt attempt;

    /** A transaction as the connection runs it. */
    private final class Attempt {
        final SimulatedTransaction transaction = client.newTransaction();
        final long snapshot = client.lastTid();
        final StorageTransaction handle;
        final Map<Long, Long> read = new TreeMap<>();
        final Set<Long> cannotRead = new TreeSet<>();
        int stepsLeft = 1 + random.nextInt(6);
        int votes;
        boolean waiting;

        Attempt() {
            byte[] description = transaction.name().getBytes(StandardCharsets.UTF_8);
            TransactionMetadata metadata = new TransactionMetadata(NOTHING, description, NOTHING);
            handle = storage.begin(subscription, metadata, () -> timedOut(this));
        }
    }

    SimulatedConnection(Life life, SimulatedClient client, String name) {
        this.life = life;
        this.simulation = life.simulation();
        this.client = client;
        this.name = name;
        this.random = simulation.random;
        this.storage = life.storage();
        this.loop = life.scheduler().thread(name, 2);
    }

    void open() {
        loop.execute(this::register);
    }

    private void register() {
        subscription = storage.subscribe(this);
        queuedTid = subscription.startTid();
        life.connected(this);
        trace("connected", queuedTid);
        assertThat(queuedTid).as("last transaction when %s registers", name).isEqualTo(simulation.history.lastTid());
        assertThat(client.lastTid())
                .as("%s knows of no later transaction than the server", name)
                .isLessThanOrEqualTo(queuedTid);
        verify();
    }

    private void trace(String event, Object... details) {
        Object[] all = new Object[details.length + 1];
        all[0] = name;
        System.arraycopy(details, 0, all, 1, details.length);
        simulation.trace.add(event, all);
    }

    // Invalidations

    @Override
    public void invalidated(Invalidations invalidations) {
        queued(invalidations.tid());
        loop.execute(() -> told(invalidations));
    }

    private void queued(long tid) {
        assertThat(tid).as("transactions that %s is told of rise", name).isGreaterThan(queuedTid);
        queuedTid = tid;
    }

    long queuedTid() {
        return queuedTid;
    }

    private void told(Invalidations invalidations) {
        if (verified) {
            client.invalidate(invalidations.tid(), oidsOf(invalidations));
        } else {
            untilVerified.add(invalidations);
        }
    }

    private static Iterable<Long> oidsOf(Invalidations invalidations) {
        return LongStream.of(invalidations.oids()).boxed().toList();
    }

    /** Brings the cache up to date before anything is read. */
    private void verify() {
        long start = queuedTid;
        long last = client.lastTid();
        if (client.isCacheEmpty() || last == start) {
            client.dropCache(start);
            loop.execute(() -> verified(start));
            return;
        }
        boolean mustKnow = life.remembersAfter(last);
        storage.invalidationsSince(
                last,
                life.once(
                        name + " verifies",
                        answer -> loop.execute(() -> verify(last, start, answer, mustKnow)),
                        failure -> {
                            life.checkFault(failure);
                            loop.execute(this::disconnect);
                        }));
    }

    private void verify(long last, long start, Optional<Invalidations> answer, boolean mustKnow) {
        if (answer.isEmpty()) {
            assertThat(mustKnow)
                    .as("changes since %s are in the queue", Tid.toHex(last))
                    .isFalse();
            client.dropCache(start);
            verified(start);
            return;
        }
        Invalidations missed = answer.get();
        assertThat(missed.tid())
                .as("answer to %s covers what came before it", name)
                .isGreaterThanOrEqualTo(start);
        assertThat(LongStream.of(missed.oids()).boxed().toList())
                .as("what %s missed", name)
                .containsExactlyInAnyOrderElementsOf(simulation.history.changes(last, missed.tid()));
        client.invalidate(missed.tid(), oidsOf(missed));
        verified(missed.tid());
    }

    private void verified(long tid) {
        verified = true;
        untilVerified.stream()
                .filter(later -> later.tid() > tid)
                .forEach(later -> client.invalidate(later.tid(), oidsOf(later)));
        client.checkCache();
        next();
    }

    // What the client does

    private void next() {
        loop.execute(this::act);
    }

    private void act() {
        Attempt running = attempt;
        if (running != null) {
            stage(running);
            return;
        }
        switch (random.nextInt(12)) {
            case 0 -> disconnect();
            case 1 -> {
                load(anyOid(), Tid.MAX);
                next();
            }
            case 2 -> {
                lookBack();
                next();
            }
            default -> {
                if (client.hasMoreToDo()) {
                    attempt = new Attempt();
                    simulation.history.begun(attempt.transaction);
                    trace("begin", attempt.transaction.name(), attempt.snapshot);
                    next();
                }
            }
        }
    }

    /** Reads things that transactions do not. */
    private void lookBack() {
        client.checkCache();
        assertThat(storage.lastTransaction()).isGreaterThanOrEqualTo(client.lastTid());
        long oid = anyOid();
        load(oid, random.nextBoolean() ? client.lastTid() + 1 : simulation.anyTid());
        History history = simulation.history;
        for (long serial : List.copyOf(history.revisions(oid).keySet())) {
            storage.loadSerial(
                    oid,
                    serial,
                    life.once(
                            "call that need not wait",
                            data -> assertThat(data)
                                    .isEqualTo(history.revisions(oid).get(serial)),
                            life::checkFault));
        }
        long serialBefore = history.currentSerial(oid);
        storage.getTid(
                oid,
                life.once(
                        "call that need not wait",
                        serial -> assertThat(serial).isIn(serialBefore, history.currentSerial(oid)),
                        failure -> {
                            if (!(failure instanceof PosKeyException) || serialBefore != Tid.NONE) {
                                life.checkFault(failure);
                            }
                        }));
    }

    private long anyOid() {
        return simulation.shape.anyOid(random);
    }

    private @Nullable LoadResult load(long oid, long before) {
        int count = simulation.history.count(oid);
        LoadResult[] loaded = {null};
        storage.loadBefore(
                oid,
                before,
                life.once(
                        "call that need not wait",
                        result -> {
                            simulation.history.checkLoad(oid, before, count, result);
                            loaded[0] = result;
                        },
                        life::checkFault));
        if (loaded[0] != null) {
            client.loaded(oid, loaded[0]);
        }
        return loaded[0];
    }

    /** One step of a transaction that is not voted yet. */
    private void stage(Attempt running) {
        if (running.stepsLeft-- > 0) {
            long oid = anyOid();
            switch (random.nextInt(8)) {
                case 0 -> read(running, oid);
                case 1, 2 -> check(running, oid);
                case 3 -> storeNew(running);
                default -> store(running, oid);
            }
            next();
            return;
        }
        switch (random.nextInt(30)) {
            case 0, 1 -> abort(running);
            case 2 -> disconnect();
            case 3 -> finishUnvoted(running);
            default -> vote(running);
        }
    }

    /** The serial of an object in the transaction's snapshot; null if it cannot be read now. */
    private @Nullable Long read(Attempt running, long oid) {
        Long known = running.read.get(oid);
        if (known != null || running.cannotRead.contains(oid)) {
            return known;
        }
        LoadResult.Loaded cached = client.cached(oid);
        LoadResult result =
                cached != null && cached.serial() <= running.snapshot ? cached : load(oid, running.snapshot + 1);
        if (result == null) {
            return null;
        }
        if (result instanceof LoadResult.NoneBefore) {
            running.cannotRead.add(oid);
            return null;
        }
        long serial = result instanceof LoadResult.Loaded loaded ? loaded.serial() : Tid.NONE;
        running.read.put(oid, serial);
        return serial;
    }

    private void store(Attempt running, long oid) {
        Long serial = read(running, oid);
        if (serial != null) {
            store(running, oid, serial);
        }
    }

    private void store(Attempt running, long oid, long serial) {
        byte[] data = simulation.shape.data(random, running.transaction.name() + ":" + oid);
        trace("store", running.transaction.name(), oid, serial, (long) data.length);
        running.handle.store(oid, serial, data.clone());
        running.transaction.store(oid, serial, data);
    }

    private void check(Attempt running, long oid) {
        Long serial = read(running, oid);
        if (serial != null && serial != Tid.NONE) {
            trace("check", running.transaction.name(), oid, serial);
            running.transaction.checked.put(oid, serial);
            running.handle.checkCurrent(oid, serial);
        }
    }

    private void storeNew(Attempt running) {
        storage.newOids(
                1,
                life.once(
                        "call that need not wait",
                        oids -> {
                            life.givenOid(oids[0]);
                            store(running, oids[0], Tid.NONE);
                        },
                        life::checkFault));
    }

    // Vote

    private void vote(Attempt running) {
        running.votes++;
        running.waiting = true;
        SimulatedTransaction transaction = running.transaction;
        transaction.voteAsked();
        trace("vote", transaction.name());
        running.handle.vote(life.once(
                "vote of " + transaction.name(),
                result -> {
                    trace("voted", transaction.name(), (long) result.conflicts().size());
                    simulation.history.voteAnswered(transaction, result.conflicts());
                    loop.execute(() -> voted(running, result));
                },
                failure -> {
                    trace("vote failed", transaction.name(), failure.toString());
                    checkVoteFailure(running, failure);
                    transaction.end();
                    loop.execute(() -> forget(running));
                }));
        impatient(running);
    }

    private void checkVoteFailure(Attempt running, Throwable failure) {
        SimulatedTransaction transaction = running.transaction;
        if (transaction.state == SimulatedTransaction.State.ENDED) {
            return;
        }
        if (failure instanceof ConflictException) {
            assertThat(simulation.history.staleCheck(transaction))
                    .as("reason for %s in the vote of %s", failure, transaction.name())
                    .isNotNull();
        } else if (failure instanceof TransactionException) {
            // The storage shuts down, or its locks have timed out while it was to vote again.
            loop.execute(() -> assertThat(life.isDraining() || transaction.hasTimedOut())
                    .as("reason for %s in the vote of %s", failure, transaction.name())
                    .isTrue());
        } else {
            life.checkVoteFault(failure);
        }
    }

    /** While the client waits for an answer, it may lose patience. */
    private void impatient(Attempt running) {
        int mood = random.nextInt(20);
        if (mood > 3) {
            return;
        }
        loop.execute(() -> {
            if (attempt != running || !running.waiting) {
                return;
            }
            switch (mood) {
                case 0 -> abort(running);
                case 1 -> disconnect();
                case 2 -> {
                    if (running.transaction.state == SimulatedTransaction.State.OPEN) {
                        voteTwice(running);
                    }
                }
                default -> storeLate(running);
            }
        });
    }

    private void voted(Attempt running, VoteResult result) {
        if (attempt != running) {
            return;
        }
        running.waiting = false;
        boolean clean = result.conflicts().isEmpty();
        switch (random.nextInt(30)) {
            case 0, 1 -> abort(running);
            case 2, 3 -> disconnect();
            case 4 -> becomeStuck(running);
            case 5 -> loop.execute(() -> voted(running, result));
            default -> {
                if (clean) {
                    finish(running);
                } else {
                    resolve(running, result.conflicts());
                }
            }
        }
    }

    private void becomeStuck(Attempt running) {
        trace("stuck", running.transaction.name());
        running.waiting = true;
    }

    private void resolve(Attempt running, List<Conflict> conflicts) {
        if (running.votes == MAX_VOTES) {
            abort(running);
            return;
        }
        for (Conflict conflict : conflicts) {
            store(running, conflict.oid(), conflict.committed());
        }
        if (random.nextInt(6) == 0) {
            storeNew(running);
        }
        loop.execute(() -> {
            if (attempt == running) {
                vote(running);
            }
        });
    }

    // Finish

    private void finish(Attempt running) {
        if (random.nextInt(20) == 0) {
            voteTwice(running);
        }
        if (random.nextInt(20) == 0) {
            storeLate(running);
        }
        SimulatedTransaction transaction = running.transaction;
        if (transaction.state != SimulatedTransaction.State.VOTED) {
            // It has timed out meanwhile; the loop will hear of it.
            return;
        }
        running.waiting = true;
        transaction.finishAsked();
        trace("finish", transaction.name());
        running.handle.finish(life.once(
                "finish of " + transaction.name(),
                finished -> {
                    trace("finished", transaction.name(), finished.tid());
                    simulation.history.finishAnswered(transaction, finished);
                    life.checkTold(finished.tid(), this);
                    queued(finished.tid());
                    loop.execute(() -> finished(running, finished));
                    simulation.finishAnswered();
                },
                failure -> {
                    trace("finish failed", transaction.name(), failure.toString());
                    finishFailed(transaction, failure);
                    loop.execute(() -> forget(running));
                }));
        if (random.nextInt(10) == 0) {
            disconnect();
        } else if (random.nextInt(20) == 0) {
            finishTwice(running);
        }
    }

    private void finishFailed(SimulatedTransaction transaction, Throwable failure) {
        if (!(failure instanceof TransactionException && transaction.hasTimedOut())) {
            life.checkFault(failure);
        }
        if (failure.toString().contains("whether the transaction is committed shows")) {
            transaction.state = SimulatedTransaction.State.UNKNOWN;
            life.storageFailed();
        } else {
            simulation.history.finishFailed(transaction);
            simulation.finishAnswered();
        }
    }

    private void finished(Attempt running, Finished finished) {
        client.committed(finished.tid(), running.transaction);
        forget(running);
    }

    private void forget(Attempt ended) {
        if (attempt == ended) {
            attempt = null;
            next();
        }
    }

    // Ends

    private void abort(Attempt running) {
        trace("abort", running.transaction.name());
        running.transaction.end();
        running.handle.abort();
        attempt = null;
        next();
    }

    private void timedOut(Attempt running) {
        trace("timed out", running.transaction.name());
        assertThat(running.transaction.state != SimulatedTransaction.State.OPEN || running.votes > 1)
                .as("%s, which has timed out, has had its locks", running.transaction.name())
                .isTrue();
        running.transaction.timedOut();
        loop.execute(this::disconnect);
    }

    private void disconnect() {
        trace("disconnect");
        loop.stop();
        if (subscription != null) {
            subscription.close();
        }
        life.disconnected(this);
        Attempt running = attempt;
        if (running != null) {
            running.transaction.end();
            running.handle.abort();
        }
        client.connectLater(life);
    }

    // What no client should do, and what becomes of it

    private void finishUnvoted(Attempt running) {
        running.handle.finish(life.once(
                "finish without a vote of " + running.transaction.name(), this::mustNotSucceed, this::mustBeRefused));
        abort(running);
    }

    private void finishTwice(Attempt running) {
        running.handle.finish(
                life.once("second finish of " + running.transaction.name(), this::mustNotSucceed, this::mustBeRefused));
    }

    private void voteTwice(Attempt running) {
        running.handle.vote(
                life.once("second vote of " + running.transaction.name(), this::mustNotSucceed, this::mustBeRefused));
    }

    /** Stores something into a transaction whose vote was asked. */
    private void storeLate(Attempt running) {
        long oid = anyOid();
        try {
            store(running, oid, simulation.history.currentSerial(oid));
        } catch (TransactionException e) {
            trace("refused", running.transaction.name());
            return;
        }
        assertThat(running.transaction.state)
                .as("state of %s, into which was stored after its vote", running.transaction.name())
                .isIn(SimulatedTransaction.State.CONFLICTED, SimulatedTransaction.State.ENDED);
    }

    private void mustNotSucceed(Object answer) {
        throw new AssertionError("something that makes no sense was answered with " + answer);
    }

    private void mustBeRefused(Throwable failure) {
        assertThat(failure).isInstanceOf(TransactionException.class);
    }
}
