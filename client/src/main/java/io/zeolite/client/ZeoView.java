package io.zeolite.client;

import io.zeolite.error.PosKeyException;
import io.zeolite.zodb.Tid;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * All objects as they were at one transaction, whatever is committed meanwhile. It costs nothing and need not be closed. Any
 * thread.
 *
 * <p>It stays at its transaction until it is moved: to what the client knows ({@link #advance}), or to a transaction
 * ({@link #advanceTo}), by a listener say: {@code client.addListener((tid, oids) -> view.advanceTo(tid))}.
 *
 * <p>What has been packed away cannot be seen any more.
 */
public final class ZeoView {
    private final ClientCore core;
    private volatile long tid;

    ZeoView(ClientCore core, long tid) {
        this.core = core;
        this.tid = tid;
    }

    /** The transaction whose changes are the last ones that are seen. */
    public long tid() {
        return tid;
    }

    /**
     * Loads an object as it is in this view.
     *
     * @throws io.zeolite.error.PosKeyException if there is no such object, or was not yet
     */
    public Revision load(long oid) {
        long before = tid + 1;
        Revision cached = core.cached(oid, before);
        return cached != null ? cached : core.await(existing(oid, before), core.callTimeout());
    }

    /** {@link #load} without waiting. */
    public CompletableFuture<Revision> loadAsync(long oid) {
        return core.publish(existing(oid, tid + 1));
    }

    /** Loads many objects in one flight; those that do not exist are not in the result. */
    public Map<Long, Revision> loadAll(long... oids) {
        return byOid(core.await(core.loadAll(oids, tid + 1), core.callTimeout()));
    }

    /** {@link #loadAll} without waiting. */
    public CompletableFuture<Map<Long, Revision>> loadAllAsync(long... oids) {
        return core.publish(core.loadAll(oids, tid + 1)).thenApply(ZeoView::byOid);
    }

    private CompletableFuture<Revision> existing(long oid, long before) {
        return core.load(oid, before).thenApply(found -> orMissing(oid, found));
    }

    static Revision orMissing(long oid, @Nullable Revision found) {
        if (found == null) {
            throw PosKeyException.noObject(oid);
        }
        return found;
    }

    static Map<Long, Revision> byOid(@Nullable Revision[] found) {
        Map<Long, Revision> byOid = new LinkedHashMap<>(found.length * 2);
        for (Revision revision : found) {
            if (revision != null) {
                byOid.put(revision.oid(), revision);
            }
        }
        return byOid;
    }

    /** Moves to the last transaction that the client knows of. Returns it. */
    public long advance() {
        advanceTo(core.cache().lastTransaction());
        return tid;
    }

    /**
     * Moves to a transaction; does nothing if it is not later.
     *
     * @throws IllegalArgumentException if the client does not know of that transaction yet, see {@link ZeoClient#sync}
     */
    public synchronized void advanceTo(long later) {
        requireKnown(core, later);
        if (Tid.isAfter(later, tid)) {
            tid = later;
        }
    }

    static void requireKnown(ClientCore core, long tid) {
        long known = core.cache().lastTransaction();
        if (Tid.isAfter(tid, known)) {
            throw new IllegalArgumentException("tid: " + Tid.toString(tid) + " (expected: at most "
                    + Tid.toString(known) + ", the last transaction that the client knows of)");
        }
    }

    @Override
    public String toString() {
        return "view at " + Tid.toString(tid);
    }
}
