package io.zeolite.commit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class CommitterTurnsTest {
    private static final CommitterTurns.Batches NONE = new CommitterTurns.Batches() {
        @Override
        public boolean isEmpty() {
            return true;
        }

        @Override
        public void doNext() {
            throw new IllegalStateException("no batch");
        }
    };

    private final List<String> done = new ArrayList<>();

    /** Another thread that is done before this one goes on. */
    private static void elsewhere(Runnable task) {
        Thread thread = new Thread(task);
        thread.start();
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void submitSmall_behindOneThatThrows_isDone() {
        CommitterTurns turns = new CommitterTurns(CommitterTurnsTest::elsewhere, NONE);

        assertThatThrownBy(() -> turns.submitSmall(() -> {
                    elsewhere(() -> turns.submitSmall(() -> done.add("other")));
                    throw new IllegalStateException("a mistake");
                }))
                .hasMessage("a mistake");

        assertThat(done).containsExactly("other");
    }

    @Test
    void submitSmall_whileACommandRuns_isDoneAtItsEnd() {
        List<Runnable> committer = new ArrayList<>();
        CommitterTurns turns = new CommitterTurns(committer::add, NONE);
        turns.submit(() -> {
            elsewhere(() -> turns.submitSmall(() -> done.add("small")));
            done.add("command");
        });

        committer.remove(0).run();

        assertThat(done).containsExactly("command", "small");
    }

    @Test
    void submitSmall_whileTheTurnIsGivenAway_isDoneAtOnce() {
        List<Runnable> committer = new ArrayList<>();
        CommitterTurns turns = new CommitterTurns(committer::add, NONE);
        turns.submit(() -> {
            elsewhere(() -> turns.submitSmall(() -> done.add("before")));
            turns.begin();
            elsewhere(() -> turns.submitSmall(() -> done.add("meanwhile")));
            turns.end();
            elsewhere(() -> turns.submitSmall(() -> done.add("after")));
            done.add("command");
        });

        committer.remove(0).run();

        assertThat(done).containsExactly("before", "meanwhile", "command", "after");
    }

    @Test
    void submitSmall_manyAtOnce_leavesTheRestToTheCommitter() {
        List<Runnable> committer = new ArrayList<>();
        CommitterTurns turns = new CommitterTurns(committer::add, NONE);
        AtomicInteger count = new AtomicInteger();

        turns.submitSmall(() -> {
            for (int i = 0; i < 100; i++) {
                elsewhere(() -> turns.submitSmall(count::incrementAndGet));
            }
        });

        assertThat(count).hasValueLessThan(100);
        while (!committer.isEmpty()) {
            committer.remove(0).run();
        }
        assertThat(count).hasValue(100);
    }

    /** Nothing stays undone, and never do two run at a time, whatever the threads do. */
    @Test
    void manyThreads_everythingIsDoneOneAtATime() throws InterruptedException {
        AtomicInteger running = new AtomicInteger();
        AtomicInteger atATime = new AtomicInteger();
        AtomicInteger count = new AtomicInteger();
        List<CommitterTurns> holder = new ArrayList<>();
        Runnable small = () -> {
            atATime.accumulateAndGet(running.incrementAndGet(), Math::max);
            count.incrementAndGet();
            running.decrementAndGet();
        };
        Runnable command = () -> {
            small.run();
            holder.get(0).begin();
            holder.get(0).end();
        };
        ExecutorService committer = Executors.newSingleThreadExecutor();
        try {
            holder.add(new CommitterTurns(committer, NONE));
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                Thread thread = new Thread(() -> {
                    for (int j = 0; j < 5_000; j++) {
                        holder.get(0).submitSmall(small);
                        if (j % 7 == 0) {
                            holder.get(0).submit(command);
                        }
                    }
                });
                thread.start();
                threads.add(thread);
            }
            for (Thread thread : threads) {
                thread.join();
            }
            int all = 3 * (5_000 + 5_000 / 7 + 1);
            while (count.get() < all) {
                Thread.onSpinWait();
            }
            assertThat(atATime).hasValue(1);
        } finally {
            committer.shutdownNow();
        }
    }
}
