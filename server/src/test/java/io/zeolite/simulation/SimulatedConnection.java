package io.zeolite.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.error.PosKeyException;
import io.zeolite.storage.InvalidationBatch;
import io.zeolite.storage.InvalidationListener;
import io.zeolite.storage.Invalidations;
import io.zeolite.storage.LoadResult;
import io.zeolite.storage.Storage;
import io.zeolite.storage.Subscription;
import io.zeolite.zodb.Tid;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * One connection of a client: both the client and the session that serves it, on one event loop. What the storage says
 * is queued to the loop at once, as a session does, and checked at once against the history.
 */
final class SimulatedConnection implements InvalidationListener {

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

    SimulatedConnection(Life life, SimulatedClient client, String name) {
        this.life = life;
        this.simulation = life.simulation();
        this.client = client;
        this.name = name;
        this.random = simulation.random;
        this.storage = life.storage();
        this.loop = life.scheduler().thread(name, 2);
    }

    Life life() {
        return life;
    }

    SimulatedClient client() {
        return client;
    }

    @Nullable
    Subscription subscription() {
        return subscription;
    }

    /** Runs a task on the connection's loop, unless it is closed by then. */
    void execute(Runnable task) {
        loop.execute(task);
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

    void trace(String event, Object... details) {
        Object[] all = new Object[details.length + 1];
        all[0] = name;
        System.arraycopy(details, 0, all, 1, details.length);
        simulation.trace.add(event, all);
    }

    // Invalidations

    @Override
    public void invalidated(InvalidationBatch published, int from, int to) {
        List<Invalidations> transactions = published.transactions().subList(from, to);
        transactions.forEach(one -> queued(one.tid()));
        loop.execute(() -> transactions.forEach(this::told));
    }

    void queued(long tid) {
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
            boolean mayBePacked = last <= simulation.history.lastPackedTid();
            assertThat(mustKnow && !mayBePacked)
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

    /** What a client does without a transaction. */
    private void act() {
        if (random.nextInt(100) < simulation.shape.packPercent()) {
            trace("pack");
            life.pack(random.nextInt(3) > 0 ? Tid.MAX : simulation.anyTid());
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
                    attempt = new Attempt(this);
                    loop.execute(attempt::stage);
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
                            failure -> {
                                if (!(failure instanceof PosKeyException)
                                        || (history.revisions(oid).get(serial) != null
                                                && !history.mayBeGone(oid, serial))) {
                                    life.checkFault(failure);
                                }
                            }));
        }
        long serialBefore = history.currentSerial(oid);
        boolean existed = serialBefore != Tid.NONE && history.revisions(oid).get(serialBefore) != null;
        storage.getTid(
                oid,
                life.once(
                        "call that need not wait",
                        // Each read of the file lets others go on: it may have been the newest one for a moment only.
                        serial -> assertThat(serial)
                                .isIn(history.revisions(oid)
                                        .tailMap(serialBefore)
                                        .keySet()),
                        failure -> {
                            if (!(failure instanceof PosKeyException) || existed) {
                                life.checkFault(failure);
                            }
                        }));
    }

    long anyOid() {
        return simulation.shape.anyOid(random);
    }

    @Nullable
    LoadResult load(long oid, long before) {
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

    boolean isRunning(Attempt running) {
        return attempt == running;
    }

    /** Goes on without a transaction. */
    void forget(Attempt ended) {
        if (attempt == ended) {
            attempt = null;
            next();
        }
    }

    void disconnect() {
        trace("disconnect");
        loop.stop();
        if (subscription != null) {
            subscription.close();
        }
        life.disconnected(this);
        if (attempt != null) {
            attempt.drop();
        }
        client.connectLater(life);
    }
}
