package io.zeolite.commit;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.commit.ObjectLocks.Request;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class ObjectLocksTest {
    private static final long[] NONE = {};

    private final ObjectLocks locks = new ObjectLocks();

    private static Request writing(long... oids) {
        return new Request(oids, NONE);
    }

    private static Request checking(long... oids) {
        return new Request(NONE, oids);
    }

    @Test
    void request_differentObjects_areGrantedAtOnce() {
        assertThat(locks.request(writing(1, 2))).isTrue();
        assertThat(locks.request(writing(3))).isTrue();
    }

    /** In a table that a client could know, all of these would have the same place. */
    @Test
    @Timeout(60)
    void request_oidsChosenToCollide_takeNoLongerThanOthers() {
        Request many =
                writing(LongStream.range(0, 300_000).map(i -> i << 32 | i).toArray());

        assertThat(locks.request(many)).isTrue();
        assertThat(locks.release(many)).isEmpty();
        assertThat(locks.isEmpty()).isTrue();
    }

    @Test
    void request_noObjects_isGrantedAndLeavesNothing() {
        Request nothing = writing();

        assertThat(locks.request(nothing)).isTrue();
        assertThat(locks.release(nothing)).isEmpty();
        assertThat(locks.isEmpty()).isTrue();
    }

    @Test
    void request_sharedObject_isGrantedToAllWhoCheckIt() {
        assertThat(locks.request(checking(1))).isTrue();
        assertThat(locks.request(checking(1, 2))).isTrue();
        assertThat(locks.request(checking(2))).isTrue();
    }

    @Test
    void request_partlyTaken_getsNothingUntilAllIsFree() {
        Request first = writing(1);
        Request second = writing(2);
        Request both = writing(1, 2);
        locks.request(first);
        locks.request(second);

        assertThat(locks.request(both)).isFalse();
        assertThat(locks.release(first)).isEmpty();
        assertThat(locks.release(second)).containsExactly(both);
    }

    @Test
    void request_sharedBehindWaitingWriter_waitsForItsTurn() {
        Request reader = checking(1);
        Request writer = writing(1);
        Request lateReader = checking(1);
        locks.request(reader);

        assertThat(locks.request(writer)).isFalse();
        assertThat(locks.request(lateReader)).isFalse();
        assertThat(locks.release(reader)).containsExactly(writer);
        assertThat(locks.release(writer)).containsExactly(lateReader);
    }

    @Test
    void release_waitingWriter_letsReadersPass() {
        Request reader = checking(1);
        Request writer = writing(1);
        Request lateReader = checking(1);
        locks.request(reader);
        locks.request(writer);
        locks.request(lateReader);

        assertThat(locks.release(writer)).containsExactly(lateReader);
    }

    @Test
    void release_twice_doesNothing() {
        Request first = writing(1);
        Request second = writing(1);
        Request third = writing(1);
        locks.request(first);
        locks.request(second);
        locks.request(third);

        assertThat(locks.release(first)).containsExactly(second);
        assertThat(locks.release(first)).isEmpty();
        assertThat(locks.release(second)).containsExactly(third);
    }

    @Test
    void request_everything_waitsForAllAndLetsNobodyPass() {
        Request before = writing(1);
        Request everything = Request.everything();
        Request after = writing(2);
        locks.request(before);

        assertThat(locks.request(everything)).isFalse();
        assertThat(locks.request(after)).isFalse();
        assertThat(locks.release(before)).containsExactly(everything);
        assertThat(locks.release(everything)).containsExactly(after);
        locks.release(after);
        assertThat(locks.isEmpty()).isTrue();
    }

    @Test
    void release_everythingThatStillWaits_letsThoseBehindItGoOn() {
        Request before = writing(1);
        Request everything = Request.everything();
        Request other = checking(2);
        Request same = writing(1);
        locks.request(before);
        locks.request(everything);
        locks.request(other);
        locks.request(same);

        assertThat(locks.release(everything)).containsExactly(other);
        assertThat(locks.release(before)).containsExactly(same);
    }

    @Test
    void covers_sameObjectsSameWay_only() {
        assertThat(writing(1, 2).covers(writing(1, 2))).isTrue();
        assertThat(writing(1, 2).covers(writing(1))).isFalse();
        assertThat(writing(1).covers(checking(1))).isFalse();
        assertThat(Request.everything().covers(writing(1))).isTrue();
        assertThat(writing(1).covers(Request.everything())).isFalse();
        assertThat(writing().covers(Request.everything())).isFalse();
    }

    /**
     * Against a model that keeps one list of requests in order of arrival: a request is granted if nobody before it in
     * the list wants something that it excludes.
     */
    @Test
    void locks_randomRequests_agreeWithModel() {
        for (long seed = 0; seed < 2000; seed++) {
            new Comparison(seed).run();
        }
    }

    private static final class Comparison {
        private static final int OBJECTS = 6;

        private final long seed;
        private final Random random;
        private final ObjectLocks locks = new ObjectLocks();
        private final List<Wish> wishes = new ArrayList<>();

        private record Wish(Request request, Set<Long> writes, Set<Long> checks, boolean everything) {
            boolean excludes(Wish other) {
                return everything
                        || other.everything
                        || writes.stream().anyMatch(oid -> other.writes.contains(oid) || other.checks.contains(oid))
                        || checks.stream().anyMatch(other.writes::contains);
            }
        }

        Comparison(long seed) {
            this.seed = seed;
            this.random = new Random(seed);
        }

        void run() {
            for (int i = 0; i < 60; i++) {
                if (wishes.size() < 8 && random.nextBoolean()) {
                    request();
                } else if (!wishes.isEmpty()) {
                    release(wishes.get(random.nextInt(wishes.size())));
                }
            }
            while (!wishes.isEmpty()) {
                release(wishes.get(0));
            }
            assertThat(locks.isEmpty()).as("seed %s", seed).isTrue();
        }

        private void request() {
            Set<Long> writes = new LinkedHashSet<>();
            Set<Long> checks = new LinkedHashSet<>();
            for (int i = random.nextInt(4); i > 0; i--) {
                (random.nextBoolean() ? writes : checks).add((long) random.nextInt(OBJECTS));
            }
            checks.removeAll(writes);
            boolean everything = random.nextInt(5) == 0;
            Request request = everything ? Request.everything() : new Request(toArray(writes), toArray(checks));
            Wish wish = new Wish(request, writes, checks, everything);
            wishes.add(wish);
            assertThat(locks.request(wish.request)).as("seed %s", seed).isEqualTo(isGranted(wish));
        }

        private void release(Wish wish) {
            Set<Request> grantedBefore = grantedRequests();
            wishes.remove(wish);
            List<Request> granted = locks.release(wish.request);
            Set<Request> expected = grantedRequests();
            expected.removeAll(grantedBefore);
            assertThat(granted).as("seed %s", seed).containsExactlyInAnyOrderElementsOf(expected);
        }

        private Set<Request> grantedRequests() {
            Set<Request> granted = new LinkedHashSet<>();
            wishes.stream().filter(this::isGranted).forEach(wish -> granted.add(wish.request));
            return granted;
        }

        /** Nobody who came before it excludes it, be it granted or waiting. */
        private boolean isGranted(Wish wish) {
            return wishes.subList(0, wishes.indexOf(wish)).stream().noneMatch(wish::excludes);
        }

        private static long[] toArray(Set<Long> oids) {
            return oids.stream().flatMapToLong(LongStream::of).toArray();
        }
    }
}
