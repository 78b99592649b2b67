package io.zeolite.cli;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A pool in which a task waits if the system has no thread for it, as where the number of threads is limited. Whoever hands it in has
 * noted by then that it is coming, and would wait for it for ever. Another thread of the pool does it, or the first that can be had
 * again.
 */
final class PatientPool extends ThreadPoolExecutor {
    private static final Logger LOG = LoggerFactory.getLogger(PatientPool.class);
    private static final long PAUSE_MILLIS = 100;

    private final ScheduledExecutorService timer;
    private final AtomicBoolean trying = new AtomicBoolean();

    /**
     * @param idleSeconds threads end when they have had nothing to do for so long; 0 if they stay
     * @param timer has its threads already
     */
    PatientPool(int threads, long idleSeconds, ThreadFactory factory, ScheduledExecutorService timer) {
        super(threads, threads, idleSeconds, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), factory);
        this.timer = timer;
        if (idleSeconds > 0) {
            allowCoreThreadTimeOut(true);
        }
    }

    @Override
    public void execute(Runnable task) {
        try {
            super.execute(task);
        } catch (OutOfMemoryError e) {
            if (!getQueue().contains(task)) {
                getQueue().add(task);
            }
            if (trying.compareAndSet(false, true)) {
                LOG.error("no thread for what is to be done, which waits for one: {}", e.getMessage());
                tryAgain();
            }
        }
    }

    private void tryAgain() {
        try {
            timer.schedule(this::startThread, PAUSE_MILLIS, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            LOG.debug("the server ends before there is a thread: {}", e.toString());
        }
    }

    private void startThread() {
        trying.set(false);
        if (getQueue().isEmpty()) {
            return;
        }
        try {
            prestartCoreThread();
        } catch (OutOfMemoryError e) {
            if (trying.compareAndSet(false, true)) {
                tryAgain();
            }
        }
    }
}
