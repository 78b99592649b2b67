package io.zeolite.storage.index;

import static io.zeolite.storage.index.PositionIndex.BUCKET_BITS;
import static io.zeolite.storage.index.PositionIndex.BUCKET_PAGE_BITS;
import static io.zeolite.storage.index.PositionIndex.PAGE_BITS;
import static io.zeolite.storage.index.PositionIndex.PAGE_SIZE;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Buckets of an index file as they stand in it (see {@link IndexFile}), so that a start does not have to take all of them
 * apart. They are searched as they are, by any thread, and added and forgotten by one. What is written is a matter of the
 * pages of {@link PositionIndex}, which come before them.
 */
final class PackedBuckets {
    /** A bucket with fewer objects is not worth it: its pages may be sparse ones. */
    static final int MIN_OBJECTS = 1 << 14;

    private static final int BUCKET_SIZE = 1 << BUCKET_BITS;
    private static final int SUFFIX_LENGTH = 2;
    private static final int POSITION_LENGTH = 6;
    private static final int ENTRY_LENGTH = SUFFIX_LENGTH + POSITION_LENGTH;
    private static final byte[] NONE = {};

    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle BUCKET = MethodHandles.arrayElementVarHandle(byte[][].class);

    /** Ascending. */
    private long[] prefixes = new long[16];

    private byte[][] buckets = new byte[16][];
    private int count;

    /**
     * Adds a bucket. Before anybody reads.
     *
     * @param prefix larger than those before
     * @param bucket its suffixes, ascending, and the positions, which are checked; to be left alone
     */
    void add(long prefix, byte[] bucket) {
        if (count == prefixes.length) {
            prefixes = Arrays.copyOf(prefixes, 2 * count);
            buckets = Arrays.copyOf(buckets, 2 * count);
        }
        prefixes[count] = prefix;
        buckets[count++] = bucket;
    }

    /** Forgets the bucket that a page is in, whose pages are all elsewhere by now. */
    void forget(long number) {
        BUCKET.setRelease(buckets, find(number >>> BUCKET_PAGE_BITS), NONE);
    }

    /** The position of an object; 0 if it is in none of these buckets. */
    long get(long oid) {
        byte[] bucket = bucket(oid >>> BUCKET_BITS);
        int suffix = (int) oid & BUCKET_SIZE - 1;
        int entry = entryFrom(bucket, suffix);
        return entry < size(bucket) && suffix(bucket, entry) == suffix ? position(bucket, entry) : 0;
    }

    /** A copy of a page, as a dense one of {@link PositionIndex}; null if it has nothing. */
    long @Nullable [] copyPage(long number) {
        byte[] bucket = bucket(number >>> BUCKET_PAGE_BITS);
        int first = (int) (number << PAGE_BITS) & BUCKET_SIZE - 1;
        int end = first + PAGE_SIZE;
        int entry = entryFrom(bucket, first);
        if (entry == size(bucket) || suffix(bucket, entry) >= end) {
            return null;
        }
        long[] page = new long[1 + PAGE_SIZE];
        page[0] = number;
        for (; entry < size(bucket) && suffix(bucket, entry) < end; entry++) {
            page[1 + suffix(bucket, entry) - first] = position(bucket, entry);
        }
        return page;
    }

    /** The number of the first page, from one on, that has a position; -1 if none has. */
    long pageFrom(long number) {
        long prefix = number >>> BUCKET_PAGE_BITS;
        int suffix = (int) (number << PAGE_BITS) & BUCKET_SIZE - 1;
        int i = find(prefix);
        if (i < 0) {
            i = -1 - i;
            suffix = 0;
        }
        for (; i < count; i++) {
            byte[] bucket = (byte[]) BUCKET.getAcquire(buckets, i);
            int entry = entryFrom(bucket, suffix);
            if (entry < size(bucket)) {
                return (prefixes[i] << BUCKET_BITS | suffix(bucket, entry)) >>> PAGE_BITS;
            }
            suffix = 0;
        }
        return -1;
    }

    private byte[] bucket(long prefix) {
        int i = find(prefix);
        return i < 0 ? NONE : (byte[]) BUCKET.getAcquire(buckets, i);
    }

    /** Where a bucket is; negative, as of {@link Arrays#binarySearch}, if it is nowhere. */
    private int find(long prefix) {
        // Where no prefix is left out, as usual, each is its own index.
        return prefix < count && prefixes[(int) prefix] == prefix
                ? (int) prefix
                : Arrays.binarySearch(prefixes, 0, count, prefix);
    }

    private static int size(byte[] bucket) {
        return bucket.length / ENTRY_LENGTH;
    }

    /** The first entry with a suffix from one on. */
    private static int entryFrom(byte[] bucket, int suffix) {
        int size = size(bucket);
        if (suffix < size && suffix(bucket, suffix) == suffix) {
            // None is left out before it.
            return suffix;
        }
        int low = Math.max(0, suffix - (BUCKET_SIZE - size));
        int high = Math.min(suffix, size);
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (suffix(bucket, middle) < suffix) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    static int suffix(byte[] bucket, int entry) {
        int at = SUFFIX_LENGTH * entry;
        return (bucket[at] & 0xff) << 8 | (bucket[at + 1] & 0xff);
    }

    /** With the two bytes before it, of which there are always some. */
    private static long position(byte[] bucket, int entry) {
        int at = SUFFIX_LENGTH * size(bucket) + POSITION_LENGTH * entry - (Long.BYTES - POSITION_LENGTH);
        return (long) LONG.get(bucket, at) & (PositionIndex.POSITION_LIMIT - 1);
    }
}
