package io.zeolite.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.commit.CommitContext;
import io.zeolite.commit.LocalStorage;
import io.zeolite.commit.LocalStorageOptions;
import io.zeolite.storage.Completion;
import io.zeolite.storage.Storage;
import io.zeolite.storage.StorageTransaction;
import io.zeolite.storage.TransactionMetadata;
import io.zeolite.storage.file.FileLog;
import io.zeolite.storage.file.FileLogOptions;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One run, from one seed: several lives of a server on one disk. In each, clients work until they are done or the server
 * dies in one way or another; after each, what is on the disk is compared with what the clients know.
 */
final class Simulation {
    private static final Path DIRECTORY = Path.of("/db");
    private static final Path DATA = DIRECTORY.resolve("Data.fs");
    private static final Path INDEX = DIRECTORY.resolve("Data.fs.index");
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
    /** No life is longer, unless something runs in circles. */
    private static final int MAX_STEPS = 100_000;

    /** How a life ends. */
    private enum End {
        /** The clients have done what they wanted; the server is closed. */
        DONE,
        /** The server is asked to stop in the midst of everything. */
        STOPPED,
        /** The process is killed between two steps. */
        KILLED,
        /** The machine crashes in an operation of the disk. */
        CRASHED,
        /** The process is killed in an operation of the disk. */
        KILLED_IN_OPERATION
    }

    private final Trace trace;
    private final RandomGenerator random;
    private final Shape shape;
    private final SimulatedDisk disk;
    private final History history = new History();
    private final List<SimulatedClient> clients = new ArrayList<>();

    // Of one life.
    private SimulatedScheduler scheduler;
    private SimulatedScheduler.Actor committer;
    private SimulatedScheduler.Actor io;
    private @Nullable FileLog log;
    private @Nullable LocalStorage storage;
    private final List<SimulatedConnection> connections = new ArrayList<>();
    private final Map<Long, String> outstanding = new TreeMap<>();
    private final Set<Long> givenOids = new HashSet<>();
    private long calls;
    private boolean draining;
    private boolean failed;
    private boolean spaceIsLimited;
    private long injectedBefore;

    /** How often a crash is tried after an acknowledgement, on a copy of the disk: one time in so many. */
    private final int tryCrashOneIn;

    Simulation(long seed, Trace trace) {
        this.trace = trace;
        this.random = new SplittableRandom(seed);
        this.shape = Shape.draw(random);
        this.tryCrashOneIn = 1 + random.nextInt(30);
        trace.add("shape", shape.toString());
        this.disk = new SimulatedDisk(random, trace, shape.sectorBytes(), () -> scheduler.preempt());
        this.scheduler = newScheduler();
        for (int i = 1; i <= shape.clients(); i++) {
            clients.add(new SimulatedClient(this, i));
        }
    }

    void run() throws IOException {
        disk.createDirectories(DIRECTORY);
        for (int lives = random.nextInt(5); lives > 0; lives--) {
            live(End.values()[random.nextInt(End.values().length)], true);
        }
        live(End.DONE, false);
        open();
    }

    // The lives of the server

    private void live(End end, boolean hasFaults) throws IOException {
        trace.add("life", end.name());
        scheduler = newScheduler();
        connections.clear();
        outstanding.clear();
        givenOids.clear();
        draining = false;
        failed = false;
        draw(end, hasFaults);
        try {
            open();
            clients.forEach(client -> client.begin(random.nextInt(8)));
            work(end);
        } catch (SimulatedCrash crash) {
            trace.add("crashed");
        }
        if (end == End.CRASHED) {
            disk.crash();
        } else {
            disk.endProcess();
        }
    }

    private SimulatedScheduler newScheduler() {
        SimulatedScheduler fresh = new SimulatedScheduler(random, trace, shape.preemptPercent(), START);
        committer = fresh.thread("committer", shape.committerWeight());
        io = fresh.pool("io", shape.ioWeight());
        return fresh;
    }

    /** Decides what goes wrong. */
    private void draw(End end, boolean hasFaults) {
        DiskFaults faults = disk.faults;
        faults.none();
        faults.writeBackPercent = shape.writeBackPercent();
        if (hasFaults && random.nextInt(4) == 0) {
            faults.failingWrites = pick(0, 5, 50);
            faults.failingForces = pick(0, 5, 50);
            faults.failingReads = pick(0, 0, 5);
        }
        if (end == End.CRASHED || end == End.KILLED_IN_OPERATION) {
            faults.crashAfter(1 + random.nextInt(pick(20, 200, 1000)));
        }
        spaceIsLimited = hasFaults && random.nextInt(4) == 0;
        drawCapacity();
        injectedBefore = faults.injected;
    }

    private void drawCapacity() {
        disk.setCapacity(spaceIsLimited ? disk.usedBytes() + random.nextInt(pick(100, 2000, 20_000)) : Long.MAX_VALUE);
    }

    private int pick(int... choices) {
        return choices[random.nextInt(choices.length)];
    }

    /** Starts the server, if need be after the trouble that the first attempt had. */
    private void open() throws IOException {
        SimulatedDisk withoutIndex = random.nextBoolean() ? disk.copy(new SplittableRandom(1), Trace.none()) : null;
        try {
            serve();
        } catch (IOException e) {
            trace.add("not opened", String.valueOf(e.getMessage()));
            checkNoSpaceOrFault(e);
            disk.faults.none();
            disk.setCapacity(Long.MAX_VALUE);
            serve();
        }
        List<DataFile.Transaction> transactions = DataFile.read(disk.contentOf(DATA));
        trace.add("opened", (long) transactions.size());
        history.recovered(transactions);
        disk.observe(() -> checkLog(log));
        if (withoutIndex != null) {
            withoutIndex.delete(INDEX);
            tryToOpen(withoutIndex);
        }
    }

    private void serve() throws IOException {
        FileLog opened = FileLog.open(disk, DATA, new FileLogOptions(false, false, shape.indexSaveInterval()));
        CommitContext context = new CommitContext(committer, io, scheduler, scheduler, shape.timeout());
        LocalStorageOptions options = new LocalStorageOptions(
                shape.queueSize(), shape.queueAge(), shape.stagingMemoryBytes(), new SimulatedSpills(disk, DIRECTORY));
        try {
            storage = LocalStorage.open(opened, null, context, options);
        } catch (IOException e) {
            opened.close();
            throw e;
        }
        log = opened;
        storage.subscribe(history::announced);
    }

    private void work(End end) throws IOException {
        int steps = end == End.STOPPED || end == End.KILLED ? random.nextInt(1500) : MAX_STEPS;
        boolean quiet = runFor(steps);
        if (end == End.KILLED && !quiet) {
            return;
        }
        if (end == End.STOPPED) {
            draining = true;
            boolean[] drained = {false};
            storage.drain(once("drain", nothing -> drained[0] = true, failure -> {
                throw new AssertionError(failure);
            }));
            while (!drained[0] && runFor(1)) {}
            assertThat(drained[0] || runFor(MAX_STEPS)).isTrue();
            assertThat(drained[0]).as("drained").isTrue();
            assertThat(storage.lockedSince()).isNull();
        } else {
            assertThat(quiet).as("quiet after %s steps", MAX_STEPS).isTrue();
            checkQuiet();
        }
        close();
    }

    /** Lets everything run. Returns whether there is nothing more to do. */
    private boolean runFor(int steps) {
        for (int i = 0; i < steps; i++) {
            if (!scheduler.step() && !scheduler.passTime()) {
                return true;
            }
            if (spaceIsLimited && random.nextInt(300) == 0) {
                drawCapacity();
            }
        }
        return false;
    }

    private void close() {
        committer.runInline();
        io.runInline();
        storage.close();
        trace.add("closed");
        if (!failed && disk.faults.injected == injectedBefore) {
            history.check(DataFile.read(disk.contentOf(DATA)));
        }
    }
    // What everybody needs

    RandomGenerator random() {
        return random;
    }

    Trace trace() {
        return trace;
    }

    Shape shape() {
        return shape;
    }

    SimulatedScheduler scheduler() {
        return scheduler;
    }

    History history() {
        return history;
    }

    Storage storage() {
        return storage;
    }

    /** Whether the storage must be able to say what has changed after a tid that is not its last. */
    boolean remembersAfter(long tid) {
        if (!shape.queueAge().isZero()) {
            return true;
        }
        int remembered = Math.min(shape.queueSize(), history.size());
        return remembered > 0 && tid >= history.tidFromEnd(remembered);
    }

    /** The tid of some transaction, or the one before or after it. */
    long anyTid() {
        int size = history.size();
        return size == 0 ? Tid.MAX : history.tidFromEnd(1 + random.nextInt(size)) + random.nextInt(3) - 1;
    }

    boolean isDraining() {
        return draining;
    }

    void connected(SimulatedConnection connection) {
        connections.add(connection);
    }

    void disconnected(SimulatedConnection connection) {
        connections.remove(connection);
    }

    void storageFailed() {
        failed = true;
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
                assertThat(outstanding.remove(call))
                        .as("%s is answered for the first time", what)
                        .isNotNull();
            }
        };
    }

    /** A completion that is called before the call returns. */
    <T> Completion<T> now(Consumer<T> onValue, Consumer<Throwable> onFailure) {
        return once("call that need not wait", onValue, onFailure);
    }

    // Checks

    /** Only who holds locks times out. */
    void checkTimeout(SimulatedTransaction transaction, int votes) {
        assertThat(transaction.state != SimulatedTransaction.State.OPEN || votes > 1)
                .as("%s, which has timed out, has had its locks", transaction.name())
                .isTrue();
    }

    /** A failure is ours. */
    void checkFault(Throwable failure) {
        if (disk.faults.injected == injectedBefore) {
            throw new AssertionError("a failure that nothing explains", failure);
        }
    }

    void checkNoSpaceOrFault(Throwable failure) {
        if (!spaceIsLimited && !draining) {
            checkFault(failure);
        }
    }

    void givenOid(long oid) {
        assertThat(givenOids.add(oid))
                .as("oid %s is given for the first time", oid)
                .isTrue();
        assertThat(history.revisions(oid))
                .as("revisions of the new object %s", oid)
                .isEmpty();
    }

    /** Everybody else has been told of a transaction before its client is answered. */
    void checkTold(long tid, SimulatedConnection committing) {
        for (SimulatedConnection connection : connections) {
            assertThat(connection == committing || connection.queuedTid() == tid)
                    .as("everybody is told of %s before its client is answered", Tid.toHex(tid))
                    .isTrue();
        }
    }

    /** A finish was answered. Whatever happens now, the transaction is there. */
    void acknowledged() {
        if (random.nextInt(tryCrashOneIn) == 0) {
            SimulatedDisk copy = disk.copy(new SplittableRandom(random.nextLong()), Trace.none());
            copy.crash();
            tryToOpen(copy);
        }
    }

    /** What a server would find on a disk. */
    private void tryToOpen(SimulatedDisk copy) {
        try (FileLog opened = FileLog.open(copy, DATA, FileLogOptions.DEFAULT)) {
            history.check(DataFile.read(copy.contentOf(DATA)));
        } catch (IOException e) {
            throw new AssertionError("the disk after a crash cannot be opened", e);
        }
    }

    /** Nothing goes on any more: everything is answered, nothing is held, and everybody knows everything. */
    private void checkQuiet() throws IOException {
        assertThat(outstanding.values()).as("calls without an answer").isEmpty();
        assertThat(storage.waitingVotes()).isZero();
        assertThat(storage.lockedSince()).isNull();
        for (SimulatedClient client : clients) {
            client.checkCache();
            assertThat(client.lastTid())
                    .as("what %s was told last", client.name())
                    .isEqualTo(history.lastTid());
        }
        disk.observe(() -> checkLog(log));
        if (!failed) {
            disk.faults.none();
            spaceIsLimited = false;
            disk.setCapacity(Long.MAX_VALUE);
            changeEverything();
        }
    }

    /** No lock is left behind and there is room: a transaction that writes every object goes through at once. */
    private void changeEverything() {
        SimulatedTransaction transaction = new SimulatedTransaction("last." + history.size());
        history.begun(transaction);
        StorageTransaction handle = storage.begin(
                null, new TransactionMetadata(new byte[0], transaction.name().getBytes(), new byte[0]), () -> {
                    throw new AssertionError("a transaction that did not wait has timed out");
                });
        for (long oid : history.oids()) {
            byte[] data = shape.data(random, transaction.name());
            handle.store(oid, history.currentSerial(oid), data.clone());
            transaction.store(oid, history.currentSerial(oid), data);
        }
        Consumer<Throwable> failed = failure -> {
            throw new AssertionError("the last transaction has failed", failure);
        };
        boolean[] finished = {false};
        transaction.voteAsked();
        handle.vote(once(
                "last vote",
                result -> {
                    history.voteAnswered(transaction, result.conflicts());
                    transaction.state = SimulatedTransaction.State.FINISHING;
                    handle.finish(once(
                            "last finish",
                            answer -> {
                                history.finishAnswered(transaction, answer);
                                finished[0] = true;
                            },
                            failed));
                },
                failed));
        runFor(MAX_STEPS);
        assertThat(finished[0]).as("the last transaction is finished").isTrue();
    }

    /** Whether the log says of everything what the history says. */
    private void checkLog(FileLog log) {
        try {
            assertThat(log.lastTransaction()).isEqualTo(history.lastTid());
            assertThat(log.length()).isEqualTo(history.oids().size());
            assertThat(log.maxOid()).isEqualTo(history.maxOid());
            if (!failed) {
                assertThat(log.size()).as("size of the log").isEqualTo(disk.contentOf(DATA).length);
            }
            for (long oid : history.oids()) {
                checkObject(log, oid);
            }
        } catch (IOException e) {
            throw new AssertionError("the log cannot be read", e);
        }
    }

    private void checkObject(FileLog log, long oid) throws IOException {
        assertThat(log.currentSerial(oid)).isEqualTo(history.currentSerial(oid));
        int count = history.count(oid);
        history.checkLoad(oid, Tid.MAX, count, log.loadBefore(oid, Tid.MAX));
        for (long serial : history.revisions(oid).keySet()) {
            history.checkLoad(oid, serial, count, log.loadBefore(oid, serial));
            history.checkLoad(oid, serial + 1, count, log.loadBefore(oid, serial + 1));
        }
    }
}
