package io.zeolite.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zeolite.commit.CommitContext;
import io.zeolite.commit.LocalStorage;
import io.zeolite.commit.LocalStorageOptions;
import io.zeolite.storage.Completion;
import io.zeolite.storage.InvalidationBatch;
import io.zeolite.storage.Invalidations;
import io.zeolite.storage.Storage;
import io.zeolite.storage.StorageTransaction;
import io.zeolite.storage.TransactionMetadata;
import io.zeolite.storage.file.FileLog;
import io.zeolite.storage.file.FileLogOptions;
import io.zeolite.storage.file.PackOptions;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * One life of the server: the real storage on the simulated disk, the connections that it has, and what it owes them.
 */
final class Life {
    private final Simulation simulation;
    private final History history;
    private final SimulatedDisk disk;
    private final SimulatedScheduler scheduler;
    private final SimulatedScheduler.Actor committer;
    private final SimulatedScheduler.Actor io;
    private final SimulatedScheduler.Actor packer;
    private final FileLog log;
    private final LocalStorage storage;

    private final List<SimulatedConnection> connections = new ArrayList<>();
    /** Calls that are not answered yet. */
    private final Map<Long, String> outstanding = new TreeMap<>();

    private final Set<Long> givenOids = new HashSet<>();
    private final long injectedBefore;
    private long calls;
    private boolean draining;
    private boolean failed;

    /** @throws IOException if the storage cannot be opened; it is closed then */
    Life(Simulation simulation, SimulatedScheduler scheduler) throws IOException {
        this.simulation = simulation;
        this.history = simulation.history;
        this.disk = simulation.disk;
        this.scheduler = scheduler;
        Shape shape = simulation.shape;
        this.committer = scheduler.thread("committer", shape.committerWeight());
        this.io = scheduler.pool("io", shape.ioWeight());
        this.packer = scheduler.thread("packer", shape.ioWeight());
        this.injectedBefore = disk.faults.injected;
        CommitContext context = new CommitContext(committer, io, scheduler, scheduler, shape.timeout(), packer);
        LocalStorageOptions options = new LocalStorageOptions(
                shape.queueSize(),
                shape.queueAge(),
                Long.MAX_VALUE,
                shape.stagingMemoryBytes(),
                new SimulatedSpills(disk));
        // The records are no pickles, so garbage cannot be told.
        PackOptions pack = new PackOptions(false, shape.packKeepsOld());
        this.log = FileLog.open(
                disk, Simulation.DATA, new FileLogOptions(false, false, shape.indexSaveInterval(), pack, true));
        try {
            this.storage = LocalStorage.open(log, null, context, options);
        } catch (IOException e) {
            log.close();
            throw e;
        }
        storage.subscribe(this::announced);
    }

    /** What is announced can be seen. */
    private void announced(InvalidationBatch published, int from, int to) {
        List<Invalidations> transactions = published.transactions();
        assertThat(List.of(from, to)).as("nobody's own transactions").containsExactly(0, transactions.size());
        history.announced(transactions);
        assertThat(storage.lastTransaction())
                .as("last transaction when it is announced")
                .isEqualTo(transactions.get(to - 1).tid());
        disk.observe(() -> transactions.forEach(this::checkVisible));
    }

    private void checkVisible(Invalidations invalidations) {
        for (long oid : invalidations.oids()) {
            assertThat(currentSerial(oid))
                    .as("serial of %s when a change of it is announced", oid)
                    .isEqualTo(invalidations.tid());
        }
    }

    private long currentSerial(long oid) {
        try {
            return log.currentSerial(oid);
        } catch (IOException e) {
            throw new AssertionError("the log cannot be read", e);
        }
    }

    Simulation simulation() {
        return simulation;
    }

    SimulatedScheduler scheduler() {
        return scheduler;
    }

    Storage storage() {
        return storage;
    }

    // Connections

    void connected(SimulatedConnection connection) {
        connections.add(connection);
    }

    void disconnected(SimulatedConnection connection) {
        connections.remove(connection);
    }

    /** Everybody else has been told of a transaction before its client is answered. */
    void checkTold(long tid, SimulatedConnection committing) {
        for (SimulatedConnection connection : connections) {
            assertThat(connection == committing || connection.queuedTid() >= tid)
                    .as("everybody is told of %s before its client is answered", Tid.toHex(tid))
                    .isTrue();
        }
    }

    /** Whether the storage must be able to say what has changed after a tid that is not its last. */
    boolean remembersAfter(long tid) {
        if (!simulation.shape.queueAge().isZero()) {
            // However old a transaction may be, this is the year 1900.
            return tid != Tid.NONE;
        }
        int remembered = Math.min(simulation.shape.queueSize(), history.size());
        return remembered > 0 && tid >= history.tidFromEnd(remembered) && tid >= history.lastPackedTid();
    }

    void givenOid(long oid) {
        assertThat(givenOids.add(oid))
                .as("oid %s is given for the first time", oid)
                .isTrue();
        assertThat(history.count(oid)).as("revisions of the new object %s", oid).isZero();
    }

    // Answers

    /** A completion that must be called once, at some time. */
    <T> Completion<T> once(String what, Consumer<T> onValue, Consumer<Throwable> onFailure) {
        long call = calls++;
        outstanding.put(call, what);
        return new Completion<>() {
            @Override
            public void complete(T value) {
                answered();
                onValue.accept(value);
            }

            @Override
            public void fail(Throwable failure) {
                answered();
                onFailure.accept(failure);
            }

            private void answered() {
                if (disk.hasCrashed()) {
                    // Nobody is there any more to hear of it.
                    throw new SimulatedCrash();
                }
                assertThat(outstanding.remove(call))
                        .as("%s is answered for the first time", what)
                        .isNotNull();
            }
        };
    }

    /** A failure is explained by one that was injected. */
    void checkFault(Throwable failure) {
        if (disk.faults.injected == injectedBefore) {
            throw new AssertionError("a failure that nothing explains", failure);
        }
    }

    /** A failure is explained by one that was injected, by the lack of space, or by the server being about to end. */
    void checkVoteFault(Throwable failure) {
        if (!simulation.isSpaceLimited() && !draining) {
            checkFault(failure);
        }
    }

    void pack(long stop) {
        history.packAsked(stop);
        storage.pack(
                stop,
                true,
                once(
                        "pack",
                        nothing -> {
                            simulation.trace.add("packed");
                            history.packAnswered(stop);
                        },
                        failure -> {
                            history.packAnswered(stop);
                            simulation.trace.add("pack failed", String.valueOf(failure.getMessage()));
                            if (!"Already packing".equals(failure.getMessage())) {
                                checkVoteFault(failure);
                            }
                            if (String.valueOf(failure.getMessage()).contains("until it is opened anew")) {
                                storageFailed();
                            }
                        }));
    }

    /** The storage has said that it takes nothing any more. */
    void storageFailed() {
        failed = true;
    }

    boolean hasFailed() {
        return failed;
    }

    // The end

    boolean isDraining() {
        return draining;
    }

    void drain(Runnable drained) {
        draining = true;
        storage.drain(once(
                "drain",
                nothing -> {
                    assertThat(storage.lockedSince()).isNull();
                    drained.run();
                },
                failure -> {
                    throw new AssertionError("draining has failed", failure);
                }));
    }

    void close() {
        committer.runInline();
        io.runInline();
        packer.runInline();
        storage.close();
        simulation.trace.add("closed");
        if (disk.faults.injected == injectedBefore) {
            history.check(DataFile.read(disk.contentOf(Simulation.DATA)));
        }
    }

    /** Nothing goes on any more: everything is answered, nothing is held, and everybody knows everything. */
    void checkQuiet() {
        assertThat(outstanding.values()).as("calls without an answer").isEmpty();
        assertThat(storage.waitingVotes()).isZero();
        assertThat(storage.lockedSince()).isNull();
        assertThatThrownBy(() -> log.release(1)).as("nothing is reserved").isInstanceOf(IllegalArgumentException.class);
        for (SimulatedClient client : simulation.clients) {
            client.checkCache();
            assertThat(client.lastTid())
                    .as("what %s was told last", client.name())
                    .isEqualTo(history.lastTid());
        }
        checkLog();
    }

    /** No lock is left behind, and there is room: a transaction that writes every object goes through at once. */
    void changeEverything() {
        SimulatedTransaction transaction = new SimulatedTransaction("everything." + history.size());
        byte[] name = transaction.name().getBytes(StandardCharsets.UTF_8);
        history.begun(transaction);
        StorageTransaction handle = storage.begin(null, new TransactionMetadata(new byte[0], name, new byte[0]), () -> {
            throw new AssertionError("a transaction that did not wait has timed out");
        });
        for (long oid : history.oids()) {
            byte[] data = simulation.shape.data(simulation.random, transaction.name());
            handle.store(oid, history.currentSerial(oid), data.clone());
            transaction.store(oid, history.currentSerial(oid), data);
        }
        Consumer<Throwable> onFailure = failure -> {
            throw new AssertionError("a transaction that nobody is in the way of has failed", failure);
        };
        transaction.voteAsked();
        handle.vote(once(
                "vote of " + transaction.name(),
                result -> {
                    history.voteAnswered(transaction, result);
                    transaction.finishAsked();
                    handle.finish(once(
                            "finish of " + transaction.name(),
                            finished -> history.finishAnswered(transaction, finished),
                            onFailure));
                },
                onFailure));
    }

    /** Whether the log says of everything what the history says. */
    void checkLog() {
        disk.observe(() -> {
            try {
                assertThat(log.lastTransaction()).isEqualTo(history.lastTid());
                assertThat(log.length()).isEqualTo(history.oids().size());
                assertThat(log.maxOid()).isEqualTo(history.maxOid());
                if (!failed) {
                    assertThat(log.size()).as("size").isEqualTo(disk.contentOf(Simulation.DATA).length);
                }
                for (long oid : history.oids()) {
                    checkObject(oid);
                }
            } catch (IOException e) {
                throw new AssertionError("the log cannot be read", e);
            }
        });
    }

    private void checkObject(long oid) throws IOException {
        assertThat(log.currentSerial(oid)).isEqualTo(history.currentSerial(oid));
        int count = history.count(oid);
        history.checkLoad(oid, Tid.MAX, count, log.loadBefore(oid, Tid.MAX));
        for (long serial : history.revisions(oid).keySet()) {
            history.checkLoad(oid, serial, count, log.loadBefore(oid, serial));
            history.checkLoad(oid, serial + 1, count, log.loadBefore(oid, serial + 1));
        }
    }
}
