package io.zeolite.client;

import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinTask;
import java.util.concurrent.ForkJoinWorkerThread;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * The threads of a client beside its event loop. They exist while there is work for them, and end with the client.
 *
 * <p>A callback that waits for another future of the client's makes room for one more thread, which a fork-join pool does
 * by itself: callbacks that wait for each other's results would use up a fixed number.
 */
final class Workers implements AutoCloseable {
    private static final int CALLBACK_THREADS = Math.max(4, Runtime.getRuntime().availableProcessors());
    private static final int MOST_CALLBACK_THREADS = 1000;
    private static final long IDLE_SECONDS = 10;
    private static final long CLOSE_SECONDS = 3;

    private final ForkJoinPool callbacks = new ForkJoinPool(
            CALLBACK_THREADS,
            Workers::callbackThread,
            null,
            true,
            CALLBACK_THREADS,
            MOST_CALLBACK_THREADS,
            1,
            null,
            IDLE_SECONDS,
            TimeUnit.SECONDS);
    private final ExecutorService io = Executors.newCachedThreadPool(Workers::ioThread);

    private static ForkJoinWorkerThread callbackThread(ForkJoinPool pool) {
        ForkJoinWorkerThread thread = ForkJoinPool.defaultForkJoinWorkerThreadFactory.newThread(pool);
        thread.setName("zeolite-client-callback-" + thread.getPoolIndex());
        return thread;
    }

    private static Thread ioThread(Runnable work) {
        Thread thread = new Thread(work, "zeolite-client-io");
        thread.setDaemon(true);
        return thread;
    }

    /** Where code of the user's runs. */
    Executor callbacks() {
        return callbacks;
    }

    /** Where files are read and written, and names looked up. */
    Executor io() {
        return io;
    }

    /** Runs what tells a caller of a result: after the end of the client, at once. */
    void callBack(Runnable call) {
        runOrHere(callbacks, call);
    }

    /** Removes files that were made for a transaction, away from the event loop. */
    void removeTemporary(List<BlobSource> sources) {
        List<BlobSource> ours = sources.stream().filter(BlobSource::temporary).toList();
        if (ours.isEmpty()) {
            return;
        }
        runOrHere(io, () -> ours.forEach(BlobSource::remove));
    }

    /** Has something run by a pool, or at once if that takes nothing any more. */
    static void runOrHere(Executor pool, Runnable task) {
        try {
            pool.execute(task);
        } catch (RejectedExecutionException e) {
            task.run();
        }
    }

    @Override
    public void close() {
        callbacks.shutdown();
        io.shutdownNow();
        try {
            // Whoever closes the client from within a callback does not wait for itself.
            if (ForkJoinTask.getPool() != callbacks) {
                callbacks.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS);
            }
            io.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
