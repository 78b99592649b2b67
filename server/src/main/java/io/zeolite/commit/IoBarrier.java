package io.zeolite.commit;

import io.zeolite.storage.Completion;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Work of one transaction that is under way on other threads. Any thread may call it. */
final class IoBarrier {
    private int running;
    private @Nullable Throwable failure;
    private final List<Completion<Void>> waiting = new ArrayList<>();

    synchronized void begin() {
        running++;
    }

    /** Ends what {@link #begin} began; the first failure is kept. */
    void end(@Nullable Throwable problem) {
        List<Completion<Void>> idle = List.of();
        synchronized (this) {
            running--;
            if (failure == null) {
                failure = problem;
            }
            if (running == 0) {
                idle = List.copyOf(waiting);
                waiting.clear();
            }
        }
        idle.forEach(this::complete);
    }

    /** Completes once when nothing is running, with the first failure there was. */
    void whenIdle(Completion<Void> completion) {
        synchronized (this) {
            if (running > 0) {
                waiting.add(completion);
                return;
            }
        }
        complete(completion);
    }

    private void complete(Completion<Void> completion) {
        Throwable problem;
        synchronized (this) {
            problem = failure;
        }
        if (problem == null) {
            Completion.done(completion);
        } else {
            completion.fail(problem);
        }
    }
}
