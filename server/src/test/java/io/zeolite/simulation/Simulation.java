package io.zeolite.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.storage.file.FileLog;
import io.zeolite.storage.file.FileLogOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * One run, from one seed: several lives of a server on one disk. In each, clients work until they are done or the server
 * dies in one way or another; after each, what is on the disk is compared with what the clients know.
 */
final class Simulation {
    static final Path DIRECTORY = Path.of("/db");
    static final Path DATA = DIRECTORY.resolve("Data.fs");

    private static final Path INDEX = DIRECTORY.resolve("Data.fs.index");
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
    /** No life is longer, unless something runs in circles. */
    private static final int MAX_STEPS = 100_000;

    /** How a life ends. */
    private enum End {
        /** The clients have done what they wanted, and the server is closed. */
        DONE,
        /** The server is asked to stop in the midst of everything. */
        STOPPED,
        /** The process is killed between two steps. */
        KILLED,
        /** The process is killed in an operation on the disk. */
        KILLED_IN_OPERATION,
        /** The machine crashes in an operation on the disk. */
        CRASHED
    }

    final RandomGenerator random;
    final Trace trace;
    final Shape shape;
    final SimulatedDisk disk;
    final History history = new History();
    final List<SimulatedClient> clients = new ArrayList<>();

    /** Of the life that is being lived. */
    private SimulatedScheduler scheduler;

    private boolean spaceIsLimited;
    /** How often a crash is tried after an acknowledgement, on a copy of the disk: one time in so many. */
    private final int tryCrashOneIn;

    Simulation(long seed, Trace trace) {
        this.random = new SplittableRandom(seed);
        this.trace = trace;
        this.shape = Shape.draw(random);
        this.tryCrashOneIn = 1 + random.nextInt(30);
        trace.add("shape", shape.toString());
        this.scheduler = newScheduler();
        this.disk = new SimulatedDisk(random, trace, shape.sectorBytes(), () -> scheduler.preempt());
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
        start();
    }

    private void live(End end, boolean hasFaults) throws IOException {
        trace.add("life", end.name());
        draw(end, hasFaults);
        try {
            Life life = start();
            clients.forEach(client -> client.begin(life, random.nextInt(8)));
            work(life, end);
        } catch (SimulatedCrash crash) {
            trace.add("ended");
        }
        if (end == End.CRASHED) {
            disk.crash();
        } else {
            disk.endProcess();
        }
    }

    private SimulatedScheduler newScheduler() {
        return new SimulatedScheduler(random, trace, shape.preemptPercent(), START);
    }

    /** Decides what goes wrong in a life. */
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
    }

    private void drawCapacity() {
        disk.setCapacity(spaceIsLimited ? disk.usedBytes() + random.nextInt(pick(100, 2000, 20_000)) : Long.MAX_VALUE);
    }

    private int pick(int... choices) {
        return choices[random.nextInt(choices.length)];
    }

    /** From now on nothing goes wrong, but for the crash that may be due. */
    void endFaults() {
        disk.faults.failingWrites = 0;
        disk.faults.failingForces = 0;
        disk.faults.failingReads = 0;
        spaceIsLimited = false;
        disk.setCapacity(Long.MAX_VALUE);
    }

    boolean isSpaceLimited() {
        return spaceIsLimited;
    }

    /** Starts the server, if need be after the trouble that the first attempt had. */
    private Life start() throws IOException {
        SimulatedDisk untouched = disk.copy(new SplittableRandom(random.nextLong()));
        scheduler = newScheduler();
        long injected = disk.faults.injected;
        Life life;
        try {
            life = new Life(this, scheduler);
        } catch (IOException e) {
            trace.add("not opened", String.valueOf(e.getMessage()));
            if (!spaceIsLimited && disk.faults.injected == injected) {
                throw e;
            }
            endFaults();
            life = new Life(this, scheduler);
        }
        history.recovered(DataFile.read(disk.contentOf(DATA)));
        trace.add("opened", (long) history.size());
        life.checkLog();
        for (String leftover : List.of("Data.fs.pack", "Data.fs.pack.index")) {
            assertThat(disk.exists(DIRECTORY.resolve(leftover)))
                    .as("%s at the start", leftover)
                    .isFalse();
        }
        untouched.delete(INDEX);
        open(untouched);
        return life;
    }

    private void work(Life life, End end) throws IOException {
        int steps = end == End.STOPPED || end == End.KILLED ? random.nextInt(1500) : MAX_STEPS;
        boolean quiet = runFor(steps);
        if (disk.hasCrashed()) {
            // Whoever was preempted by the task that it ended may have taken it for a failure of its own.
            throw new SimulatedCrash();
        }
        if (end == End.KILLED && !quiet) {
            return;
        }
        if (end == End.STOPPED) {
            boolean[] drained = {false};
            life.drain(() -> drained[0] = true);
            for (int i = 0; i < MAX_STEPS && !drained[0]; i++) {
                runFor(1);
            }
            assertThat(drained[0]).as("nobody holds locks for ever").isTrue();
        } else {
            assertThat(quiet).as("quiet after %s steps", MAX_STEPS).isTrue();
            life.checkQuiet();
            if (!life.hasFailed()) {
                endFaults();
                life.changeEverything();
                runFor(MAX_STEPS);
                life.checkQuiet();
            }
        }
        life.close();
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

    /** A transaction was acknowledged: whatever happens now, it is there. */
    void acknowledged() {
        if (random.nextInt(tryCrashOneIn) == 0) {
            tryCrash();
        }
    }

    /** A transaction was said to be aborted: whatever happens now, it is not there. */
    void refused() {
        for (int i = 0; i < 5; i++) {
            tryCrash();
        }
    }

    private void tryCrash() {
        SimulatedDisk copy = disk.copy(new SplittableRandom(random.nextLong()));
        copy.crash();
        open(copy);
    }

    /** Checks what a server would find on a disk. */
    private void open(SimulatedDisk copy) {
        try (FileLog log = FileLog.open(copy, DATA, FileLogOptions.DEFAULT)) {
            history.check(DataFile.read(copy.contentOf(DATA)));
        } catch (IOException e) {
            throw new AssertionError("the disk after a crash cannot be opened", e);
        }
    }

    /** The tid of some transaction, or the one before or after it. */
    long anyTid() {
        int size = history.size();
        return size == 0 ? 1 : history.tidFromEnd(1 + random.nextInt(size)) + random.nextInt(3) - 1;
    }
}
