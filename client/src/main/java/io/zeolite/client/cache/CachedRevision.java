package io.zeolite.client.cache;

import io.zeolite.zodb.Tid;
import org.jspecify.annotations.Nullable;

/**
 * A revision of an object as the cache has it. Immutable but for its end, which is set once, by the cache's writer.
 */
public final class CachedRevision {
    /** What an entry takes beside its data: this object, its array's head, its place in the table. */
    static final long OVERHEAD_BYTES = 120;

    private final long oid;
    private final long start;
    private final byte[] data;
    private volatile long end;

    /** The next older revision that is kept of the same object. */
    volatile @Nullable CachedRevision older;

    /** Set by readers without any order: a use that is missed does no harm. */
    boolean used;

    // The queue of the cache's writer.
    @Nullable
    CachedRevision before;

    @Nullable
    CachedRevision after;

    CachedRevision(long oid, long start, long end, byte[] data) {
        this.oid = oid;
        this.start = start;
        this.end = end;
        this.data = data;
    }

    public long oid() {
        return oid;
    }

    /** The tid of the transaction that wrote it. */
    public long start() {
        return start;
    }

    /** The tid of the transaction that replaced it; {@link Tid#NONE} if it is current, as far as the cache knows. */
    public long end() {
        return end;
    }

    boolean isCurrent() {
        return end == Tid.NONE;
    }

    void end(long tid) {
        end = tid;
    }

    /** The pickles; nobody changes them. */
    public byte[] data() {
        return data;
    }

    /** Whether this is the revision that was current just before that transaction. */
    boolean isBefore(long tid) {
        long next = end;
        return Tid.isAfter(tid, start) && (next == Tid.NONE || !Tid.isAfter(tid, next));
    }

    long bytes() {
        return OVERHEAD_BYTES + data.length;
    }
}
