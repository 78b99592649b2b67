package io.zeolite.invalidation;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.storage.InvalidationListener;
import io.zeolite.storage.Invalidations;
import io.zeolite.storage.Subscription;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
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
        hub.publish(() -> lastTransaction.set(invalidations.tid()), invalidations, committer);
    }

    @Test
    void subscribe_afterTransactions_startsAtTheLastOne() {
        assertThat(hub.subscribe(invalidations -> {}).startTid()).isEqualTo(10);
    }

    @Test
    void publish_toListeners_tellsAllButTheCommitterInOrder() {
        List<Long> told = new ArrayList<>();
        List<Long> toldCommitter = new ArrayList<>();
        hub.subscribe(invalidations -> told.add(invalidations.tid()));
        Subscription committer = hub.subscribe(invalidations -> toldCommitter.add(invalidations.tid()));

        publish(changed(11, 1), committer);
        publish(changed(12, 1), null);

        assertThat(told).containsExactly(11L, 12L);
        assertThat(toldCommitter).containsExactly(12L);
    }

    @Test
    void publish_toListener_isVisibleAndInTheQueueByThen() {
        List<Long> seen = new ArrayList<>();
        hub.subscribe(invalidations -> {
            seen.add(lastTransaction.get());
            seen.add(hub.since(invalidations.tid()).orElseThrow().tid());
        });

        publish(changed(11, 1), null);

        assertThat(seen).containsExactly(11L, 11L);
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
        assertThat(hub.subscribe(invalidations -> {}).startTid()).isEqualTo(15);
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
            public void invalidated(Invalidations invalidations) {
                throw new AssertionError("told of " + invalidations);
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
        Subscription subscription = hub.subscribe(invalidations -> told.add(invalidations.tid()));

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
        InvalidationListener closesItself = invalidations -> closing.get(0).close();
        closing.add(hub.subscribe(closesItself));
        hub.subscribe(invalidations -> told.add(invalidations.tid()));
        hub.subscribe(invalidations -> told.add(invalidations.tid()));

        publish(changed(11, 1), null);

        assertThat(told).containsExactly(11L, 11L);
    }

    @Test
    void since_withinTheQueue_givesEachObjectOnce() {
        publish(changed(11, 2, 3), null);

        Invalidations changes = hub.since(9).orElseThrow();

        assertThat(changes.tid()).isEqualTo(11);
        assertThat(changes.oids()).containsExactlyInAnyOrder(2, 3);
    }

    @Test
    void since_lastTransaction_givesNothing() {
        assertThat(hub.since(10).orElseThrow().oids()).isEmpty();
    }

    /** A server in front hears of some objects late, under the tid of the last transaction. */
    @Test
    void since_tidThatWasToldOfTwice_givesWhatWasToldLater() {
        hub.publish(() -> {}, new Invalidations(20, new long[] {1}), null);
        hub.publish(() -> {}, new Invalidations(20, new long[] {2}), null);

        assertThat(hub.since(20).orElseThrow().oids()).containsExactly(2);
    }

    @Test
    void since_tidThatWasToldOfTwice_isKnownWholeOrNotAtAll() {
        InvalidationHub small = new InvalidationHub(1, lastTransaction::get, List.of(changed(10, 1)));
        small.publish(() -> {}, changed(10, 2), null);
        assertThat(small.since(10).orElseThrow().oids()).containsExactly(2);
        small.publish(() -> {}, changed(11, 3), null);
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
