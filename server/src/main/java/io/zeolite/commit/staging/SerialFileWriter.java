package io.zeolite.commit.staging;

import io.zeolite.error.CallException;
import io.zeolite.error.TransactionException;
import io.zeolite.error.ZeoException;
import io.zeolite.storage.Completion;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Appends bytes to one file, in order, on the threads of an executor; whoever hands them in never waits.
 *
 * <p>What is handed in becomes a step in a queue. A little of it waits for more or for {@link #flush}: a call to
 * the system and a change of threads for every chunk cost more than the copying. Then one task is submitted, which takes
 * all steps, chunks that follow each other in one write. It gives up its thread after a while and submits itself again,
 * so that a few long uploads do not occupy a small pool.
 *
 * <p>The first failure is kept: later bytes are dropped, and {@link #whenWritten} and {@link #finish} report it. Any
 * thread may call any method; the order of calls from different threads is up to them. Callbacks run on a thread of the
 * executor, or on the caller's if there is nothing to wait for, and never under a lock. If the executor has been shut
 * down, what is queued fails, and the file is closed on the caller's thread.
 */
public final class SerialFileWriter {
    private static final Logger LOG = LoggerFactory.getLogger(SerialFileWriter.class);

    /** With more bytes than this in the queue the writer is backlogged. */
    static final long HIGH_MARK_BYTES = 1 << 20;

    /** With no more bytes than this in the queue it is not backlogged any more. */
    static final long LOW_MARK_BYTES = 1 << 19;

    /** So much is written in one go, where there is as much. */
    static final int GATHER_BYTES = 1 << 18;

    /** What a chunk costs beside its bytes: many small ones must not fill the memory unnoticed. */
    static final long CHUNK_OVERHEAD_BYTES = 128;

    /** How many bytes are written before other writers get the thread. */
    private static final long TURN_BYTES = 4 << 20;

    /** Opens an empty file; called on a thread of the executor when the first bytes are to be written, or at the end. */
    public interface Opener {
        StagingFile open() throws IOException;
    }

    /** What is to be done next. */
    private sealed interface Step {
        record Append(ByteBuffer[] pieces, int length, Runnable release) implements Step {
            long cost() {
                return length + CHUNK_OVERHEAD_BYTES;
            }
        }

        record Report(Completion<Void> completion) implements Step {}

        record Finish(Completion<Path> completion) implements Step {}

        record Discard() implements Step {}
    }

    private enum State {
        OPEN,
        /** {@link #finish} has been called. */
        FINISHING,
        /** The outcome of the finish is decided: the file is the receiver's, or gone. */
        FINISHED,
        ABORTED
    }

    private final Opener opener;
    private final Executor executor;
    private final Object lock = new Object();

    // Guarded by the lock.
    private final ArrayDeque<Step> steps = new ArrayDeque<>();
    private final List<Runnable> whenDrained = new ArrayList<>();
    private State state = State.OPEN;
    private long pendingBytes;
    /** Whether a task is submitted or running; if not, what steps there are wait for {@link #flush}. */
    private boolean running;

    // Changed by the task only.
    private volatile @Nullable StagingFile file;
    private volatile @Nullable ZeoException failure;
    private long writtenBytes;
    private final List<Step.Append> gathered = new ArrayList<>();

    public SerialFileWriter(Opener opener, Executor executor) {
        this.opener = opener;
        this.executor = executor;
    }

    /** Appends bytes, which nobody changes afterwards. After an abort or a failure they are dropped. */
    public void write(byte[] bytes) {
        write(ByteBuffer.wrap(bytes));
    }

    /** Appends what remains in a buffer, which belongs to the writer afterwards. */
    void write(ByteBuffer bytes) {
        write(new ByteBuffer[] {bytes}, () -> {});
    }

    /**
     * Appends what remains in buffers that somebody else owns.
     *
     * @param release called once, on any thread, when the writer does not need the buffers any more: they are written or dropped
     */
    public void write(ByteBuffer[] pieces, Runnable release) {
        int length = 0;
        for (ByteBuffer piece : pieces) {
            length += piece.remaining();
        }
        Step.Append append = new Step.Append(pieces, length, release);
        boolean enough = false;
        State found;
        synchronized (lock) {
            found = state;
            if (found == State.OPEN) {
                pendingBytes += append.cost();
                steps.add(append);
                enough = !running && pendingBytes >= GATHER_BYTES;
            }
        }
        if (enough) {
            flush();
        } else if (found != State.OPEN) {
            release.run();
            if (found != State.ABORTED) {
                throw new IllegalStateException("write after finish");
            }
        }
    }

    /** Has what waits for more written soon. */
    public void flush() {
        boolean submit;
        synchronized (lock) {
            submit = !running && !steps.isEmpty();
            running |= submit;
        }
        if (submit) {
            submit();
        }
    }

    /** How many bytes are waiting to be written or being written, with {@value #CHUNK_OVERHEAD_BYTES} for each chunk. */
    long pendingBytes() {
        synchronized (lock) {
            return pendingBytes;
        }
    }

    /**
     * Whether so much is pending that no more should be handed in until {@code whenDrained} has run: once, when little is
     * left, also because of a failure or an abort. It does not run if this returns false.
     */
    public boolean isBacklogged(Runnable whenDrained) {
        synchronized (lock) {
            if (pendingBytes <= HIGH_MARK_BYTES) {
                return false;
            }
            this.whenDrained.add(whenDrained);
            return true;
        }
    }

    /**
     * Completes when everything handed in so far can be read from the file; nothing is forced to disk.
     *
     * <p>It fails with a {@link CallException} if something could not be written, and with a
     * {@link TransactionException} if the writer has been aborted.
     */
    public void whenWritten(Completion<Void> completion) {
        boolean wait;
        synchronized (lock) {
            wait = (running || !steps.isEmpty()) && state != State.ABORTED;
            if (wait) {
                steps.add(new Step.Report(completion));
            }
        }
        if (wait) {
            flush();
        } else {
            report(completion);
        }
    }

    /**
     * Ends the file: completes when everything is written; nothing is forced to disk. From then on the file, which is
     * closed, belongs to the receiver. It is there even if nothing was ever written to it.
     *
     * <p>It fails with a {@link CallException} if something could not be written, and with a
     * {@link TransactionException} if the writer has been aborted; then the file is deleted.
     *
     * @throws IllegalStateException if it has been called before
     */
    public void finish(Completion<Path> completion) {
        boolean aborted;
        synchronized (lock) {
            if (state == State.FINISHING || state == State.FINISHED) {
                throw new IllegalStateException("finish after finish");
            }
            aborted = state == State.ABORTED;
            if (!aborted) {
                state = State.FINISHING;
                steps.add(new Step.Finish(completion));
            }
        }
        if (aborted) {
            completion.fail(aborted());
        } else {
            flush();
        }
    }

    /**
     * Drops what is queued, closes the file and deletes it, soon. Whoever still waits in {@link #whenWritten} or
     * {@link #finish} gets a {@link TransactionException}. After a finish has completed it does nothing: the file belongs
     * to somebody else.
     */
    public void abort() {
        List<Step> dropped;
        List<Runnable> drained;
        boolean submit;
        synchronized (lock) {
            if (state == State.FINISHED || state == State.ABORTED) {
                return;
            }
            state = State.ABORTED;
            dropped = List.copyOf(steps);
            steps.clear();
            for (Step step : dropped) {
                if (step instanceof Step.Append append) {
                    pendingBytes -= append.cost();
                }
            }
            drained = takeDrained();
            submit = !running && file != null;
            if (running || submit) {
                running = true;
                steps.add(new Step.Discard());
            }
        }
        if (submit) {
            submit();
        }
        drained.forEach(Runnable::run);
        dropped.forEach(SerialFileWriter::drop);
    }

    private static void drop(Step step) {
        if (step instanceof Step.Append append) {
            append.release.run();
        } else if (step instanceof Step.Report report) {
            report.completion.fail(aborted());
        } else if (step instanceof Step.Finish finish) {
            finish.completion.fail(aborted());
        }
    }

    private static TransactionException aborted() {
        return new TransactionException("the transaction was aborted while its data was being written");
    }

    private boolean isAborted() {
        synchronized (lock) {
            return state == State.ABORTED;
        }
    }

    /** The open file with everything that {@link #whenWritten} has reported; null if nothing was ever written. */
    @Nullable
    StagingFile file() {
        return file;
    }

    private void submit() {
        try {
            executor.execute(this::run);
        } catch (RejectedExecutionException e) {
            fail("cannot write staged data: the server is shutting down");
            run();
        }
    }

    /** The task. Whatever a callback throws goes to the executor, after the rest has been seen to. */
    private void run() {
        boolean idle = false;
        try {
            idle = takeTurn();
        } finally {
            if (!idle) {
                submit();
            }
        }
    }

    /** @return whether there is nothing more to do; then the next one to add a step submits the next task */
    private boolean takeTurn() {
        long end = writtenBytes + TURN_BYTES;
        while (writtenBytes < end) {
            Step step = null;
            synchronized (lock) {
                if (!gather()) {
                    step = steps.poll();
                    if (step == null) {
                        running = false;
                        return true;
                    }
                }
            }
            if (step == null) {
                appendGathered();
            } else {
                perform(step);
            }
        }
        return false;
    }

    /** With the lock held: takes the appends that come next, as many as are written in one go. */
    private boolean gather() {
        long bytes = 0;
        while (bytes < GATHER_BYTES && steps.peek() instanceof Step.Append append) {
            steps.remove();
            gathered.add(append);
            bytes += append.cost();
        }
        return bytes > 0;
    }

    private void perform(Step step) {
        if (step instanceof Step.Report report) {
            report(report.completion);
        } else if (step instanceof Step.Finish finish) {
            finish(finish);
        } else {
            discard();
        }
    }

    private void appendGathered() {
        List<ByteBuffer> pieces = new ArrayList<>();
        long bytes = 0;
        long cost = 0;
        for (Step.Append append : gathered) {
            pieces.addAll(List.of(append.pieces));
            bytes += append.length;
            cost += append.cost();
        }
        boolean seenTo = false;
        try {
            if (failure == null && !isAborted()) {
                openFile().append(pieces.toArray(ByteBuffer[]::new));
                writtenBytes += bytes;
            }
            seenTo = true;
        } catch (IOException | RuntimeException e) {
            fail(describe(bytes, e));
            seenTo = true;
        } finally {
            if (!seenTo) {
                fail("cannot write staged data: out of memory, or worse");
            }
            gathered.forEach(append -> append.release.run());
            gathered.clear();
            settle(cost);
        }
    }

    private StagingFile openFile() throws IOException {
        StagingFile opened = file;
        if (opened == null) {
            opened = opener.open();
            file = opened;
        }
        return opened;
    }

    private String describe(long length, Exception cause) {
        StagingFile opened = file;
        return opened == null
                ? "cannot open a file for staged data: " + cause
                : "cannot write staged data to " + opened.path() + ": " + cause.getMessage() + " (" + length
                        + " bytes at " + writtenBytes + ")";
    }

    private void fail(String problem) {
        if (failure == null) {
            // The client gets this as the answer to its vote, which is logged nowhere else.
            LOG.warn(problem);
            failure = CallException.storage(problem);
        }
    }

    private void settle(long cost) {
        List<Runnable> drained;
        synchronized (lock) {
            pendingBytes -= cost;
            drained = takeDrained();
        }
        drained.forEach(Runnable::run);
    }

    /** With the lock held: whom to call, now that less is pending. */
    private List<Runnable> takeDrained() {
        if (pendingBytes > LOW_MARK_BYTES || whenDrained.isEmpty()) {
            return List.of();
        }
        List<Runnable> drained = List.copyOf(whenDrained);
        whenDrained.clear();
        return drained;
    }

    private void report(Completion<Void> completion) {
        ZeoException problem = isAborted() ? aborted() : failure;
        if (problem == null) {
            Completion.done(completion);
        } else {
            completion.fail(problem);
        }
    }

    private void finish(Step.Finish finish) {
        if (failure == null) {
            try {
                openFile().close();
            } catch (IOException | RuntimeException e) {
                fail(describe(0, e));
            }
        }
        ZeoException problem;
        synchronized (lock) {
            problem = state == State.ABORTED ? aborted() : failure;
            if (state == State.FINISHING) {
                state = State.FINISHED;
            }
        }
        if (problem == null) {
            finish.completion.complete(Objects.requireNonNull(file).path());
        } else {
            discard();
            finish.completion.fail(problem);
        }
    }

    private void discard() {
        StagingFile opened = file;
        if (opened == null) {
            return;
        }
        file = null;
        try {
            opened.discard();
        } catch (IOException e) {
            LOG.warn("cannot delete {}: {}", opened.path(), e.toString());
        }
    }
}
