package io.zeolite.tool.check;

import io.zeolite.zodb.OidHash;
import java.io.IOException;
import java.util.BitSet;

/** A set of revisions, each of which can be ticked off, in 17 to 34 bytes for each. For one thread. */
final class Revisions {
    private static final int MAX_CAPACITY = 1 << 30;

    // Open addressing with linear probing, at most half full: pairs of an oid and a tid; a tid is never 0.
    private long[] oids = new long[64];
    private long[] tids = new long[64];
    private BitSet ticked = new BitSet();
    private int size;

    /** Hears of revisions. */
    interface Visitor {
        void visit(long oid, long tid) throws IOException;
    }

    void add(long oid, long tid) {
        if (2 * size >= oids.length) {
            grow();
        }
        int slot = slot(oid, tid);
        if (tids[slot] == 0) {
            oids[slot] = oid;
            tids[slot] = tid;
            size++;
        }
    }

    /** Ticks a revision off; returns whether it is in the set. */
    boolean tick(long oid, long tid) {
        int slot = slot(oid, tid);
        boolean known = tid != 0 && tids[slot] != 0;
        if (known) {
            ticked.set(slot);
        }
        return known;
    }

    /** Visits those that are not ticked off. */
    void forEachLeft(Visitor visitor) throws IOException {
        for (int slot = 0; slot < tids.length; slot++) {
            if (tids[slot] != 0 && !ticked.get(slot)) {
                visitor.visit(oids[slot], tids[slot]);
            }
        }
    }

    int size() {
        return size;
    }

    private int slot(long oid, long tid) {
        int mask = oids.length - 1;
        int slot = (int) OidHash.of(oid, tid) & mask;
        while (tids[slot] != 0 && (oids[slot] != oid || tids[slot] != tid)) {
            slot = slot + 1 & mask;
        }
        return slot;
    }

    /** Before anything is ticked off. */
    private void grow() {
        if (oids.length == MAX_CAPACITY) {
            throw new IllegalStateException("more than " + size + " revisions of blobs");
        }
        long[] oldOids = oids;
        long[] oldTids = tids;
        oids = new long[2 * oldOids.length];
        tids = new long[oids.length];
        ticked = new BitSet();
        for (int i = 0; i < oldOids.length; i++) {
            if (oldTids[i] != 0) {
                int slot = slot(oldOids[i], oldTids[i]);
                oids[slot] = oldOids[i];
                tids[slot] = oldTids[i];
            }
        }
    }
}
