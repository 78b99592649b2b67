package io.zeolite.client;

import java.util.List;

/**
 * What a transaction that may have been committed would have left.
 *
 * @param stores the records that it writes as they are
 */
record CommitEvidence(List<Store> stores) {
    /** A record, and the revision it was written over. */
    record Store(long oid, long serial, byte[] data) {}
}
