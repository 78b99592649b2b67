package io.zeolite.client.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.zodb.Tid;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ObjectCacheTest {
    private final ObjectCache cache = new ObjectCache(1 << 20, CacheJournal.NONE);

    private static byte[] data(long value) {
        return Long.toString(value).getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    }

    private static long[] oids(long... oids) {
        return oids;
    }

    private @Nullable Long start(@Nullable CachedRevision revision) {
        return revision == null ? null : revision.start();
    }

    @Test
    void invalidate_currentRevision_endsAndStaysForTheTimeBefore() {
        cache.put(1, 10, Tid.NONE, data(10));
        cache.invalidate(20, oids(1, 2));
        assertThat(cache.lastTransaction()).isEqualTo(20);
        assertThat(cache.current(1)).isNull();
        assertThat(start(cache.before(1, 20))).isEqualTo(10);
        assertThat(start(cache.before(1, 11))).isEqualTo(10);
        assertThat(cache.before(1, 10)).isNull();
        assertThat(cache.before(1, 21)).isNull();
        assertThat(cache.statistics().invalidated()).isEqualTo(1);
    }

    @Test
    void put_answerThatKnowsMoreThanWeWereTold_olderRevisionEndsWithItsOwnTransaction() {
        cache.put(1, 10, Tid.NONE, data(10));
        // The server has committed 20 and 30, and we are told of neither yet.
        cache.put(1, 30, Tid.NONE, data(30));
        assertThat(start(cache.current(1))).isEqualTo(30);
        assertThat(start(cache.before(1, 11))).isEqualTo(10);
        cache.invalidate(20, oids(1));
        assertThat(start(cache.before(1, 20))).isEqualTo(10);
        assertThat(cache.before(1, 21)).isNull();
        cache.invalidate(30, oids(1));
        assertThat(start(cache.current(1))).isEqualTo(30);
        assertThat(start(cache.before(1, 31))).isEqualTo(30);
    }

    @Test
    void put_revisionsInAnyOrder_areFoundByTheirRanges() {
        cache.put(1, 30, Tid.NONE, data(30));
        cache.put(1, 10, 20, data(10));
        cache.put(1, 20, 30, data(20));
        cache.put(1, 20, 30, data(20));
        assertThat(cache.statistics().revisions()).isEqualTo(3);
        assertThat(start(cache.before(1, 11))).isEqualTo(10);
        assertThat(start(cache.before(1, 21))).isEqualTo(20);
        assertThat(start(cache.before(1, 30))).isEqualTo(20);
        assertThat(start(cache.before(1, 31))).isEqualTo(30);
        assertThat(cache.before(1, 10)).isNull();
        cache.put(2, 10, 20, data(10));
        assertThat(cache.before(2, 25)).isNull();
    }

    @Test
    void forget_dropsWhatWasCurrentAndNothingElse() {
        cache.put(1, 10, 20, data(10));
        cache.put(1, 20, Tid.NONE, data(20));
        cache.put(2, 20, Tid.NONE, data(20));
        cache.forget(50, oids(1, 3));
        assertThat(cache.lastTransaction()).isEqualTo(50);
        assertThat(cache.current(1)).isNull();
        assertThat(start(cache.before(1, 15))).isEqualTo(10);
        assertThat(start(cache.current(2))).isEqualTo(20);
        cache.clear(60);
        assertThat(cache.before(1, 15)).isNull();
        assertThat(cache.statistics().bytes()).isZero();
        cache.put(2, 20, Tid.NONE, data(20));
        assertThat(start(cache.current(2))).isEqualTo(20);
    }

    @Test
    void put_beyondTheLimit_whatIsUsedStays() {
        byte[] data = new byte[1000];
        ObjectCache small = new ObjectCache(100 * (1000 + CachedRevision.OVERHEAD_BYTES), CacheJournal.NONE);
        for (long oid = 0; oid < 1000; oid++) {
            small.put(oid, 1, Tid.NONE, data);
            for (long used = 0; used < Math.min(oid, 10); used++) {
                assertThat(small.current(used)).as("%s after %s", used, oid).isNotNull();
            }
        }
        CacheStatistics statistics = small.statistics();
        assertThat(statistics.revisions()).isEqualTo(100);
        assertThat(statistics.bytes()).isEqualTo(100 * (1000 + CachedRevision.OVERHEAD_BYTES));
        assertThat(statistics.evicted()).isEqualTo(900);
        assertThat(statistics.hitRate()).isEqualTo(1);
        small.put(5000, 1, Tid.NONE, new byte[1 << 20]);
        assertThat(small.current(5000)).isNull();
        assertThat(small.current(3)).isNotNull();
    }

    /** Random transactions, loads and evictions; every answer must be that of the history. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void anyOperations_answersAreThoseOfTheHistory(long seed) {
        Random random = new Random(seed);
        Map<Long, NavigableMap<Long, byte[]>> history = new HashMap<>();
        ObjectCache small = new ObjectCache(3000, CacheJournal.NONE);
        long tid = 0;
        List<Runnable> untold = new ArrayList<>();
        for (int step = 0; step < 20_000; step++) {
            long oid = random.nextInt(20);
            int what = random.nextInt(10);
            if (what < 2) {
                long committed = ++tid;
                long other = random.nextInt(20);
                history.computeIfAbsent(oid, key -> new TreeMap<>()).put(committed, data(committed));
                history.computeIfAbsent(other, key -> new TreeMap<>()).put(committed, data(committed));
                untold.add(() -> small.invalidate(committed, oids(oid, other)));
            } else if (what < 4 && !untold.isEmpty()) {
                untold.remove(0).run();
            } else if (what < 6 && history.containsKey(oid)) {
                // The answer to a load, which knows of everything committed, told or not.
                NavigableMap<Long, byte[]> revisions = history.get(oid);
                long before = random.nextBoolean() ? Long.MAX_VALUE : 1L + random.nextInt((int) tid + 1);
                Map.Entry<Long, byte[]> revision = revisions.lowerEntry(before);
                if (revision != null) {
                    Long end = revisions.higherKey(revision.getKey());
                    small.put(oid, revision.getKey(), end == null ? Tid.NONE : end, revision.getValue());
                }
            } else if (what == 6 && random.nextInt(200) == 0) {
                untold.clear();
                small.forget(
                        tid,
                        history.keySet().stream().mapToLong(Long::longValue).toArray());
            } else {
                checkAgainst(history, small, oid, random);
            }
        }
        assertThat(small.statistics().hits()).isGreaterThan(100);
        assertThat(small.statistics().evicted()).isGreaterThan(100);
    }

    private static void checkAgainst(
            Map<Long, NavigableMap<Long, byte[]>> history, ObjectCache cache, long oid, Random random) {
        NavigableMap<Long, byte[]> revisions = history.getOrDefault(oid, new TreeMap<>());
        long known = cache.lastTransaction();
        long before = 1L + random.nextInt((int) known + 1);
        CachedRevision found = cache.before(oid, before);
        if (found != null) {
            assertThat(found.start()).isEqualTo(revisions.lowerKey(before));
            assertThat(found.data()).isEqualTo(revisions.get(found.start()));
        }
        CachedRevision current = cache.current(oid);
        if (current != null) {
            Long told = revisions.lowerKey(known + 1);
            assertThat(current.start()).isGreaterThanOrEqualTo(told == null ? 0 : told);
            assertThat(current.data()).isEqualTo(revisions.get(current.start()));
        }
    }

    @Test
    void reader_thatReadsTheTransactionFirst_neverSeesAMixOfTwo() throws Exception {
        int transactions = 100_000;
        cache.put(1, 1, Tid.NONE, data(1));
        cache.put(2, 1, Tid.NONE, data(1));
        cache.invalidate(2, oids());
        CountDownLatch begun = new CountDownLatch(1);
        FutureTask<Integer> comparisons = new FutureTask<>(() -> compareUntil(transactions, begun));
        Thread reader = new Thread(comparisons, "reader");
        reader.setDaemon(true);
        reader.start();
        assertThat(begun.await(60, TimeUnit.SECONDS)).isTrue();
        for (long tid = 3; tid <= transactions; tid++) {
            cache.invalidate(tid, oids(1, 2));
            cache.put(1, tid, Tid.NONE, data(tid));
            cache.put(2, tid, Tid.NONE, data(tid));
        }
        assertThat(comparisons.get(60, TimeUnit.SECONDS)).isGreaterThan(100);
    }

    /** Compares two objects that have only ever changed together. Returns how often both were in the cache. */
    private int compareUntil(long transaction, CountDownLatch begun) {
        int comparisons = 0;
        while (cache.lastTransaction() < transaction) {
            long snapshot = cache.lastTransaction() + 1;
            CachedRevision one = cache.before(1, snapshot);
            CachedRevision two = cache.before(2, snapshot);
            if (one != null && two != null) {
                assertThat(one.start()).as("before %s", snapshot).isEqualTo(two.start());
                comparisons++;
                begun.countDown();
            }
        }
        return comparisons;
    }
}
