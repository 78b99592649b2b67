package io.zeolite.invalidation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zeolite.invalidation.InvalidationHub.Committed;
import io.zeolite.storage.InvalidationBatch;
import io.zeolite.storage.InvalidationListener;
import io.zeolite.storage.Invalidations;
import io.zeolite.storage.Subscription;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class InvalidationHubTest {
    private final AtomicLong lastTransaction = new AtomicLong(10);
    private final InvalidationHub hub =
            new InvalidationHub(3, lastTransaction::get, List.of(changed(9, 1), changed(10, 2)));

    private static Invalidations changed(long tid, long... oids) {
        return new Invalidations(tid, oids);
    }

    private void publish(Invalidations invalidations, @Nullable Subscription committer) {
        hub.publish(List.of(committed(invalidations, committer, () -> {})));
    }

    private Committed committed(Invalidations invalidations, @Nullable Subscription committer, Runnable answer) {
        return new Committed(() -> lastTransaction.set(invalidations.tid()), invalidations, committer, answer);
    }

    private static InvalidationListener each(Consumer<Invalidations> listener) {
        return (published, from, to) ->
                published.transactions().subList(from, to).forEach(listener);
    }

    @Test
    void subscribe_afterTransactions_startsAtTheLastOne() {
        assertThat(hub.subscribe(each(invalidations -> {})).startTid()).isEqualTo(10);
    }

    @Test
    void publish_toListeners_tellsAllButTheCommitterInOrder() {
        List<Long> told = new ArrayList<>();
        List<Long> toldCommitter = new ArrayList<>();
        hub.subscribe(each(invalidations -> told.add(invalidations.tid())));
        Subscription committer = hub.subscribe(each(invalidations -> toldCommitter.add(invalidations.tid())));

        publish(changed(11, 1), committer);
        publish(changed(12, 1), null);

        assertThat(told).containsExactly(11L, 12L);
        assertThat(toldCommitter).containsExactly(12L);
    }

    @Test
    void publish_toListener_isVisibleAndInTheQueueByThen() {
        List<Long> seen = new ArrayList<>();
        hub.subscribe(each(invalidations -> {
            seen.add(lastTransaction.get());
            seen.add(hub.since(invalidations.tid()).orElseThrow().tid());
        }));

        publish(changed(11, 1), null);

        assertThat(seen).containsExactly(11L, 11L);
    }

    /** The second committer has two of the four. */
    @Test
    void publish_batch_tellsEachCommitterInOrderWithItsAnswers() {
        List<String> events = new ArrayList<>();
        hub.subscribe((published, from, to) -> events.add("reader " + tidsOf(published, from, to)));
        Subscription first = hub.subscribe((published, from, to) -> events.add("first " + tidsOf(published, from, to)));
        Subscription second =
                hub.subscribe((published, from, to) -> events.add("second " + tidsOf(published, from, to)));

        hub.publish(List.of(
                committed(changed(11, 1), first, () -> events.add("first answered")),
                committed(changed(12, 2), second, () -> events.add("second answered")),
                committed(changed(13, 3), null, () -> events.add("nobody answered")),
                committed(changed(14, 4), second, () -> events.add("second answered again"))));

        assertThat(events)
                .containsExactly(
                        "reader [11, 12, 13, 14]",
                        "second [11]",
                        "first answered",
                        "first [12, 13, 14]",
                        "second answered",
                        "second [13]",
                        "nobody answered",
                        "second answered again");
    }

    private static List<Long> tidsOf(InvalidationBatch published, int from, int to) {
        return published.transactions().subList(from, to).stream()
                .map(Invalidations::tid)
                .toList();
    }

    @Test
    void publish_batch_isVisibleAsAWholeBeforeAnybodyIsTold() {
        List<Long> seen = new ArrayList<>();
        hub.subscribe((published, from, to) -> seen.add(lastTransaction.get()));

        hub.publish(List.of(committed(changed(11, 1), null, () -> {}), committed(changed(12, 1), null, () -> {})));

        assertThat(seen).containsExactly(12L);
    }

    /** Who has been told of what is not known then; they drop what they have, and what they missed is in the queue. */
    @Test
    void publish_somethingThrows_everybodyIsToVerify() {
        AtomicInteger outdated = new AtomicInteger();
        hub.subscribe(orOutdated(outdated));
        hub.subscribe(each(invalidations -> {
            throw new IllegalStateException("a listener");
        }));
        hub.subscribe(orOutdated(outdated));

        assertThatThrownBy(() -> hub.publish(
                        List.of(committed(changed(11, 1), null, () -> {}), committed(changed(12, 2), null, () -> {}))))
                .hasMessage("a listener");

        assertThat(outdated).hasValue(2);
        assertThat(hub.since(10).orElseThrow().oids()).containsExactly(1, 2);
    }

    private static InvalidationListener orOutdated(AtomicInteger count) {
        return new InvalidationListener() {
            @Override
            public void invalidated(InvalidationBatch published, int from, int to) {}

            @Override
            public void outdated() {
                count.incrementAndGet();
            }
        };
    }

    /** A walk through the log sees what is visible, and its answer must not come before what it covers is told. */
    @Test
    void whenTold_whileOthersAreToldYet_waits() throws Exception {
        List<String> events = Collections.synchronizedList(new ArrayList<>());
        List<Thread> walks = new ArrayList<>();
        hub.subscribe(each(invalidations -> {
            Thread thread = new Thread(() -> hub.whenTold(() -> events.add("answer")));
            walks.add(thread);
            thread.start();
            while (thread.getState() != Thread.State.BLOCKED && thread.isAlive()) {
                LockSupport.parkNanos(1_000);
            }
        }));
        hub.subscribe(each(invalidations -> events.add("told")));

        publish(changed(11, 1), null);
        walks.get(0).join();

        assertThat(events).containsExactly("told", "answer");
    }

    @Test
    void publish_batchOfOneThatIsGone_tellsItNothing() {
        List<Long> told = new ArrayList<>();
        List<Long> answered = new ArrayList<>();
        Subscription gone = hub.subscribe(each(invalidations -> told.add(invalidations.tid())));
        gone.close();

        hub.publish(List.of(
                committed(changed(11, 1), gone, () -> answered.add(11L)), committed(changed(12, 1), null, () -> {})));

        assertThat(told).isEmpty();
        assertThat(answered).containsExactly(11L);
    }

    /** What another server has told late. */
    @Test
    void publish_lastTransactionAgain_sinceHasWhatBothChanged() {
        publish(changed(11, 1), null);
        publish(changed(12, 2), null);
        publish(changed(12, 3), null);

        assertThat(hub.since(11).orElseThrow().tid()).isEqualTo(12);
        assertThat(hub.since(11).orElseThrow().oids()).containsExactly(2, 3);
    }

    @Test
    void resume_withAllChanges_keepsTheQueueAndTellsEverybodyToVerify() {
        AtomicInteger outdated = new AtomicInteger();
        hub.subscribe(outdated(outdated));

        hub.resume(() -> lastTransaction.set(15), changed(15, 3), true);

        assertThat(outdated).hasValue(1);
        assertThat(hub.since(9).orElseThrow().tid()).isEqualTo(15);
        assertThat(hub.since(9).orElseThrow().oids()).containsExactly(2, 3);
        assertThat(hub.subscribe(each(invalidations -> {})).startTid()).isEqualTo(15);
    }

    @Test
    void resume_withUnknownChanges_forgetsTheQueue() {
        hub.resume(() -> lastTransaction.set(15), changed(15), false);

        assertThat(hub.since(10)).isEmpty();
        assertThat(hub.since(15).orElseThrow().oids()).isEmpty();
    }

    private static InvalidationListener outdated(AtomicInteger count) {
        return new InvalidationListener() {
            @Override
            public void invalidated(InvalidationBatch published, int from, int to) {
                throw new AssertionError("told of " + published.transactions());
            }

            @Override
            public void outdated() {
                count.incrementAndGet();
            }
        };
    }

    @Test
    void publish_afterClose_tellsNothing() {
        List<Long> told = new ArrayList<>();
        Subscription subscription = hub.subscribe(each(invalidations -> told.add(invalidations.tid())));

        subscription.close();
        subscription.close();
        publish(changed(11, 1), null);

        assertThat(told).isEmpty();
    }

    /** Otherwise the neighbour of a client that is dropped while it is told would not be told. */
    @Test
    void publish_toListenerThatCloses_tellsTheOthers() {
        List<Long> told = new ArrayList<>();
        List<Subscription> closing = new ArrayList<>();
        InvalidationListener closesItself = each(invalidations -> closing.get(0).close());
        closing.add(hub.subscribe(closesItself));
        hub.subscribe(each(invalidations -> told.add(invalidations.tid())));
        hub.subscribe(each(invalidations -> told.add(invalidations.tid())));

        publish(changed(11, 1), null);

        assertThat(told).containsExactly(11L, 11L);
    }

    /** Each publishes as soon as what comes before it is visible, which it is before everybody has been told of it. */
    @Test
    void subscribe_whileOthersPublish_hearsOfAllFromItsStartToItsClose() throws Exception {
        long last = 10_000;
        List<Long> told = new ArrayList<>();
        hub.subscribe(each(invalidations -> told.add(invalidations.tid())));
        ExecutorService threads = Executors.newFixedThreadPool(6);
        try {
            List<Future<Long>> subscribers = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                long seed = i;
                subscribers.add(threads.submit(() -> subscribeUntil(last, seed)));
            }
            List<Future<?>> publishers = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                long first = 11L + i;
                publishers.add(threads.submit(() -> publishEveryOther(first, last)));
            }
            for (Future<?> publisher : publishers) {
                publisher.get(60, TimeUnit.SECONDS);
            }
            for (Future<Long> subscriber : subscribers) {
                assertThat(subscriber.get(60, TimeUnit.SECONDS)).isGreaterThan(10);
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(told).isEqualTo(tids(10, last));
    }

    private void publishEveryOther(long first, long last) {
        for (long tid = first; tid <= last; tid += 2) {
            awaitTransaction(tid - 1);
            publish(changed(tid, tid), null);
        }
    }

    private void awaitTransaction(long tid) {
        for (int tries = 1; lastTransaction.get() < tid; tries++) {
            if (Thread.currentThread().isInterrupted()) {
                throw new CancellationException();
            }
            if (tries % 200 == 0) {
                LockSupport.parkNanos(1_000);
            } else {
                Thread.onSpinWait();
            }
        }
    }

    /** Subscribes for a few transactions at a time. Returns how often it has heard of some. */
    private long subscribeUntil(long last, long seed) {
        Random random = new Random(seed);
        long heardOfSome = 0;
        while (lastTransaction.get() < last) {
            List<Long> told = Collections.synchronizedList(new ArrayList<>());
            Subscription subscription = hub.subscribe(each(invalidations -> told.add(invalidations.tid())));
            awaitTransaction(Math.min(last, subscription.startTid() + random.nextInt(4)));
            long before = lastTransaction.get();
            subscription.close();
            long after = lastTransaction.get();
            List<Long> heard = List.copyOf(told);
            long end = subscription.startTid() + heard.size();
            assertThat(heard).isEqualTo(tids(subscription.startTid(), end));
            assertThat(end).isBetween(before, after);
            heardOfSome += heard.isEmpty() ? 0 : 1;
        }
        return heardOfSome;
    }

    private static List<Long> tids(long start, long end) {
        return LongStream.rangeClosed(start + 1, end).boxed().toList();
    }

    @Test
    void since_withinTheQueue_givesEachObjectOnce() {
        publish(changed(11, 2, 3), null);

        Invalidations changes = hub.since(9).orElseThrow();

        assertThat(changes.tid()).isEqualTo(11);
        assertThat(changes.oids()).containsExactlyInAnyOrder(2, 3);
    }

    /** The answer would be a message that some clients do not take. */
    @Test
    void since_moreThanIsWorthTelling_cannotBeSaid() {
        long[] oids = LongStream.range(0, Invalidations.MOST_MISSED).toArray();
        publish(new Invalidations(11, oids), null);
        publish(changed(12, 1), null);
        assertThat(hub.since(10).orElseThrow().oids()).hasSize(oids.length);
        publish(changed(13, oids.length), null);
        assertThat(hub.since(10)).isEmpty();
        assertThat(hub.since(11).orElseThrow().oids()).containsExactly(1, oids.length);
    }

    @Test
    void since_lastTransaction_givesNothing() {
        assertThat(hub.since(10).orElseThrow().oids()).isEmpty();
    }

    /** A server in front hears of some objects late, under the tid of the last transaction. */
    @Test
    void since_tidThatWasToldOfTwice_givesWhatWasToldLater() {
        publish(changed(20, 1), null);
        publish(changed(20, 2), null);

        assertThat(hub.since(20).orElseThrow().oids()).containsExactly(2);
    }

    @Test
    void since_tidThatWasToldOfTwice_isKnownWholeOrNotAtAll() {
        InvalidationHub small = new InvalidationHub(1, lastTransaction::get, List.of(changed(10, 1)));
        small.publish(List.of(committed(changed(10, 2), null, () -> {})));
        assertThat(small.since(10).orElseThrow().oids()).containsExactly(2);
        small.publish(List.of(committed(changed(11, 3), null, () -> {})));
        assertThat(small.since(10)).isEmpty();
        assertThat(small.since(11).orElseThrow().oids()).isEmpty();
    }

    @Test
    void since_beforeTheQueue_isUnknown() {
        assertThat(hub.since(9)).isPresent();
        assertThat(hub.since(8)).isEmpty();

        publish(changed(11, 1), null);
        publish(changed(12, 1), null);

        assertThat(hub.since(9)).as("after the first has left the queue").isEmpty();
        assertThat(hub.since(10)).isPresent();
    }

    /** A client that knows of it has seen another history, which may have changed what this one has not. */
    @Test
    void since_noTransactionOfTheQueue_isUnknown() {
        publish(changed(15, 1), null);

        assertThat(hub.since(12)).as("between two of the queue").isEmpty();
        assertThat(hub.since(17)).as("after the last one").isEmpty();
        assertThat(hub.since(10)).isPresent();
    }

    @Test
    void since_rightBehindATransaction_isAsSinceIt() {
        publish(changed(15, 1), null);

        assertThat(hub.since(11).orElseThrow().oids()).containsExactly(1);
    }

    @Test
    void since_emptyQueue_isUnknown() {
        assertThat(new InvalidationHub(3, () -> 0L, List.of()).since(0)).isEmpty();
    }

    @Test
    void since_moreThanTheQueueHoldsAtStart_keepsTheNewest() {
        InvalidationHub small = new InvalidationHub(1, () -> 10L, List.of(changed(9, 1), changed(10, 2)));

        assertThat(small.since(9)).isEmpty();
        assertThat(small.since(10)).isPresent();
    }
}
