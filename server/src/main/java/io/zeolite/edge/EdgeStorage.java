package io.zeolite.edge;

import io.zeolite.blob.directory.BlobDirectory;
import io.zeolite.client.Relay;
import io.zeolite.client.RelayListener;
import io.zeolite.client.Revision;
import io.zeolite.client.Wire;
import io.zeolite.client.blob.OpenBlob;
import io.zeolite.client.connection.ZeoConnection;
import io.zeolite.error.CallException;
import io.zeolite.error.PosKeyException;
import io.zeolite.invalidation.InvalidationHub;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PyDict;
import io.zeolite.pickle.PyTuple;
import io.zeolite.platform.LostThreadError;
import io.zeolite.storage.Completion;
import io.zeolite.storage.CopiedTransaction;
import io.zeolite.storage.CurrentRecord;
import io.zeolite.storage.InvalidationListener;
import io.zeolite.storage.Invalidations;
import io.zeolite.storage.LoadResult;
import io.zeolite.storage.RevisionSummary;
import io.zeolite.storage.Storage;
import io.zeolite.storage.StorageAwayException;
import io.zeolite.storage.StorageInfo;
import io.zeolite.storage.StorageTransaction;
import io.zeolite.storage.Subscription;
import io.zeolite.storage.TransactionIterator;
import io.zeolite.storage.TransactionMetadata;
import io.zeolite.storage.TransactionSummary;
import io.zeolite.zodb.Ids;
import io.zeolite.zodb.Tid;
import io.zeolite.zodb.TimeStamp;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A storage that another server has. Any thread.
 *
 * <p>A load that the cache can answer completes at once; every other call is passed on, and completes on the event loop of
 * the connection. There transactions are published too, so what clients are told has the order of the other server.
 *
 * <p>While there is no connection, the cache goes on answering, and what it cannot answer waits as long as the client's
 * options say, then fails with {@link StorageAwayException}. A new connection makes all clients verify what they have.
 */
public final class EdgeStorage implements Storage {
    private static final Logger LOG = LoggerFactory.getLogger(EdgeStorage.class);

    private static final String BLOBS = "ZODB.interfaces.IBlobStorage";

    private final EdgeSettings settings;
    private final Relay relay;
    private final Passing passing;
    private final InvalidationHub hub;
    private volatile StorageInfo info;
    private volatile boolean hasBlobs;

    // The rest is guarded by this.
    private final List<Completion<Void>> untilOpen = new ArrayList<>();
    private boolean open;
    /** Those that have been voted on and are not over, and the one of them that has the connection. */
    private final Set<EdgeTransaction> voted = new HashSet<>();

    private @Nullable EdgeTransaction holder;
    private @Nullable Instant heldSince;
    /** Whether the server stops: nothing is voted on any more. */
    private boolean draining;

    private @Nullable Completion<Void> whenDrained;
    /** What fails the votes that came too late. */
    private final List<Runnable> refused = new ArrayList<>();

    private EdgeStorage(EdgeSettings settings) throws IOException {
        this.settings = settings;
        this.relay = Relay.open(settings.client(), new Upstream());
        this.passing = new Passing(relay);
        long known = relay.lastTransaction();
        this.hub = new InvalidationHub(
                settings.invalidationQueueSize(),
                relay::lastTransaction,
                known == Tid.NONE ? List.of() : List.of(new Invalidations(known, new long[0])));
        this.info = new StorageInfo(settings.name(), settings.readOnly(), false, false, List.of());
    }

    /**
     * Opens the caches, and begins to connect.
     *
     * @throws IOException if a cache or a file for TLS cannot be opened
     */
    public static EdgeStorage open(EdgeSettings settings) throws IOException {
        EdgeStorage storage = new EdgeStorage(settings);
        storage.relay.start();
        return storage;
    }

    /** Waits for the other server, as long as the client's options say. */
    public void awaitConnection() throws IOException {
        try {
            relay.connected().get();
        } catch (ExecutionException e) {
            throw new IOException(Passing.failure(e).getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while waiting for another server", e);
        }
    }

    /** What comes from the other server, on the event loop. */
    private final class Upstream implements RelayListener {
        @Override
        public void publish(long tid, long[] oids, Runnable makeVisible) {
            EdgeStorage.this.publish(tid, oids, makeVisible, null);
        }

        @Override
        public void caughtUp(long tid, long @Nullable [] oids, Runnable makeVisible) {
            hub.resume(makeVisible, new Invalidations(tid, oids == null ? new long[0] : oids), oids != null);
        }

        @Override
        public void connected() {
            nowOpen();
        }

        @Override
        public void resized() {
            if (!isFinishing()) {
                hub.resized();
            }
        }

        /** Nothing replaces it: as when an event loop of the server's has ended. */
        @Override
        public void ended(Throwable failure) {
            Thread thread = Thread.currentThread();
            thread.getUncaughtExceptionHandler()
                    .uncaughtException(
                            thread, new LostThreadError("the client of the central server has failed", failure));
        }
    }

    void publish(long tid, long[] oids, Runnable makeVisible, @Nullable Subscription committer) {
        hub.publish(
                List.of(new InvalidationHub.Committed(makeVisible, new Invalidations(tid, oids), committer, () -> {})));
    }

    EdgeSettings settings() {
        return settings;
    }

    // What it is

    private void nowOpen() {
        PyDict server = relay.serverInfo();
        io.zeolite.client.StorageInfo known = relay.info();
        if (server == null || known == null) {
            throw new IllegalStateException("connected, and nothing is known of the storage");
        }
        List<String> interfaces = Wire.interfaces(server);
        hasBlobs = relay.hasBlobDirectory() && interfaces.contains(BLOBS);
        boolean wasReadOnly = info.readOnly();
        info = new StorageInfo(
                settings.name() + " (connected)",
                settings.readOnly() || known.readOnly(),
                Boolean.TRUE.equals(server.get("supportsUndo")),
                Boolean.TRUE.equals(server.get("supports_record_iternext")),
                interfaces.stream()
                        .filter(name -> hasBlobs || !name.startsWith(BLOBS))
                        .toList());
        List<Completion<Void>> waiting;
        synchronized (this) {
            open = true;
            waiting = List.copyOf(untilOpen);
            untilOpen.clear();
        }
        waiting.forEach(Completion::done);
        if (wasReadOnly && !info.readOnly()) {
            // Who came back before this was known would be content with reading for ever.
            hub.outdated();
        }
    }

    /** A client that has been elsewhere may know more than is known here, and would not put up with that. */
    @Override
    public void whenOpen(Completion<Void> completion) {
        synchronized (this) {
            if (!open) {
                // Clients that do not get on come and go, for as long as the other server is away.
                untilOpen.removeIf(waiting -> !waiting.isAwaited());
                untilOpen.add(completion);
                return;
            }
        }
        passing.pass(this::syncIfConnected, EdgeStorage::nothing, completion);
    }

    private CompletableFuture<@Nullable Object> syncIfConnected() {
        ZeoConnection connection = relay.currentConnection();
        return connection == null
                ? CompletableFuture.<@Nullable Object>completedFuture(null)
                : connection
                        .call(Methods.LAST_TRANSACTION, PyTuple.EMPTY)
                        .<@Nullable Object>handle((answer, failure) -> answer);
    }

    @Override
    public StorageInfo info() {
        return info;
    }

    @Override
    public long lastTransaction() {
        return relay.lastTransaction();
    }

    @Override
    public long length() {
        io.zeolite.client.StorageInfo known = relay.info();
        return known == null ? 0 : known.length();
    }

    @Override
    public long size() {
        io.zeolite.client.StorageInfo known = relay.info();
        return known == null ? 0 : known.sizeBytes();
    }

    // Reading

    @Override
    public void loadBefore(long oid, long before, Completion<LoadResult> completion) {
        Revision cached = relay.cached(oid, before);
        if (cached != null) {
            completion.complete(loaded(cached));
            return;
        }
        passing.pass(
                () -> relay.load(oid, before),
                found -> found == null ? new LoadResult.NoneBefore(Tid.NONE) : loaded(found),
                new Completion<>() {
                    @Override
                    public void complete(LoadResult result) {
                        completion.complete(result);
                    }

                    @Override
                    public void fail(Throwable failure) {
                        if (failure instanceof PosKeyException) {
                            completion.complete(LoadResult.NO_OBJECT);
                        } else {
                            completion.fail(failure);
                        }
                    }
                });
    }

    private static LoadResult loaded(Revision revision) {
        return new LoadResult.Loaded(Relay.record(revision), revision.serial(), revision.end());
    }

    @Override
    public void loadSerial(long oid, long serial, Completion<byte[]> completion) {
        Revision cached = relay.cached(oid, serial + 1);
        if (cached != null && cached.serial() == serial) {
            completion.complete(Relay.record(cached));
            return;
        }
        passing.pass(
                () -> relay.ask(Methods.LOAD_SERIAL, PyTuple.of(Ids.bytes(oid), Ids.bytes(serial))),
                data -> Wire.data(Methods.LOAD_SERIAL, data),
                completion);
    }

    @Override
    public void getTid(long oid, Completion<Long> completion) {
        passing.pass(
                () -> relay.ask(Methods.GET_TID, PyTuple.of((Object) Ids.bytes(oid))),
                tid -> Wire.id(Methods.GET_TID, tid),
                completion);
    }

    @Override
    public TransactionIterator iterator(long start, long stop) {
        return EdgeIterator.start(EdgeIterator.await(relay.connection()), start, stop);
    }

    @Override
    public CurrentRecord recordIternext(long oid) {
        return Entries.currentRecord(
                EdgeIterator.await(relay.ask(Methods.RECORD_ITERNEXT, PyTuple.of((Object) Wire.bytesOrNone(oid)))));
    }

    @Override
    public void history(long oid, long size, Completion<List<RevisionSummary>> completion) {
        passing.pass(() -> relay.ask(Methods.HISTORY, PyTuple.of(Ids.bytes(oid), size)), Entries::history, completion);
    }

    @Override
    public void undoLog(
            long first,
            long last,
            Predicate<TransactionSummary> filter,
            Completion<List<TransactionSummary>> completion) {
        new UndoLogSearch(relay, first, last, filter, completion).run();
    }

    @Override
    public void newOids(int count, Completion<long[]> completion) {
        passing.pass(() -> relay.newOids(count), oids -> oids, completion);
    }

    // Invalidations

    /** Behind what the other server has told before it answers, so nothing is missing that it knows of. */
    @Override
    public void sync(Completion<Void> completion) {
        passing.pass(() -> relay.ask(Methods.LAST_TRANSACTION, PyTuple.EMPTY), EdgeStorage::nothing, completion);
    }

    @Override
    public void invalidationsSince(long tid, Completion<Optional<Invalidations>> completion) {
        Optional<Invalidations> known = hub.since(tid);
        if (known.isPresent()) {
            completion.complete(known);
            return;
        }
        passing.pass(() -> relay.changesSince(tid), EdgeStorage::invalidations, completion);
    }

    private static Optional<Invalidations> invalidations(@Nullable Object answer) {
        if (answer == null) {
            return Optional.empty();
        }
        PyTuple pair = Wire.tuple(Methods.GET_INVALIDATIONS, answer, 2);
        return Optional.of(new Invalidations(
                Wire.id(Methods.GET_INVALIDATIONS, pair.get(0)), Wire.ids(Methods.GET_INVALIDATIONS, pair.get(1))));
    }

    @Override
    public Subscription subscribe(InvalidationListener listener) {
        return hub.subscribe(listener);
    }

    // Transactions

    @Override
    public StorageTransaction begin(
            @Nullable Subscription committer,
            TransactionMetadata metadata,
            @Nullable CopiedTransaction copied,
            Runnable onTimeout) {
        return new EdgeTransaction(this, relay.transaction(), passing, committer, metadata, copied, onTimeout);
    }

    /** Whether a transaction may be voted on. */
    synchronized boolean admit(EdgeTransaction transaction) {
        return !draining && voted.add(transaction);
    }

    /** Fails a vote that was not admitted, behind those that were, who may have the same client's connection. */
    void refuse(Runnable failing) {
        synchronized (this) {
            if (!voted.isEmpty()) {
                refused.add(failing);
                return;
            }
        }
        failing.run();
    }

    /** The transaction has the connection now. */
    synchronized void holds(EdgeTransaction transaction) {
        if (voted.contains(transaction)) {
            holder = transaction;
            heldSince = Instant.now();
        }
    }

    void released(EdgeTransaction transaction) {
        Completion<Void> drained = null;
        List<Runnable> failing = List.of();
        synchronized (this) {
            voted.remove(transaction);
            if (holder == transaction) {
                holder = null;
                heldSince = null;
            }
            if (voted.isEmpty()) {
                drained = whenDrained;
                whenDrained = null;
                failing = List.copyOf(refused);
                refused.clear();
            }
        }
        failing.forEach(Runnable::run);
        if (drained != null) {
            Completion.done(drained);
        }
    }

    private synchronized boolean isFinishing() {
        return holder != null;
    }

    @Override
    public synchronized int waitingVotes() {
        return voted.size() - (holder == null ? 0 : 1);
    }

    @Override
    public synchronized @Nullable Instant lockedSince() {
        return heldSince;
    }

    @Override
    public void drain(Completion<Void> completion) {
        synchronized (this) {
            draining = true;
            if (!voted.isEmpty()) {
                whenDrained = completion;
                return;
            }
        }
        Completion.done(completion);
    }

    @Override
    public void pack(long stop, boolean isWhole, Completion<Void> completion) {
        passing.pass(
                () -> relay.call(Methods.PACK, PyTuple.of(TimeStamp.toEpochSeconds(stop), true)),
                EdgeStorage::nothing,
                completion);
    }

    @SuppressWarnings("NullAway") // Void has no other value than null.
    private static Void nothing(@Nullable Object answer) {
        return null;
    }

    // Blobs

    @Override
    public boolean hasBlobs() {
        return hasBlobs;
    }

    @Override
    public Path newBlobFile() throws IOException {
        return relay.newBlobFile();
    }

    @Override
    public boolean syncsBlobs() {
        return false;
    }

    @Override
    public Path sharedBlobFile(long oid, String baseName) {
        Path directory = hasBlobs ? relay.sharedDirectory(oid) : null;
        if (directory == null) {
            throw CallException.unsupported(
                    "the blob directory of this server is a cache, which clients cannot share with it for writing");
        }
        return BlobDirectory.sharedFile(directory, baseName);
    }

    @Override
    public void openBlob(long oid, long serial, Completion<OpenBlob> completion) {
        if (!hasBlobs) {
            completion.fail(CallException.unsupported("this storage has no blobs"));
            return;
        }
        CompletableFuture<OpenBlob> opened = relay.openBlob(oid, serial);
        opened.whenComplete((blob, failure) -> {
            if (failure == null) {
                blob.whenAvailable(0, () -> begin(blob, completion));
            } else {
                completion.fail(Passing.failure(failure));
            }
        });
    }

    /** Of a blob that has nothing yet, and never will, the client hears what it hears of any call that failed. */
    private static void begin(OpenBlob blob, Completion<OpenBlob> completion) {
        Throwable failure = blob.failure();
        if (failure == null || blob.available() > 0) {
            completion.complete(new PassedBlob(blob));
            return;
        }
        try {
            blob.close();
        } catch (IOException e) {
            LOG.warn("cannot close a blob: {}", e.toString());
        }
        completion.fail(Passing.failure(failure));
    }

    @Override
    public void close() {
        relay.close();
    }
}
