package io.zeolite.zodb;

import java.util.concurrent.ThreadLocalRandom;

/**
 * Scatters oids for hash tables. Clients choose oids; without this one of them could choose such that all fall into the
 * same place.
 */
public final class OidHash {
    private static final long SEED = ThreadLocalRandom.current().nextLong();

    private OidHash() {}

    /** A number in which every bit of the oid changes half of the bits; a different one for each oid. */
    public static long of(long oid) {
        // The finalizer of MurmurHash3.
        long hash = oid ^ SEED;
        hash = (hash ^ hash >>> 33) * 0xff51afd7ed558ccdL;
        hash = (hash ^ hash >>> 33) * 0xc4ceb9fe1a85ec53L;
        return hash ^ hash >>> 33;
    }

    /** The same of an oid and a tid. */
    public static long of(long oid, long tid) {
        return of(of(oid) ^ tid);
    }
}
