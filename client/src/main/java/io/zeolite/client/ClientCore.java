package io.zeolite.client;

import io.netty.handler.ssl.SslContext;
import io.zeolite.client.cache.CacheFile;
import io.zeolite.client.cache.CacheJournal;
import io.zeolite.client.cache.ObjectCache;
import io.zeolite.client.connection.ClientLoops;
import io.zeolite.client.connection.ConnectionOptions;
import io.zeolite.client.connection.DisconnectedException;
import io.zeolite.client.connection.Done;
import io.zeolite.client.connection.LinkOptions;
import io.zeolite.client.connection.LinkUser;
import io.zeolite.client.connection.ServerLink;
import io.zeolite.client.connection.ZeoConnection;
import io.zeolite.error.ZeoException;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PyDict;
import io.zeolite.pickle.PyTuple;
import io.zeolite.wire.BlobPiece;
import io.zeolite.zodb.Ids;
import io.zeolite.zodb.Tid;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the blocking and the asynchronous client are two views of. Any thread; the state is the event loop's but for what is
 * volatile.
 *
 * <p>The futures in here complete on the event loop. What goes out to callers passes through {@link #publish}.
 */
final class ClientCore implements LinkUser {
    private static final Logger LOG = LoggerFactory.getLogger(ZeoClient.class);

    private static final long[] NO_OIDS = {};

    private final ZeoClientOptions options;
    private final Workers workers = new Workers();
    private final Notifications notifications = new Notifications(workers.callbacks());
    private final @Nullable CacheFile cacheFile;
    private final ObjectCache cache;
    private final ServerLink link;
    private final Loads loads;
    private final CommitTurns turns = new CommitTurns();
    private final OidSupply oids;
    private final @Nullable BlobStore blobs;

    private final RelayListener relay;

    /** Of which transactions the cache was told when it was verified: after the one, up to the other. The event loop's. */
    private long askedAfter = Tid.NONE;

    private long answeredUpTo = Tid.NONE;

    private volatile @Nullable StorageInfo info;
    private volatile @Nullable PyDict rawInfo;

    private ClientCore(
            ZeoClientOptions options,
            @Nullable SslContext tls,
            @Nullable CacheFile cacheFile,
            @Nullable BlobDirectory blobDirectory,
            RelayListener relay) {
        this.options = options;
        this.relay = relay;
        this.cacheFile = cacheFile;
        this.cache = cacheFile == null ? new ObjectCache(options.cacheBytes(), CacheJournal.NONE) : cacheFile.cache();
        TlsOptions tlsOptions = options.tls();
        ConnectionOptions connection = ConnectionOptions.DEFAULT
                .withConnectTimeout(options.connectTimeout())
                .withTls(tls)
                .withServerName(tlsOptions == null ? null : tlsOptions.serverName());
        this.link = new ServerLink(
                new LinkOptions(
                        options.addresses(),
                        options.storage(),
                        options.access(),
                        options.label(),
                        connection,
                        options.firstRetry(),
                        options.lastRetry(),
                        options.waitTimeout(),
                        options.serverTimeout(),
                        workers.io()),
                this);
        this.loads = new Loads(cache, link);
        this.oids = new OidSupply(link);
        this.blobs = blobDirectory == null ? null : new BlobStore(blobDirectory, link, workers.io());
    }

    /** Opens the caches, and begins to connect. */
    static ClientCore open(ZeoClientOptions options) throws IOException {
        ClientCore core = prepare(options, RelayListener.NONE);
        core.link.start();
        return core;
    }

    /** Opens the caches. Nothing connects before the link is started. */
    static ClientCore prepare(ZeoClientOptions options, RelayListener relay) throws IOException {
        TlsOptions tls = options.tls();
        SslContext context = tls == null ? null : tls.context();
        Path file = options.cacheFile();
        CacheFile cacheFile = file == null ? null : CacheFile.open(file, options.storage(), options.cacheBytes());
        BlobDirectory blobDirectory = null;
        ClientCore core = null;
        try {
            blobDirectory = BlobDirectory.open(options);
            core = new ClientCore(options, context, cacheFile, blobDirectory, relay);
            return core;
        } finally {
            if (core == null && blobDirectory != null) {
                blobDirectory.close();
            }
            if (core == null && cacheFile != null) {
                cacheFile.close();
            }
        }
    }

    ZeoClientOptions options() {
        return options;
    }

    ObjectCache cache() {
        return cache;
    }

    ServerLink link() {
        return link;
    }

    /** A connection, and the right to have a transaction on it. */
    record Place(ZeoConnection connection, CommitTurns.Turn turn) {}

    /**
     * Waits for a connection and for its turn. Nobody who has the turn waits for a connection: all behind would begin to wait for it
     * one after the other, each for its own time. On the event loop.
     */
    CompletableFuture<Place> place() {
        return link.connection().thenCompose(open -> turns.take()).thenCompose(turn -> {
            ZeoConnection connection = link.currentConnection();
            if (connection != null) {
                return CompletableFuture.completedFuture(new Place(connection, turn));
            }
            turn.end();
            return place();
        });
    }

    OidSupply oids() {
        return oids;
    }

    Workers workers() {
        return workers;
    }

    Notifications notifications() {
        return notifications;
    }

    /** @throws IllegalStateException if the client has no blob directory */
    BlobStore blobs() {
        if (blobs == null) {
            throw new IllegalStateException(
                    "the client has no directory for blobs (expected: blobCache or sharedBlobDirectory in its options)");
        }
        return blobs;
    }

    // Loads

    /** @param before {@link Tid#MAX} for the current revision */
    CompletableFuture<@Nullable Revision> load(long oid, long before) {
        Revision cached = loads.cached(oid, before);
        if (cached != null) {
            return CompletableFuture.<@Nullable Revision>completedFuture(cached);
        }
        return this.<@Nullable Revision>onLoop(() -> loads.ask(oid, before));
    }

    @Nullable
    Revision cached(long oid, long before) {
        return loads.cached(oid, before);
    }

    CompletableFuture<@Nullable Revision[]> loadAll(long[] wanted, long before) {
        long[] copy = wanted.clone();
        @Nullable Revision[] found = new @Nullable Revision[copy.length];
        boolean complete = true;
        for (int i = 0; i < copy.length; i++) {
            found[i] = loads.cached(copy[i], before);
            complete &= found[i] != null;
        }
        return complete
                ? CompletableFuture.completedFuture(found)
                : onLoop(() -> loads.new Bulk(copy, before, found).start());
    }

    // Calls

    /** Runs a step on the event loop; its future fails if the client was closed. */
    <T extends @Nullable Object> CompletableFuture<T> onLoop(Supplier<CompletableFuture<T>> step) {
        CompletableFuture<T> result = new CompletableFuture<>();
        try {
            link.onLoop(() -> {
                try {
                    relay(step.get(), result);
                } catch (RuntimeException e) {
                    result.completeExceptionally(e);
                } catch (Error e) {
                    // Not for lack of memory either may a part of a transaction be missing.
                    link.failConnection(e);
                    result.completeExceptionally(e);
                }
            });
        } catch (RejectedExecutionException e) {
            result.completeExceptionally(link.closedReason());
        }
        return result;
    }

    /** Lets one future end as another one does. */
    static <T extends @Nullable Object> void relay(CompletableFuture<T> from, CompletableFuture<T> to) {
        from.whenComplete((value, failure) -> {
            if (failure == null) {
                to.complete(value);
            } else {
                to.completeExceptionally(failure);
            }
        });
    }

    /** A call that changes nothing on the server. */
    CompletableFuture<@Nullable Object> ask(String method, PyTuple args) {
        return link.call(method, args, ServerLink.Retry.YES);
    }

    /**
     * A future for callers: it fails with what they know, and what hangs on it runs on threads that may be blocked.
     * Cancelling it means that nobody waits any more.
     */
    <T extends @Nullable Object> CompletableFuture<T> publish(CompletableFuture<T> inner) {
        CompletableFuture<T> outer = new CompletableFuture<>();
        if (inner.isDone()) {
            complete(inner, outer);
        } else {
            inner.whenComplete((value, failure) -> workers.callBack(() -> complete(inner, outer)));
        }
        return outer;
    }

    private static <T extends @Nullable Object> void complete(CompletableFuture<T> inner, CompletableFuture<T> outer) {
        inner.whenComplete((value, failure) -> {
            if (failure != null) {
                outer.completeExceptionally(Failures.of(failure));
            } else if (!outer.complete(value) && value instanceof BlobFile unwanted) {
                unwanted.discard();
            }
        });
    }

    /** What the server said last; waits for the first connection. */
    CompletableFuture<StorageInfo> info() {
        return known(link.connection());
    }

    /** The same, for a program that starts: it waits, also if its calls fail at once later. */
    CompletableFuture<StorageInfo> firstInfo() {
        Duration patience = options.waitTimeout();
        return known(link.connection(patience.isZero() ? options.connectTimeout() : patience));
    }

    private CompletableFuture<StorageInfo> known(CompletableFuture<ZeoConnection> connected) {
        return connected.thenApply(connection -> {
            StorageInfo known = info;
            if (known == null) {
                throw new IllegalStateException("connected, and nothing is known of the storage");
            }
            return known;
        });
    }

    /** The answer to {@code get_info} of the last server that was connected, as it came; null before. */
    @Nullable
    PyDict rawInfo() {
        return rawInfo;
    }

    /** What the server has said of the storage last; null before the first connection. */
    @Nullable
    StorageInfo knownInfo() {
        return info;
    }

    // The link

    @Override
    public boolean isBehind(long lastTransaction) {
        return Tid.isAfter(cache.lastTransaction(), lastTransaction);
    }

    @Override
    public CompletableFuture<Done> verify(ZeoConnection connection, long lastTransaction) {
        long known = cache.lastTransaction();
        CompletableFuture<Done> verified;
        if (known == lastTransaction) {
            caughtUp(lastTransaction, NO_OIDS, () -> {});
            verified = Done.future();
        } else if (isBehind(lastTransaction)) {
            verified = CompletableFuture.failedFuture(new IllegalStateException("its last transaction is "
                    + Tid.toString(lastTransaction) + ", and this client knows of " + Tid.toString(known)
                    + " (expected: the same storage, not an older copy). If it was restored from a backup: stop this one, "
                    + (cacheFile == null ? "" : "delete " + options.cacheFile() + ", ")
                    + "and start it again"));
        } else if (known == Tid.NONE && cache.statistics().revisions() == 0) {
            caughtUp(lastTransaction, null, () -> cache.forget(lastTransaction, NO_OIDS));
            notifications.tell(listener -> listener.everythingInvalidated(lastTransaction));
            verified = Done.future();
        } else {
            verified = changesSince(connection, known).thenApply(answer -> catchUp(answer, lastTransaction));
        }
        return verified.thenCompose(done -> connection.call(Methods.GET_INFO, PyTuple.EMPTY))
                .thenApply(answer -> {
                    PyDict dict = Wire.dict(Methods.GET_INFO, answer);
                    rawInfo = dict;
                    info = info(connection, dict);
                    return Done.DONE;
                });
    }

    /**
     * The answer to {@code getInvalidations}; null also if the storage has no transaction with this tid, since it is another
     * one, or was restored from a backup. Python's server does not look.
     */
    static CompletableFuture<@Nullable Object> changesSince(ZeoConnection connection, long tid) {
        return connection
                .call(Methods.GET_INVALIDATIONS, PyTuple.of((Object) Ids.bytes(tid)))
                .<@Nullable Object>thenCompose(answer -> answer == null
                        ? CompletableFuture.<@Nullable Object>completedFuture(null)
                        : has(connection, tid).<@Nullable Object>thenApply(has -> has ? answer : null));
    }

    /** Whether the storage has a transaction. One that cannot say which it has is believed. */
    private static CompletableFuture<Boolean> has(ZeoConnection connection, long tid) {
        return connection
                .call(Methods.ITERATOR_START, PyTuple.of(Ids.bytes(tid), Ids.bytes(tid)))
                .thenCompose(id -> connection
                        .call(Methods.ITERATOR_NEXT, PyTuple.of(id))
                        .thenApply(found -> {
                            if (found != null) {
                                connection.send(Methods.ITERATOR_GC, PyTuple.of(List.of(id)));
                            }
                            return found != null;
                        }))
                .exceptionallyCompose(failure -> Failures.root(failure) instanceof ZeoException
                        ? CompletableFuture.completedFuture(true)
                        : CompletableFuture.failedFuture(failure));
    }

    private void caughtUp(long tid, long @Nullable [] changed, Runnable makeVisible) {
        relay.caughtUp(tid, changed, makeVisible);
    }

    private void startOver(long lastTransaction) {
        caughtUp(lastTransaction, null, () -> cache.clear(lastTransaction));
        notifications.tell(listener -> listener.everythingInvalidated(lastTransaction));
    }

    private Done catchUp(@Nullable Object answer, long lastTransaction) {
        if (answer == null) {
            LOG.info("the server cannot say what has changed while we were away: the cache is dropped");
            startOver(lastTransaction);
            return Done.DONE;
        }
        PyTuple pair = Wire.tuple(Methods.GET_INVALIDATIONS, answer, 2);
        long tid = Wire.id(Methods.GET_INVALIDATIONS, pair.get(0));
        long[] changed = Wire.ids(Methods.GET_INVALIDATIONS, pair.get(1));
        if (Tid.isAfter(tid, cache.lastTransaction())) {
            askedAfter = cache.lastTransaction();
            answeredUpTo = tid;
            caughtUp(tid, changed, () -> cache.forget(tid, changed));
            notifications.tell(listener -> listener.invalidated(tid, changed.clone()));
        } else {
            caughtUp(cache.lastTransaction(), NO_OIDS, () -> {});
        }
        return Done.DONE;
    }

    private static StorageInfo info(ZeoConnection connection, PyDict answer) {
        return new StorageInfo(
                Wire.text(answer.get("name")),
                Wire.number(answer.get("length")),
                Wire.number(answer.get("size")),
                Boolean.TRUE.equals(answer.get("supportsUndo")),
                Set.copyOf(Wire.interfaces(answer)),
                false,
                ClientLoops.describe(connection.address()),
                connection.encoding());
    }

    @Override
    public void connected(ZeoConnection connection, boolean readOnly) {
        StorageInfo known = info;
        if (known != null && readOnly) {
            info = known.withReadOnly();
        }
        relay.connected();
    }

    @Override
    public void received(String method, PyTuple args) {
        switch (method) {
            case Methods.INVALIDATE_TRANSACTION -> {
                long tid = Wire.id(method, args.get(0));
                long[] changed = Wire.ids(method, args.get(1));
                if (!isAnswered(tid)) {
                    invalidated(tid, changed, relay);
                }
            }
            case Methods.INFO -> sizes(Wire.dict(method, args.get(0)));
            case Methods.RECEIVE_BLOB_START, Methods.RECEIVE_BLOB_CHUNK, Methods.RECEIVE_BLOB_STOP -> {
                if (blobs != null) {
                    blobs.received(method, args);
                }
            }
            default -> LOG.debug("the server calls {}, which is unknown", method);
        }
    }

    @Override
    public void received(BlobPiece piece) {
        if (blobs != null) {
            blobs.received(piece.oid(), piece.serial(), piece.data());
        }
    }

    /**
     * Whether the cache was told of it when it was verified: what is committed after the registration is told too, and held back
     * meanwhile. Not the last one, as which a server in front tells of what it hears late.
     */
    private boolean isAnswered(long tid) {
        return Tid.isAfter(tid, askedAfter) && Tid.isAfter(answeredUpTo, tid);
    }

    private void sizes(PyDict changed) {
        StorageInfo known = info;
        if (known != null) {
            Object length = changed.get("length");
            Object size = changed.get("size");
            info = known.withSizes(
                    length == null ? known.length() : Wire.number(length),
                    size == null ? known.sizeBytes() : Wire.number(size));
            relay.resized();
        }
    }

    private void invalidated(long tid, long[] changed, RelayPublication publication) {
        long last = cache.lastTransaction();
        if (Tid.isAfter(tid, last)) {
            loads.invalidated(tid, changed);
            publication.publish(tid, changed, () -> cache.invalidate(tid, changed));
            notifications.tell(listener -> listener.invalidated(tid, changed.clone()));
        } else {
            invalidatedLate(tid, last, changed);
        }
    }

    /**
     * Python's server under uvloop sometimes tells of a transaction only after it has answered the finish of a later one. What
     * the cache has of its objects may have been served as current meanwhile; it is not any more. Those behind, who know of the
     * later one, are told that it has changed these objects too, and pass that on in the same way.
     */
    private void invalidatedLate(long tid, long last, long[] changed) {
        if (tid != last) {
            LOG.warn(
                    "the server tells of transaction {} after {}: what was loaded meanwhile may not have been of one state",
                    Tid.toHex(tid),
                    Tid.toHex(last));
        }
        loads.invalidated(tid, changed);
        relay.publish(last, changed, () -> cache.forget(last, changed));
        notifications.tell(listener -> listener.invalidated(last, changed.clone()));
    }

    /** The client's own transaction was committed. On the event loop, before the next message is looked at. */
    void committed(long tid, long[] changed, Iterable<CommitEvidence.Store> written, RelayPublication publication) {
        invalidated(tid, changed, publication);
        for (CommitEvidence.Store store : written) {
            cache.put(store.oid(), tid, Tid.NONE, store.data());
        }
    }

    @Override
    public void disconnected(DisconnectedException reason) {
        turns.connectionLost();
        oids.connectionLost();
    }

    @Override
    public void ended(Throwable failure) {
        relay.ended(failure);
    }

    /** Waits for a result; as long as it takes if the time is zero. */
    <T extends @Nullable Object> T await(CompletableFuture<T> future, Duration timeout) {
        return Failures.await(future, timeout, link);
    }

    /** How long a blocking call of the usual kind waits. */
    Duration callTimeout() {
        return options.callTimeout();
    }

    /** Ends the connection, the threads and the caches. Calls that wait fail. */
    void close() {
        link.close();
        workers.close();
        close(cacheFile);
        close(blobs);
    }

    private static void close(@Nullable Closeable opened) {
        try {
            if (opened != null) {
                opened.close();
            }
        } catch (IOException e) {
            LOG.warn("closing a cache: {}", e.toString());
        }
    }
}
