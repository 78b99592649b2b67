package io.zeolite.storage;

import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * What one or more transactions changed.
 *
 * @param tid the (last) transaction
 * @param oids the objects; nobody changes the array
 */
public record Invalidations(long tid, long[] oids) {
    /** A client that missed so many objects drops its cache with less trouble than it would take to tell it. */
    public static final int MOST_MISSED = 1 << 20;

    /** What several transactions changed, each object once. */
    public static Invalidations union(long tid, Stream<Invalidations> transactions) {
        return new Invalidations(
                tid,
                transactions
                        .flatMapToLong(one -> LongStream.of(one.oids()))
                        .distinct()
                        .toArray());
    }
}
