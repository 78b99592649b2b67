package io.zeolite.tool.blobs;

import io.zeolite.tool.blobs.BlobTable.Blob;
import io.zeolite.zodb.Tid;
import java.util.Set;

/**
 * Which blobs a tool works on.
 *
 * @param since those of this transaction and later ones
 * @param until those of this transaction and earlier ones
 * @param leastBytes those that have so many, or more
 * @param oids those of these objects; of all if there are none
 * @param limit no more than so many
 */
public record BlobSelection(long since, long until, long leastBytes, Set<Long> oids, long limit) {
    /** All but for the limit. */
    boolean takes(Blob blob) {
        return blob.size() >= leastBytes && names(blob);
    }

    /** All but for the limit and the size, which is not known of a blob that is nowhere. */
    boolean names(Blob blob) {
        return !Tid.isAfter(since, blob.tid())
                && !Tid.isAfter(blob.tid(), until)
                && (oids.isEmpty() || oids.contains(blob.oid()));
    }
}
