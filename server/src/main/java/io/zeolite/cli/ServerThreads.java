package io.zeolite.cli;

import io.zeolite.commit.Timers;
import io.zeolite.platform.Background;
import io.zeolite.platform.Foreground;
import io.zeolite.platform.LostThreadError;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** The threads of a server, other than its event loops. All are daemons. */
final class ServerThreads implements Timers {
    /** Enough to keep a disk busy; more uploads than this take turns. */
    private static final int IO_THREADS = 8;
    /** A commit waits for this thread at its vote and at its finish, and everybody's commits for the same one. */
    private static final Duration COMMITTER_SLICE = Duration.ofNanos(100_000);

    /** A walk may wait for another server that is away, for as long as its clients are told to. */
    private static final int ITERATION_THREADS = 8;

    private static final long IDLE_SECONDS = 30;
    private static final long PACKER_IDLE_SECONDS = 1;
    private static final long STAYS = 0;

    private final ThreadPoolExecutor io;
    private final ThreadPoolExecutor iteration;
    private final ScheduledThreadPoolExecutor timer;
    private final List<ExecutorService> committers = new ArrayList<>();
    private final List<ExecutorService> packers = new ArrayList<>();

    ServerThreads() {
        timer = new ScheduledThreadPoolExecutor(1, named("zeolite-timer"));
        timer.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        timer.prestartCoreThread();
        io = pool(IO_THREADS, "zeolite-io");
        iteration = pool(ITERATION_THREADS, "zeolite-iteration");
    }

    private ThreadPoolExecutor pool(int threads, String name) {
        return new PatientPool(threads, IDLE_SECONDS, named(name), timer);
    }

    ExecutorService io() {
        return io;
    }

    ExecutorService iteration() {
        return iteration;
    }

    /** A thread of its own for the committer of a storage. */
    ExecutorService committer(String storage) {
        ThreadFactory named = named("zeolite-committer-" + storage);
        ThreadFactory irreplaceable = task -> named.newThread(() -> {
            try {
                task.run();
            } catch (Error e) {
                // Another thread would take its place, and find the storage half changed.
                throw new LostThreadError("the committer has failed", e);
            }
        });
        ExecutorService committer =
                new PatientPool(1, STAYS, Foreground.factory(irreplaceable, COMMITTER_SLICE), timer);
        committers.add(committer);
        return committer;
    }

    /** A thread for the packs of a storage, which is there only while there is one. */
    ExecutorService packer(String storage) {
        ThreadFactory named = named("zeolite-pack-" + storage);
        ThreadFactory background = task -> named.newThread(() -> {
            Background.enter();
            task.run();
        });
        ThreadPoolExecutor packer = new PatientPool(1, PACKER_IDLE_SECONDS, background, timer);
        packers.add(packer);
        return packer;
    }

    @Override
    public long nanoTime() {
        return System.nanoTime();
    }

    @Override
    public void after(Duration delay, Runnable task) {
        timer.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** Runs a task again and again, which is to give away what takes long. */
    void every(Duration interval, Runnable task) {
        timer.scheduleWithFixedDelay(task, interval.toNanos(), interval.toNanos(), TimeUnit.NANOSECONDS);
    }

    void close() {
        timer.shutdown();
        committers.forEach(ExecutorService::shutdown);
        packers.forEach(ExecutorService::shutdown);
        iteration.shutdown();
        io.shutdown();
    }

    private static ThreadFactory named(String name) {
        AtomicInteger count = new AtomicInteger();
        return task -> {
            Thread thread = new Thread(task, name + "-" + count.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
    }
}
