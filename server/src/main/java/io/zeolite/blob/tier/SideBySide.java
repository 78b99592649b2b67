package io.zeolite.blob.tier;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Does the same to many things, several at a time, in about their order. */
public final class SideBySide {
    /** What is done to each. */
    public interface Work<T> {
        /** @return whether to go on with others */
        boolean on(T thing) throws InterruptedException;
    }

    private SideBySide() {}

    /**
     * Returns when all is done, or has been given up: since it is to stop, some work said so, or the calling thread was
     * interrupted, which it is still then. What has been begun is finished first.
     *
     * @param threads their names start with this
     * @param stop looked at before each
     */
    public static <T> void run(String threads, int count, List<T> things, BooleanSupplier stop, Work<T> work) {
        Run<T> run = new Run<>(things, stop, work);
        List<Thread> others = new ArrayList<>();
        for (int i = 1; i <= Math.min(count, things.size()); i++) {
            Thread thread = new Thread(run, threads + "-" + i);
            thread.setDaemon(true);
            others.add(thread);
            thread.start();
        }
        for (Thread thread : others) {
            join(thread, run);
        }
        run.rethrow();
    }

    private static void join(Thread thread, Run<?> run) {
        boolean interrupted = false;
        while (true) {
            try {
                thread.join();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
                run.giveUp.set(true);
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static final class Run<T> implements Runnable {
        private final List<T> things;
        private final BooleanSupplier stop;
        private final Work<T> work;
        private final AtomicInteger next = new AtomicInteger();
        private final AtomicBoolean giveUp = new AtomicBoolean();
        private final AtomicReference<@Nullable Throwable> bug = new AtomicReference<>();

        Run(List<T> things, BooleanSupplier stop, Work<T> work) {
            this.things = things;
            this.stop = stop;
            this.work = work;
        }

        @Override
        public void run() {
            try {
                for (int i = next.getAndIncrement();
                        i < things.size() && !giveUp.get() && !stop.getAsBoolean();
                        i = next.getAndIncrement()) {
                    if (!work.on(things.get(i))) {
                        giveUp.set(true);
                    }
                }
            } catch (InterruptedException e) {
                giveUp.set(true);
            } catch (RuntimeException | Error e) {
                giveUp.set(true);
                bug.compareAndSet(null, e);
            }
        }

        void rethrow() {
            Throwable found = bug.get();
            if (found != null) {
                throw new IllegalStateException("a worker failed: " + found, found);
            }
        }
    }
}
