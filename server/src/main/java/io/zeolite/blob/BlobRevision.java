package io.zeolite.blob;

import io.zeolite.zodb.Oid;
import io.zeolite.zodb.Tid;

/** One revision of a blob: the object, and the transaction that wrote it. */
public record BlobRevision(long oid, long tid) {
    @Override
    public String toString() {
        return "blob " + Oid.toString(oid) + " of " + Tid.toString(tid);
    }
}
