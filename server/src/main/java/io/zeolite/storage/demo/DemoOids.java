package io.zeolite.storage.demo;

import io.zeolite.error.PosKeyException;
import io.zeolite.storage.Completion;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/**
 * New object ids: ascending from a random number on, so that what is stored in the changes does not get the ids that the
 * base will give once its own work goes on. Where an id is taken, a new random number follows. Any thread.
 */
final class DemoOids {
    /** Random numbers are from 1 to this. */
    private static final long LAST_START = 1L << 62;

    private final RandomGenerator random;
    private final Lookup lookup;
    /** What has been given, as ranges: from the first id to behind the last. */
    private final NavigableMap<Long, Long> given = new TreeMap<>();

    private long start;
    private long next;

    /** Tells whether an object exists, by failing with a {@link PosKeyException} if not. */
    interface Lookup {
        void getTid(long oid, Completion<Long> completion);
    }

    DemoOids(RandomGenerator random, Lookup lookup) {
        this.random = random;
        this.lookup = lookup;
        startAnew();
    }

    private void startAnew() {
        start = random.nextLong(1, LAST_START + 1);
        next = start;
    }

    void next(int count, Completion<long[]> completion) {
        fill(new long[count], 0, completion);
    }

    private void fill(long[] oids, int filled, Completion<long[]> completion) {
        if (filled == oids.length) {
            completion.complete(oids);
            return;
        }
        long candidate = take();
        lookup.getTid(candidate, new Completion<>() {
            @Override
            public void complete(Long tid) {
                pass(candidate);
                fill(oids, filled, completion);
            }

            @Override
            public void fail(Throwable failure) {
                if (!(failure instanceof PosKeyException)) {
                    completion.fail(failure);
                    return;
                }
                oids[filled] = candidate;
                fill(oids, filled + 1, completion);
            }
        });
    }

    private synchronized long take() {
        while (isGiven(next)) {
            startAnew();
        }
        long taken = next++;
        given.put(start, next);
        return taken;
    }

    private boolean isGiven(long oid) {
        var range = given.floorEntry(oid);
        return range != null && oid < range.getValue();
    }

    /** Goes somewhere else after an id that is taken, unless this has happened meanwhile. */
    private synchronized void pass(long taken) {
        if (next == taken + 1) {
            startAnew();
        }
    }
}
