package io.zeolite.tool.blobs;

import io.zeolite.blob.BlobRevision;
import io.zeolite.tool.blobs.BlobTable.Place;
import java.time.Instant;
import java.util.AbstractList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.RandomAccess;
import java.util.stream.IntStream;

/**
 * Objects of a bucket that are revisions of blobs, each once, in the order in which they were listed; takes 32 to 64 bytes for each,
 * and 41 to 82 more until it is {@link #complete}. One thread adds to it; when it is complete any thread may read.
 */
final class ObjectList extends AbstractList<ObjectList.Item> implements RandomAccess {
    private static final int MOST = 1 << 30;

    private long[] oids = new long[64];
    private long[] tids = new long[64];
    private long[] sizes = new long[64];
    private long[] seconds = new long[64];
    private int count;
    private long bytes;

    /** A listing that broke off begins anew. */
    private BlobTable listed = new BlobTable();

    /**
     * An object.
     *
     * @param lastModified a second late at the most
     */
    record Item(BlobRevision revision, long size, Instant lastModified) {}

    /** Notes an object, unless it has been noted before. */
    void note(BlobRevision revision, long size, Instant lastModified) {
        int before = listed.size();
        listed.found(Place.BUCKET, revision.oid(), revision.tid(), size);
        if (listed.size() > before) {
            append(revision, size, lastModified.getEpochSecond() + (lastModified.getNano() > 0 ? 1 : 0));
        }
    }

    private void append(BlobRevision revision, long size, long lastModified) {
        if (count == oids.length) {
            if (count == MOST) {
                throw new IllegalStateException("more than " + MOST + " objects");
            }
            oids = Arrays.copyOf(oids, 2 * count);
            tids = Arrays.copyOf(tids, 2 * count);
            sizes = Arrays.copyOf(sizes, 2 * count);
            seconds = Arrays.copyOf(seconds, 2 * count);
        }
        oids[count] = revision.oid();
        tids[count] = revision.tid();
        sizes[count] = size;
        seconds[count] = lastModified;
        count++;
        bytes += size;
    }

    /** There will be no more. */
    void complete() {
        listed = new BlobTable();
    }

    /** In bytes, of all together. */
    long bytes() {
        return bytes;
    }

    @Override
    public Item get(int index) {
        if (index >= count) {
            throw new IndexOutOfBoundsException(index);
        }
        return new Item(
                new BlobRevision(oids[index], tids[index]), sizes[index], Instant.ofEpochSecond(seconds[index]));
    }

    @Override
    public int size() {
        return count;
    }

    /** The same, the largest first. */
    List<Item> largestFirst() {
        int[] order = IntStream.range(0, count)
                .boxed()
                .sorted(Comparator.comparingLong((Integer index) -> sizes[index])
                        .reversed())
                .mapToInt(Integer::intValue)
                .toArray();
        return new AbstractList<>() {
            @Override
            public Item get(int index) {
                return ObjectList.this.get(order[index]);
            }

            @Override
            public int size() {
                return order.length;
            }
        };
    }
}
