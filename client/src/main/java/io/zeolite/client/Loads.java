package io.zeolite.client;

import io.zeolite.client.cache.CachedRevision;
import io.zeolite.client.cache.ObjectCache;
import io.zeolite.client.connection.ServerLink;
import io.zeolite.error.PosKeyException;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PyTuple;
import io.zeolite.zodb.Ids;
import io.zeolite.zodb.Tid;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Loads of objects, from the cache or the server. {@link #cached} is for any thread, everything else for the event loop.
 *
 * <p>An answer goes into the cache before the next message of the server is looked at, so an invalidation behind it finds
 * it there. One that comes before the answer to a load that was asked for earlier is noted with that load: an answer that
 * does not know of it yet, which no server should give, is not kept.
 */
final class Loads {
    private final ObjectCache cache;
    private final ServerLink link;
    private final Map<Key, Load> underWay = new HashMap<>();

    private record Key(long oid, long before) {}

    private static final class Load {
        private final CompletableFuture<@Nullable Revision> answer = new CompletableFuture<>();
        private long invalidatedAt = Tid.NONE;
    }

    Loads(ObjectCache cache, ServerLink link) {
        this.cache = cache;
        this.link = link;
    }

    /**
     * What the cache has. Any thread.
     *
     * @param before {@link Tid#MAX} for the current revision
     */
    @Nullable
    Revision cached(long oid, long before) {
        if (before == Tid.MAX) {
            return revision(cache.current(oid));
        }
        // The order matters: the cache is at least as of this transaction when it is looked into.
        long known = cache.lastTransaction();
        return Tid.isAfter(before, known + 1) ? null : revision(cache.before(oid, before));
    }

    private static @Nullable Revision revision(@Nullable CachedRevision cached) {
        return cached == null ? null : new Revision(cached.oid(), cached.start(), cached.end(), cached.data());
    }

    /**
     * Asks the server, or waits with those who have asked already.
     *
     * @return null if the object is there, but has no revision before that transaction
     */
    CompletableFuture<@Nullable Revision> ask(long oid, long before) {
        Key key = new Key(oid, before);
        Load asked = underWay.get(key);
        if (asked != null && asked.invalidatedAt == Tid.NONE) {
            cache.missed();
            return asked.answer;
        }
        Revision cached = cached(oid, before);
        if (cached != null) {
            // It has come since the caller looked.
            return CompletableFuture.<@Nullable Revision>completedFuture(cached);
        }
        cache.missed();
        Load load = new Load();
        underWay.put(key, load);
        link.call(Methods.LOAD_BEFORE, PyTuple.of(Ids.bytes(oid), Ids.bytes(before)), ServerLink.Retry.YES)
                .whenComplete((value, failure) -> {
                    underWay.remove(key, load);
                    if (failure == null) {
                        answer(load, oid, value);
                    } else {
                        load.answer.completeExceptionally(failure);
                    }
                });
        return load.answer;
    }

    private void answer(Load load, long oid, @Nullable Object value) {
        Revision revision;
        try {
            revision = value == null ? null : parse(oid, value);
        } catch (RuntimeException e) {
            load.answer.completeExceptionally(e);
            return;
        }
        if (revision != null && !(revision.isCurrent() && Tid.isAfter(load.invalidatedAt, revision.serial()))) {
            cache.put(oid, revision.serial(), revision.end(), revision.shared());
        }
        load.answer.complete(revision);
    }

    private static Revision parse(long oid, Object value) {
        String method = Methods.LOAD_BEFORE;
        PyTuple answer = Wire.tuple(method, value, 3);
        return new Revision(
                oid,
                Wire.id(method, answer.get(1)),
                Wire.idOrNone(method, answer.get(2)),
                Wire.data(method, answer.get(0)));
    }

    /** Notes a transaction with the loads that are under way. Called before the cache is told. */
    void invalidated(long tid, long[] oids) {
        if (underWay.isEmpty() || oids.length == 0) {
            return;
        }
        Set<Long> changed = new HashSet<>();
        Arrays.stream(oids).forEach(changed::add);
        underWay.forEach((key, load) -> {
            if (changed.contains(key.oid)) {
                load.invalidatedAt = tid;
            }
        });
    }

    /** Many loads in one flight. */
    final class Bulk {
        /** How many answers may be missing at a time, so that neither side keeps more in memory. */
        private static final int WINDOW = 4000;

        private final long[] oids;
        private final long before;
        private final @Nullable Revision[] found;
        private final CompletableFuture<@Nullable Revision[]> all = new CompletableFuture<>();
        private int next;
        private int missing;
        private int done;
        /** Whether the loop that asks is further up on the stack: the cache answers at once. */
        private boolean asking;

        /** @param found what the cache had, by place */
        Bulk(long[] oids, long before, @Nullable Revision[] found) {
            this.oids = oids;
            this.before = before;
            this.found = found;
        }

        /** @return an object that does not exist, or did not before that transaction, is null */
        CompletableFuture<@Nullable Revision[]> start() {
            goOn();
            return all;
        }

        private void goOn() {
            if (asking) {
                return;
            }
            asking = true;
            while (missing < WINDOW && next < oids.length) {
                int place = next++;
                if (found[place] != null) {
                    done++;
                } else {
                    missing++;
                    ask(oids[place], before).whenComplete((revision, failure) -> answered(place, revision, failure));
                }
            }
            asking = false;
            if (done == oids.length) {
                all.complete(found);
            }
        }

        private void answered(int place, @Nullable Revision revision, @Nullable Throwable failure) {
            missing--;
            done++;
            found[place] = revision;
            if (failure != null && !(failure instanceof PosKeyException)) {
                all.completeExceptionally(failure);
            } else if (missing <= WINDOW / 2 && !all.isDone()) {
                goOn();
            }
        }
    }
}
