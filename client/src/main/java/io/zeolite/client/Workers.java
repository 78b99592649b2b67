package io.zeolite.client;

import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** The threads of a client beside its event loop. They exist while there is work for them, and end with the client. */
final class Workers implements AutoCloseable {
    private static final int CALLBACK_THREADS = Math.max(4, Runtime.getRuntime().availableProcessors());
    private static final long IDLE_SECONDS = 10;
    private static final long CLOSE_SECONDS = 3;

    private final Crew ours = new Crew();
    private final ThreadPoolExecutor callbacks = new ThreadPoolExecutor(
            CALLBACK_THREADS,
            CALLBACK_THREADS,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            ours.named("zeolite-client-callback-"));
    private final ExecutorService io = Executors.newCachedThreadPool(ours.named("zeolite-client-io-"));

    Workers() {
        callbacks.allowCoreThreadTimeOut(true);
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
        try {
            callbacks.execute(call);
        } catch (RejectedExecutionException e) {
            call.run();
        }
    }

    /** Removes files that were made for a transaction, away from the event loop. */
    void removeTemporary(List<BlobSource> sources) {
        List<BlobSource> ours = sources.stream().filter(BlobSource::temporary).toList();
        if (ours.isEmpty()) {
            return;
        }
        Runnable removal = () -> ours.forEach(BlobSource::remove);
        try {
            io.execute(removal);
        } catch (RejectedExecutionException e) {
            removal.run();
        }
    }

    @Override
    public void close() {
        callbacks.shutdown();
        io.shutdownNow();
        try {
            // Whoever closes the client from within a callback does not wait for itself.
            if (!ours.isCurrent()) {
                callbacks.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS);
            }
            io.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Makes daemon threads, and knows them again. */
    private static final class Crew {
        private static final class Worker extends Thread {
            private final Crew owner;

            private Worker(Crew owner, Runnable work, String name) {
                super(work, name);
                this.owner = owner;
                setDaemon(true);
            }
        }

        private ThreadFactory named(String prefix) {
            AtomicInteger count = new AtomicInteger();
            return work -> new Worker(this, work, prefix + count.incrementAndGet());
        }

        private boolean isCurrent() {
            return Thread.currentThread() instanceof Worker worker && worker.owner == this;
        }
    }
}
