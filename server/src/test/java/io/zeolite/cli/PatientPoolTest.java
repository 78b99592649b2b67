package io.zeolite.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class PatientPoolTest {
    private final ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1);
    /** So many threads more cannot be started. */
    private final AtomicInteger refused = new AtomicInteger();

    private final PatientPool pool = new PatientPool(2, 60, this::thread, timer);

    private Thread thread(Runnable task) {
        Thread thread = new Thread(task) {
            @Override
            public synchronized void start() {
                if (refused.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
                    throw new OutOfMemoryError("unable to create native thread");
                }
                super.start();
            }
        };
        thread.setDaemon(true);
        return thread;
    }

    @AfterEach
    void stop() {
        pool.shutdownNow();
        timer.shutdownNow();
    }

    @Test
    void execute_noThread_isDoneWhenThereIsOneAgain() throws Exception {
        refused.set(3);
        CompletableFuture<Void> first = CompletableFuture.runAsync(() -> {}, pool);
        CompletableFuture<Void> second = CompletableFuture.runAsync(() -> {}, pool);
        first.get(60, TimeUnit.SECONDS);
        second.get(60, TimeUnit.SECONDS);
        assertThat(refused).hasValue(0);
    }

    @Test
    void execute_noSecondThread_isDoneByTheFirst() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        CompletableFuture<String> first = CompletableFuture.supplyAsync(() -> await(go), pool);
        refused.set(Integer.MAX_VALUE);
        CompletableFuture<String> second =
                CompletableFuture.supplyAsync(() -> Thread.currentThread().getName(), pool);
        go.countDown();
        assertThat(second.get(60, TimeUnit.SECONDS)).isEqualTo(first.get(60, TimeUnit.SECONDS));
    }

    private static String await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        return Thread.currentThread().getName();
    }
}
