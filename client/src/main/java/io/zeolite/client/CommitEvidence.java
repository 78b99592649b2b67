package io.zeolite.client;

import java.util.List;

/**
 * What a transaction that may have been committed would have left.
 *
 * @param mark its {@link CommitMark}
 * @param stores the records that it writes as they are
 */
record CommitEvidence(String mark, List<Store> stores) {
    /** A record, and the revision it was written over. */
    record Store(long oid, long serial, byte[] data) {}
}
