package io.zeolite.blob.tier;

import io.zeolite.blob.BlobRevision;
import io.zeolite.blob.BlobStore;
import io.zeolite.blob.ColdBlobs;
import io.zeolite.blob.KeyLayout;
import io.zeolite.blob.StoreException;
import io.zeolite.client.blob.ArrivingBlob;
import io.zeolite.client.blob.BlobCache;
import io.zeolite.client.blob.CacheEntry;
import io.zeolite.client.blob.OpenBlob;
import io.zeolite.error.CallException;
import io.zeolite.error.PosKeyException;
import io.zeolite.error.ZeoException;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The blobs that are in a store, by way of a cache on this machine. Those who want the same blob at the same time share
 * one download. Downloads run on threads of their own, so that a store that hangs holds up nothing else.
 */
public final class BlobTier implements ColdBlobs {
    private static final Logger LOG = LoggerFactory.getLogger(BlobTier.class);

    private static final Duration MOST_AT_END = Duration.ofSeconds(10);
    /** For uploads that are nearly done. */
    private static final Duration MOMENT = Duration.ofSeconds(3);

    private final BlobStore store;
    private final KeyLayout layout;
    private final BlobCache cache;
    private final TierSettings settings;
    private final Breaker breaker;
    private final ThreadPoolExecutor threads;
    private final ConcurrentHashMap<BlobRevision, Download> downloads = new ConcurrentHashMap<>();
    private final OncePerMinute complaints = new OncePerMinute(System::nanoTime);
    private final @Nullable Garbage garbage;
    private volatile @Nullable Keeper keeper;

    /**
     * Takes over the store and the cache, and closes them.
     *
     * @param garbage where revisions are listed that packs have removed; null to leave the store as it is
     */
    public BlobTier(
            BlobStore store, KeyLayout layout, BlobCache cache, TierSettings settings, @Nullable Garbage garbage) {
        this.garbage = garbage;
        this.store = store;
        this.layout = layout;
        this.cache = cache;
        this.settings = settings;
        this.breaker = new Breaker(
                store.name(),
                settings.failuresUntilAway(),
                settings.longestPause(),
                "Blobs that are only there cannot be read until it is back; everything else goes on.",
                System::nanoTime);
        AtomicInteger count = new AtomicInteger();
        this.threads = new ThreadPoolExecutor(
                settings.downloads(), settings.downloads(), 30, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
                    Thread thread = new Thread(task, "zeolite-cold-" + count.incrementAndGet());
                    thread.setDaemon(true);
                    return thread;
                });
        threads.allowCoreThreadTimeOut(true);
    }

    /** Takes over what is done about the store in the background, and ends it. */
    public void keep(Keeper newKeeper) {
        keeper = newKeeper;
    }

    @Override
    public void packed() throws IOException {
        if (garbage != null) {
            garbage.packed();
        }
    }

    @Override
    public void removed(long oid, long tid, Instant since) throws IOException {
        if (garbage != null) {
            garbage.add(new BlobRevision(oid, tid), since);
        }
        cache.remove(oid, tid);
    }

    @Override
    public void forceRemoved() throws IOException {
        if (garbage != null) {
            garbage.force();
        }
    }

    @Override
    public CompletableFuture<OpenBlob> open(long oid, long tid, PosKeyException missing) {
        BlobRevision revision = new BlobRevision(oid, tid);
        try {
            CacheEntry entry = cache.find(oid, tid);
            if (entry != null) {
                return CompletableFuture.completedFuture(entry);
            }
            return join(revision, missing);
        } catch (IOException e) {
            LOG.error("cannot read {} from the cache {}: {}", revision, cache.directory(), e.toString());
            return CompletableFuture.failedFuture(CallException.storage("cannot read a cached blob: " + e));
        }
    }

    private CompletableFuture<OpenBlob> join(BlobRevision revision, PosKeyException missing) throws IOException {
        // Where the store will not be asked, or another process does it, there is no hurry.
        boolean placeIsTaken = !breaker.isAway() && !cache.isArriving(revision.oid(), revision.tid());
        Download mine = new Download(
                store,
                layout.key(revision.oid(), revision.tid()),
                revision,
                cache,
                new Attempts(settings, breaker),
                failure -> translate(revision, failure, missing));
        Download running = downloads.putIfAbsent(revision, mine);
        if (running == null) {
            try {
                threads.execute(() -> mine.run(placeIsTaken, () -> downloads.remove(revision, mine)));
                if (placeIsTaken) {
                    mine.takePlace();
                }
            } catch (RejectedExecutionException e) {
                refuse(revision, mine, "the server is stopping");
            } catch (OutOfMemoryError e) {
                LOG.error("cannot fetch {}: {}", revision, e.getMessage());
                refuse(revision, mine, revision + " cannot be fetched, there is no thread for it: " + e.getMessage());
            }
        }
        return (running == null ? mine : running).opened().thenCompose(opened -> source(revision, opened, missing));
    }

    /** The next one to ask tries again. */
    private void refuse(BlobRevision revision, Download notBegun, String why) {
        downloads.remove(revision, notBegun);
        notBegun.opened().completeExceptionally(CallException.storage(why));
    }

    private CompletableFuture<OpenBlob> source(
            BlobRevision revision, Optional<ArrivingBlob> opened, PosKeyException missing) {
        OpenBlob reader = opened.map(ArrivingBlob::reader).orElse(null);
        // Without one, it has come into the cache in between.
        return reader == null
                ? open(revision.oid(), revision.tid(), missing)
                : CompletableFuture.completedFuture(reader);
    }

    /** What the client is told. */
    private ZeoException translate(BlobRevision revision, Throwable failure, PosKeyException missing) {
        if (threads.isShutdown()) {
            return CallException.storage("the server is stopping");
        }
        if (failure instanceof StoreException said) {
            switch (said.reason()) {
                case NOT_FOUND -> {
                    return notFound(revision, missing);
                }
                case UNAVAILABLE -> LOG.debug("{}: {}", revision, said.getMessage());
                case DENIED, REFUSED, ARCHIVED, CHANGED, CONTENDED ->
                    complaints.tell(
                            said.reason(),
                            unsaid -> LOG.error("cannot fetch {}: {}{}", revision, said.getMessage(), others(unsaid)));
            }
            return CallException.storage(revision + " cannot be fetched: " + said.getMessage());
        }
        String what = store.name() + layout.key(revision.oid(), revision.tid()) + " into the cache " + cache.directory()
                + ": " + failure;
        complaints.tell(failure.getClass(), unsaid -> LOG.error("cannot fetch {}{}", what, others(unsaid)));
        return CallException.storage("cannot fetch " + what);
    }

    private static String others(long unsaid) {
        return unsaid == 0 ? "" : " (and " + unsaid + " others of this kind before)";
    }

    private PosKeyException notFound(BlobRevision revision, PosKeyException missing) {
        String key = layout.key(revision.oid(), revision.tid());
        String where = String.valueOf(missing.getMessage()).replace("No blob file at ", "");
        return PosKeyException.noBlob(
                where + ", nor in " + store.name() + key
                        + " (if this is a copy of another database: there the blob has not been archived yet)",
                revision.oid(),
                revision.tid());
    }

    @Override
    public void close() {
        breaker.stop();
        threads.shutdown();
        Keeper kept = keeper;
        if (kept != null) {
            kept.end(MOMENT);
        }
        // Downloads, and uploads that hang, break off.
        store.close();
        if (kept != null) {
            kept.close();
        }
        try {
            if (!threads.awaitTermination(MOST_AT_END.toSeconds(), TimeUnit.SECONDS)) {
                LOG.warn("downloads from {} are still busy after {} s", store.name(), MOST_AT_END.toSeconds());
            }
            cache.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            LOG.warn("cannot close the cache {}: {}", cache.directory(), e.toString());
        }
    }
}
