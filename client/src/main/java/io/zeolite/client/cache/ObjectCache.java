package io.zeolite.client.cache;

import io.zeolite.zodb.Tid;
import java.util.Iterator;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Revisions of objects in memory, each with the range of transactions in which it is the one to read, up to a number of
 * bytes. Any thread reads, without a lock; one thread writes, the event loop of a client.
 *
 * <p>The cache is <em>as of</em> a transaction, {@link #lastTransaction}: every change up to it is known, so what has no end
 * is current then. Whoever reads that number first and then looks for the revision before the transaction after it gets
 * what was current at it, whatever the writer does meanwhile: an entry is given its end before the number moves on.
 *
 * <p>When there is no room, what was not used since it was last looked at goes first; new entries are looked at last.
 */
public final class ObjectCache {
    /** How many revisions of one object are kept. */
    private static final int MAX_REVISIONS = 16;

    private final ConcurrentHashMap<Long, CachedRevision> newest = new ConcurrentHashMap<>();
    private final long limitBytes;
    private final CacheJournal journal;

    private volatile long lastTransaction;
    private final LongAdder hits = new LongAdder();
    private final LongAdder misses = new LongAdder();

    // The writer's. The queue goes from the latest entry to the first; the hand goes the other way.
    private @Nullable CachedRevision latest;
    private @Nullable CachedRevision first;
    private @Nullable CachedRevision hand;
    private final AtomicLong bytes = new AtomicLong();
    private final AtomicLong revisions = new AtomicLong();
    private final AtomicLong evicted = new AtomicLong();
    private final AtomicLong invalidated = new AtomicLong();
    private final AtomicLong cleared = new AtomicLong();

    /**
     * An empty cache, as of no transaction.
     *
     * @param limitBytes how many bytes it may take, data and overhead; 0 to keep nothing
     */
    public ObjectCache(long limitBytes, CacheJournal journal) {
        if (limitBytes < 0) {
            throw new IllegalArgumentException("limitBytes: " + limitBytes + " (expected: at least 0)");
        }
        this.limitBytes = limitBytes;
        this.journal = journal;
    }

    /** The last transaction that the cache knows all changes of; {@link Tid#NONE} if it knows of none yet. */
    public long lastTransaction() {
        return lastTransaction;
    }

    /** The revision that is current as of {@link #lastTransaction}, or a later one; null if it is not here. */
    public @Nullable CachedRevision current(long oid) {
        CachedRevision revision = newest.get(oid);
        return counted(revision != null && revision.isCurrent() ? revision : null);
    }

    /**
     * The latest revision before a transaction; null if it is not here.
     *
     * @param tid at most the one after {@link #lastTransaction}, as it was read before
     */
    public @Nullable CachedRevision before(long oid, long tid) {
        CachedRevision revision = newest.get(oid);
        while (revision != null && !revision.isBefore(tid)) {
            revision = revision.older;
        }
        return counted(revision);
    }

    private @Nullable CachedRevision counted(@Nullable CachedRevision found) {
        if (found != null) {
            hits.increment();
            if (!found.used) {
                found.used = true;
            }
        }
        return found;
    }

    /** Counts a load that was not answered from here. Any thread. */
    public void missed() {
        misses.increment();
    }

    /** Everything that is here, in no order, as it is when it is come by. Any thread. */
    Iterator<CachedRevision> newestOfEach() {
        return newest.values().iterator();
    }

    public CacheStatistics statistics() {
        return new CacheStatistics(
                hits.sum(),
                misses.sum(),
                revisions.get(),
                bytes.get(),
                evicted.get(),
                invalidated.get(),
                cleared.get());
    }

    // The writer

    /**
     * Adds what a server has answered.
     *
     * @param end {@link Tid#NONE} for what is current: no transaction that the cache is told of later has changed it before
     * @param data belongs to the cache afterwards
     */
    public void put(long oid, long start, long end, byte[] data) {
        CachedRevision added = new CachedRevision(oid, start, end, data);
        if (added.bytes() > limitBytes || !insert(added)) {
            return;
        }
        journal.put(added);
        enqueue(added);
        dropOldest(added.oid());
        while (bytes.get() > limitBytes) {
            evict();
        }
    }

    /** Puts a revision among the others of its object, the later ones first. */
    private boolean insert(CachedRevision added) {
        CachedRevision later = null;
        CachedRevision here = newest.get(added.oid());
        while (here != null && Tid.isAfter(here.start(), added.start())) {
            later = here;
            here = here.older;
        }
        if (here != null && here.start() == added.start()) {
            if (here.isCurrent() && !added.isCurrent()) {
                here.end(added.end());
                journal.put(added);
            }
            return false;
        }
        added.older = here;
        if (later == null) {
            newest.put(added.oid(), added);
        } else {
            later.older = added;
        }
        return true;
    }

    /** Keeps the list of an object that changes all the time short, as it is gone through from its beginning. */
    private void dropOldest(long oid) {
        int count = 0;
        CachedRevision revision = newest.get(oid);
        while (revision != null) {
            CachedRevision older = revision.older;
            if (++count > MAX_REVISIONS && !revision.isCurrent()) {
                remove(revision);
                evicted.incrementAndGet();
            }
            revision = older;
        }
    }

    /** A transaction, later than all before, has changed these objects. The cache is as of it afterwards. */
    public void invalidate(long tid, long[] oids) {
        for (long oid : oids) {
            CachedRevision revision = newest.get(oid);
            while (revision != null) {
                // One that a server has answered already, of a transaction that we are told of only now, stays.
                if (revision.isCurrent() && Tid.isAfter(tid, revision.start())) {
                    revision.end(tid);
                    invalidated.incrementAndGet();
                }
                revision = revision.older;
            }
        }
        journal.invalidated(tid, oids);
        lastTransaction = tid;
    }

    /**
     * Transactions up to this one have changed these objects, while the client was away. What was current of them is
     * dropped. The cache is as of that transaction afterwards.
     */
    public void forget(long tid, long[] oids) {
        for (long oid : oids) {
            CachedRevision revision = newest.get(oid);
            while (revision != null) {
                CachedRevision older = revision.older;
                if (revision.isCurrent()) {
                    remove(revision);
                    invalidated.incrementAndGet();
                }
                revision = older;
            }
        }
        journal.forgot(tid, oids);
        lastTransaction = tid;
    }

    /** Drops everything. The cache is as of that transaction afterwards. */
    public void clear(long tid) {
        newest.clear();
        latest = null;
        first = null;
        hand = null;
        bytes.set(0);
        revisions.set(0);
        cleared.incrementAndGet();
        journal.cleared(tid);
        lastTransaction = tid;
    }

    private void enqueue(CachedRevision added) {
        added.before = latest;
        if (latest != null) {
            latest.after = added;
        } else {
            first = added;
        }
        latest = added;
        bytes.addAndGet(added.bytes());
        revisions.incrementAndGet();
    }

    private void evict() {
        CachedRevision candidate = hand == null ? first : hand;
        while (candidate != null && candidate.used) {
            candidate.used = false;
            candidate = candidate.after == null ? first : candidate.after;
        }
        if (candidate != null) {
            hand = candidate.after;
            remove(candidate);
            evicted.incrementAndGet();
        }
    }

    private void remove(CachedRevision revision) {
        unchain(revision);
        if (hand == revision) {
            hand = revision.after;
        }
        if (revision.before == null) {
            first = revision.after;
        } else {
            revision.before.after = revision.after;
        }
        if (revision.after == null) {
            latest = revision.before;
        } else {
            revision.after.before = revision.before;
        }
        bytes.addAndGet(-revision.bytes());
        revisions.decrementAndGet();
    }

    private void unchain(CachedRevision revision) {
        CachedRevision head = newest.get(revision.oid());
        CachedRevision older = revision.older;
        if (head == revision && older == null) {
            newest.remove(revision.oid());
        } else if (head == revision && older != null) {
            newest.put(revision.oid(), older);
        } else {
            while (head != null && head.older != revision) {
                head = head.older;
            }
            if (head != null) {
                head.older = older;
            }
        }
    }
}
