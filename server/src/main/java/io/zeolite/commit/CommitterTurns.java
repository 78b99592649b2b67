package io.zeolite.commit;

import io.zeolite.storage.TransactionLog;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Who is the committer now: what is queued for it runs on one thread at a time, and what one thread leaves behind the
 * next one sees.
 *
 * <p>The committer's own thread does the commands, in their order, and then a batch. What is small has a queue of its own.
 * The thread that brings it does what is there, unless it is somebody's turn, who then does it at its end: two threads less
 * have to be woken until the client has its answer. While the committer's thread waits for the disk it is nobody's turn.
 *
 * <p>Safe for any thread, but for {@link #begin} and {@link #end}, which belong to the one whose turn it is.
 */
final class CommitterTurns implements TransactionLog.Forcing {
    /** More than this an event loop does not do in one turn; others may wait for it too. */
    private static final int MAX_SMALL_AT_ONCE = 32;

    /** What the commands of a turn have collected. Belongs to the thread whose turn it is. */
    interface Batches {
        boolean isEmpty();

        /** Does one of them. */
        void doNext();
    }

    private final Executor committer;
    private final Batches batches;
    private final Queue<Runnable> commands = new ConcurrentLinkedQueue<>();
    private final Queue<Runnable> small = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean scheduled = new AtomicBoolean();
    private final Semaphore turn = new Semaphore(1);

    /** @param committer runs one task at a time */
    CommitterTurns(Executor committer, Batches batches) {
        this.committer = committer;
        this.batches = batches;
    }

    /** Runs a command on the committer's thread, behind those that are queued. */
    void submit(Runnable command) {
        commands.add(command);
        schedule();
    }

    /** Runs what takes microseconds, now or at the end of the turn that it is. It may come before what is queued. */
    void submitSmall(Runnable command) {
        small.add(command);
        doSmall();
    }

    private void schedule() {
        if (scheduled.compareAndSet(false, true)) {
            committer.execute(this::run);
        }
    }

    /** Does what is queued, with at most one batch, and comes back for more if there is more. */
    private void run() {
        scheduled.set(false);
        if (!turn.tryAcquire()) {
            // Whose turn it is looks into the queue at its end.
            return;
        }
        try {
            Runnable command;
            while ((command = commands.poll()) != null) {
                command.run();
            }
            if (!batches.isEmpty()) {
                batches.doNext();
            }
        } finally {
            endTurn();
            doSmall();
        }
    }

    /** Does the small commands that are there, unless it is somebody's turn, who does them then. */
    private void doSmall() {
        int done = 0;
        while (!small.isEmpty() && done < MAX_SMALL_AT_ONCE && turn.tryAcquire()) {
            done++;
            boolean isDone = false;
            try {
                Runnable command = small.poll();
                if (command != null) {
                    command.run();
                }
                isDone = true;
            } catch (Error e) {
                failLater(e);
                return;
            } finally {
                endTurn();
                if (!isDone) {
                    // The others are not to wait for the next one. Behind the turn, or the committer's thread would not
                    // get it.
                    schedule();
                }
            }
        }
        if (done == MAX_SMALL_AT_ONCE) {
            // The committer's thread goes on.
            schedule();
        }
    }

    private void endTurn() {
        boolean hasMore = !batches.isEmpty();
        turn.release();
        if (hasMore || !commands.isEmpty()) {
            schedule();
        }
    }

    /** The storage may be half changed, as when the committer's own thread fails, which says so. */
    private void failLater(Error e) {
        commands.add(() -> {
            throw e;
        });
    }

    /** Gives the turn away while the committer's thread waits. */
    @Override
    public void begin() {
        turn.release();
        try {
            doSmall();
        } catch (RuntimeException e) {
            // Not the fault of the batch.
            commands.add(() -> {
                throw e;
            });
        }
    }

    @Override
    public void end() {
        turn.acquireUninterruptibly();
    }
}
