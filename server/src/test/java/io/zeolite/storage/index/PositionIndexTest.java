package io.zeolite.storage.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.OptionalLong;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

final class PositionIndexTest {
    private final PositionIndex index = new PositionIndex();

    private List<Long> oids() {
        List<Long> oids = new ArrayList<>();
        index.forEach((oid, position) -> {
            assertThat(index.get(oid)).isEqualTo(position);
            oids.add(oid);
        });
        return oids;
    }

    @Test
    void empty_hasNothing() {
        assertThat(index.size()).isZero();
        assertThat(index.maxOid()).isZero();
        assertThat(index.get(0)).isZero();
        assertThat(index.get(-1)).isZero();
        assertThat(oids()).isEmpty();
    }

    @Test
    void put_again_replaces() {
        index.put(5, 100);
        index.put(5, 200);
        assertThat(index.get(5)).isEqualTo(200);
        assertThat(index.size()).isEqualTo(1);
        assertThat(index.get(4)).isZero();
    }

    /** Clients choose oids. With a hash that they know, each of these would be looked for behind all others. */
    @Test
    @Timeout(60)
    void put_oidsChosenForOnePlace_isNotSlow() {
        // The inverse of a constant that is often used to scatter numbers.
        long inverse = 0xf1de83e19937733dL;
        assertThat(inverse * 0x9e3779b97f4a7c15L).isEqualTo(1);
        int count = 0;
        for (long i = 1; count < 300_000; i++) {
            long page = i * inverse;
            if (page >>> (Long.SIZE - PositionIndex.PAGE_BITS) == 0) {
                index.put(page << PositionIndex.PAGE_BITS, 1);
                count++;
            }
        }
        assertThat(index.size()).isEqualTo(count);
    }

    @Test
    void put_positionThatDoesNotFit_isRefused() {
        index.put(1, (1L << 48) - 1);
        assertThat(index.get(1)).isEqualTo((1L << 48) - 1);
        for (long position : new long[] {0, -1, 1L << 48}) {
            assertThatThrownBy(() -> index.put(1, position)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void oids_areUnsigned() {
        for (long oid : new long[] {-1, 0, Long.MIN_VALUE, Long.MAX_VALUE, 1, 127, 128, -128, -129}) {
            index.put(oid, 1000 + oid % 100);
        }
        assertThat(oids()).containsExactly(0L, 1L, 127L, 128L, Long.MAX_VALUE, Long.MIN_VALUE, -129L, -128L, -1L);
        assertThat(index.maxOid()).isEqualTo(-1);
    }

    @Test
    void randomPuts_likeASortedMap() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        NavigableMap<Long, Long> expected = new TreeMap<>(Long::compareUnsigned);
        for (int i = 0; i < 100_000; i++) {
            long oid =
                    switch (random.nextInt(4)) {
                        case 0 -> random.nextLong();
                        case 1 -> random.nextInt(20_000);
                        case 2 -> 0xffffffffff000000L + random.nextInt(5_000);
                        default -> (long) random.nextInt(300) << 40 | random.nextInt(40);
                    };
            long position = 1 + (random.nextLong() >>> 17);
            index.put(oid, position);
            expected.put(oid, position);
        }

        assertThat(index.size()).as("seed %s", seed).isEqualTo(expected.size());
        assertThat(index.maxOid()).as("seed %s", seed).isEqualTo(expected.lastKey());
        assertThat(oids()).as("seed %s", seed).isEqualTo(List.copyOf(expected.keySet()));
        for (Map.Entry<Long, Long> entry : expected.entrySet()) {
            assertThat(index.get(entry.getKey())).as("seed %s", seed).isEqualTo(entry.getValue());
        }
    }

    @Test
    void putPage_likePuttingEach() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        PositionIndex expected = new PositionIndex();
        for (int i = 0; i < 2_000; i++) {
            // Now and then a page that is there, in either form.
            long first = (random.nextInt(1_000) - 500L) << PositionIndex.PAGE_BITS;
            long[] positions = new long[PositionIndex.PAGE_SIZE];
            for (int n = random.nextInt(2 * PositionIndex.PAGE_SIZE); n > 0; n /= 1 + random.nextInt(2), n--) {
                int slot = random.nextInt(PositionIndex.PAGE_SIZE);
                positions[slot] = 1 + (random.nextLong() >>> 17);
            }
            for (int slot = 0; slot < PositionIndex.PAGE_SIZE; slot++) {
                if (positions[slot] != 0) {
                    expected.put(first + slot, positions[slot]);
                }
            }
            index.putPage(first + random.nextInt(PositionIndex.PAGE_SIZE), positions);
        }

        assertThat(index.size()).as("seed %s", seed).isEqualTo(expected.size());
        assertThat(index.maxOid()).as("seed %s", seed).isEqualTo(expected.maxOid());
        List<Long> all = new ArrayList<>();
        expected.forEach((oid, position) -> {
            assertThat(index.get(oid)).as("seed %s, oid %x", seed, oid).isEqualTo(position);
            all.add(oid);
        });
        assertThat(oids()).as("seed %s", seed).isEqualTo(all);
    }

    @Test
    void readers_whileItGrows_seeEverythingThatWasPutBefore() throws Exception {
        int count = 200_000;
        index.put(oid(0), 1);
        AtomicLong done = new AtomicLong();
        ExecutorService readers = Executors.newFixedThreadPool(2);
        try {
            List<Future<Long>> results = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                CountDownLatch begun = new CountDownLatch(1);
                results.add(readers.submit(() -> readUntil(count, done, begun)));
                assertThat(begun.await(60, TimeUnit.SECONDS)).isTrue();
            }
            for (int i = 1; i < count; i++) {
                index.put(oid(i), i + 1);
                done.set(i);
            }
            for (Future<Long> result : results) {
                assertThat(result.get(60, TimeUnit.SECONDS)).isPositive();
            }
        } finally {
            done.set(count);
            readers.shutdown();
        }
    }

    private long readUntil(int count, AtomicLong done, CountDownLatch begun) {
        Random random = new Random(done.hashCode());
        long reads = 0;
        long last;
        while ((last = done.get()) < count - 1) {
            long i = random.nextLong(last + 1);
            assertThat(index.get(oid(i))).isEqualTo(i + 1);
            assertThat(index.get(oid(count))).isZero();
            reads++;
            begun.countDown();
        }
        return reads;
    }

    /** Dense and strewn oids in turn. */
    private static long oid(long i) {
        return i % 2 == 0 ? i : i * 0x9e3779b97f4a7c15L;
    }

    @Test
    void nextFrom_denseAndStrewnOids_asASortedMap() {
        Random random = new Random(7);
        PositionIndex index = new PositionIndex();
        TreeMap<Long, Long> expected = new TreeMap<>(Long::compareUnsigned);
        assertThat(index.nextFrom(0)).isEmpty();
        for (int i = 0; i < 3000; i++) {
            long oid =
                    switch (i % 4) {
                        case 0 -> i;
                        case 1 -> 0x7fff_ffff_0000_0000L + random.nextInt(200_000);
                        case 2 -> random.nextLong();
                        default -> -1 - random.nextInt(1000);
                    };
            index.put(oid, i + 1);
            expected.put(oid, (long) i + 1);
        }
        List<Long> asked = new ArrayList<>(expected.keySet());
        expected.keySet().forEach(oid -> asked.addAll(List.of(oid + 1, oid - 1)));
        for (long oid : asked) {
            Long next = expected.ceilingKey(oid);
            assertThat(index.nextFrom(oid)).isEqualTo(next == null ? OptionalLong.empty() : OptionalLong.of(next));
        }
    }
}
