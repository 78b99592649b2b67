package io.zeolite.tool.blobs;

import io.zeolite.blob.BlobRevision;
import io.zeolite.zodb.OidHash;
import java.util.Arrays;
import java.util.BitSet;

/**
 * Revisions of blobs, and how large each is in the places where it is; takes 41 to 82 bytes for each. For one thread.
 */
final class BlobTable {
    /** The size of what is not in a place. */
    static final long ABSENT = -1;

    private static final int MAX_CAPACITY = 1 << 30;

    // Open addressing with linear probing, at most half full; a tid is never 0.
    private long[] oids = new long[64];
    private long[] tids = new long[64];
    private final long[][] sizes = new long[Place.values().length][64];
    private BitSet recorded = new BitSet();
    private int size;

    /** Where the bytes of a blob may be. */
    enum Place {
        /** The blob directory. */
        LOCAL(0),
        BUCKET(1),
        CACHE(2);

        private final int column;

        Place(int column) {
            this.column = column;
        }
    }

    /**
     * A revision of a blob.
     *
     * @param recorded whether the data file has it
     * @param local its size in the blob directory, or {@link #ABSENT}, and so on
     */
    record Blob(BlobRevision revision, boolean recorded, long local, long stored, long cached) {
        boolean isLocal() {
            return local != ABSENT;
        }

        boolean isStored() {
            return stored != ABSENT;
        }

        boolean isCached() {
            return cached != ABSENT;
        }

        /** In bytes, by the place that is nearest; {@link #ABSENT} if it is in none. */
        long size() {
            if (isLocal()) {
                return local;
            }
            return isStored() ? stored : cached;
        }

        long oid() {
            return revision.oid();
        }

        long tid() {
            return revision.tid();
        }
    }

    /** Is given the revisions, in no particular order. */
    interface Visitor<E extends Exception> {
        void visit(Blob blob) throws E;
    }

    BlobTable() {
        for (long[] column : sizes) {
            Arrays.fill(column, ABSENT);
        }
    }

    /** Notes that the data file has a revision. */
    void record(long oid, long tid) {
        int slot = find(oid, tid);
        recorded.set(slot);
    }

    /** Notes that a revision is somewhere. */
    void found(Place place, long oid, long tid, long bytes) {
        int slot = find(oid, tid);
        sizes[place.column][slot] = bytes;
    }

    /** Whether the data file has a revision. */
    boolean isRecorded(long oid, long tid) {
        int slot = slot(oid, tid);
        return tids[slot] != 0 && recorded.get(slot);
    }

    /** The size of a revision in a place, or {@link #ABSENT}. */
    long sizeIn(Place place, long oid, long tid) {
        int slot = slot(oid, tid);
        return tids[slot] == 0 ? ABSENT : sizes[place.column][slot];
    }

    int size() {
        return size;
    }

    <E extends Exception> void forEach(Visitor<E> visitor) throws E {
        for (int slot = 0; slot < tids.length; slot++) {
            if (tids[slot] != 0) {
                visitor.visit(blob(slot));
            }
        }
    }

    private Blob blob(int slot) {
        return new Blob(
                new BlobRevision(oids[slot], tids[slot]),
                recorded.get(slot),
                sizes[Place.LOCAL.column][slot],
                sizes[Place.BUCKET.column][slot],
                sizes[Place.CACHE.column][slot]);
    }

    /** The slot of a revision, which is added if it is not there. */
    private int find(long oid, long tid) {
        if (tid == 0) {
            throw new IllegalArgumentException("a revision without a transaction");
        }
        int slot = slot(oid, tid);
        if (tids[slot] == 0) {
            if (2 * size >= tids.length) {
                grow();
                slot = slot(oid, tid);
            }
            oids[slot] = oid;
            tids[slot] = tid;
            size++;
        }
        return slot;
    }

    private int slot(long oid, long tid) {
        int mask = tids.length - 1;
        int slot = (int) OidHash.of(oid, tid) & mask;
        while (tids[slot] != 0 && (oids[slot] != oid || tids[slot] != tid)) {
            slot = (slot + 1) & mask;
        }
        return slot;
    }

    private void grow() {
        int capacity = 2 * tids.length;
        if (capacity > MAX_CAPACITY) {
            throw new IllegalStateException("more than " + size + " revisions of blobs");
        }
        long[] oldOids = oids;
        long[] oldTids = tids;
        long[][] oldSizes = sizes.clone();
        BitSet oldRecorded = recorded;
        oids = new long[capacity];
        tids = new long[capacity];
        recorded = new BitSet();
        for (int place = 0; place < sizes.length; place++) {
            sizes[place] = new long[capacity];
            Arrays.fill(sizes[place], ABSENT);
        }
        for (int old = 0; old < oldTids.length; old++) {
            if (oldTids[old] != 0) {
                int slot = slot(oldOids[old], oldTids[old]);
                oids[slot] = oldOids[old];
                tids[slot] = oldTids[old];
                recorded.set(slot, oldRecorded.get(old));
                for (int place = 0; place < sizes.length; place++) {
                    sizes[place][slot] = oldSizes[place][old];
                }
            }
        }
    }
}
