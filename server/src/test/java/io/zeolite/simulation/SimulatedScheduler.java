package io.zeolite.simulation;

import io.zeolite.commit.Timers;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.random.RandomGenerator;

/**
 * All threads and all time of a simulation, on one thread and from one source of randomness.
 *
 * <p>A task runs until it ends, but {@link #preempt}, which the simulated disk calls, may run others in the midst of it:
 * so every operation on the disk is a point where threads are interleaved. Time passes between tasks; the clock of the
 * machine jumps now and then, also back.
 */
final class SimulatedScheduler implements Timers, InstantSource {
    /**
     * Tasks that run in the midst of others do so on threads of their own, one for each depth, while the others wait: what
     * belongs to a thread is not shared between two tasks that are under way.
     */
    private static final List<ExecutorService> HELPERS = List.of(helper(1), helper(2), helper(3));

    private final RandomGenerator random;
    private final Trace trace;
    private final int preemptPercent;
    private final List<Actor> actors = new ArrayList<>();
    private final PriorityQueue<Timer> timers =
            new PriorityQueue<>(Comparator.comparingLong(Timer::due).thenComparingLong(Timer::number));
    private long timerCount;
    private int depth;
    /** Since the simulation began. {@link #nanoTime} starts just below the largest long, so that it overflows soon. */
    private long elapsedNanos;

    private Instant clockBase;

    private record Timer(long due, long number, Runnable task) {}

    /** A thread, or a pool of them, with its queue. */
    final class Actor implements Executor {
        private final String name;
        private final boolean isPool;
        private final int weight;
        private final List<Runnable> tasks = new ArrayList<>();
        private int running;
        private boolean stopped;
        private boolean inline;

        private Actor(String name, boolean isPool, int weight) {
            this.name = name;
            this.isPool = isPool;
            this.weight = weight;
        }

        @Override
        public void execute(Runnable task) {
            if (!stopped) {
                tasks.add(task);
            }
            while (inline && isRunnable()) {
                run();
            }
        }

        /** Runs what is queued, and from now on every task at once: for calls that wait for it. */
        void runInline() {
            inline = true;
            while (isRunnable()) {
                run();
            }
        }

        /** Forgets what is queued, and everything that comes later. */
        void stop() {
            stopped = true;
            tasks.clear();
            actors.remove(this);
        }

        private boolean isRunnable() {
            return !tasks.isEmpty() && (isPool || running == 0);
        }

        private void run() {
            Runnable task = tasks.remove(isPool ? random.nextInt(tasks.size()) : 0);
            trace.add("run", name);
            running++;
            try {
                task.run();
            } finally {
                running--;
            }
        }
    }

    private static ExecutorService helper(int depth) {
        return Executors.newSingleThreadExecutor(task -> {
            Thread thread = new Thread(task, "simulation-" + depth);
            thread.setDaemon(true);
            return thread;
        });
    }

    SimulatedScheduler(RandomGenerator random, Trace trace, int preemptPercent, Instant start) {
        this.random = random;
        this.trace = trace;
        this.preemptPercent = preemptPercent;
        this.clockBase = start;
    }

    /** A thread: runs its tasks in order, one at a time. */
    Actor thread(String name, int weight) {
        return add(new Actor(name, false, weight));
    }

    /** A pool of threads: runs its tasks in any order and interleaved. */
    Actor pool(String name, int weight) {
        return add(new Actor(name, true, weight));
    }

    private Actor add(Actor actor) {
        actors.add(actor);
        return actor;
    }

    /** Runs one task. Returns false if there is none now; {@link #passTime} may make one. */
    boolean step() {
        elapsedNanos += 1 + random.nextInt(200_000);
        if (random.nextInt(300) == 0) {
            clockBase = clockBase.plusMillis(random.nextInt(20_000) - 10_000L);
        }
        fireTimers();
        return runOne();
    }

    /** Goes to the moment of the next timer, or past it. Returns false if there is none. */
    boolean passTime() {
        Timer next = timers.peek();
        if (next == null) {
            return false;
        }
        long late = random.nextInt(4) == 0 ? random.nextInt(500_000_000) : 0;
        elapsedNanos = Math.max(elapsedNanos, next.due + late);
        trace.add("time", elapsedNanos);
        fireTimers();
        return true;
    }

    /** In the midst of a task: perhaps runs tasks of others. */
    void preempt() {
        if (depth >= HELPERS.size() || random.nextInt(100) >= preemptPercent) {
            return;
        }
        depth++;
        try {
            HELPERS.get(depth - 1).submit(this::runSome).get(60, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw new AssertionError("a task failed", e.getCause());
        } catch (InterruptedException | TimeoutException e) {
            throw new AssertionError("tasks of others wait for one that is in the midst of an operation", e);
        } finally {
            depth--;
        }
    }

    private void runSome() {
        for (int i = random.nextInt(4); i >= 0 && runOne(); i--) {
            elapsedNanos += random.nextInt(50_000);
        }
    }

    private boolean runOne() {
        int total = 0;
        for (Actor actor : actors) {
            total += actor.isRunnable() ? actor.weight : 0;
        }
        if (total == 0) {
            return false;
        }
        int choice = random.nextInt(total);
        for (Actor actor : actors) {
            if (actor.isRunnable()) {
                choice -= actor.weight;
                if (choice < 0) {
                    actor.run();
                    return true;
                }
            }
        }
        throw new AssertionError("weights do not add up");
    }

    private void fireTimers() {
        while (!timers.isEmpty() && timers.peek().due <= elapsedNanos) {
            timers.remove().task.run();
        }
    }

    @Override
    public long nanoTime() {
        return Long.MAX_VALUE - 100_000_000 + elapsedNanos;
    }

    @Override
    public void after(Duration delay, Runnable task) {
        timers.add(new Timer(elapsedNanos + delay.toNanos(), timerCount++, task));
    }

    @Override
    public void sleep(long nanos) {
        elapsedNanos += nanos;
        preempt();
    }

    @Override
    public Instant instant() {
        return clockBase.plusNanos(elapsedNanos);
    }
}
