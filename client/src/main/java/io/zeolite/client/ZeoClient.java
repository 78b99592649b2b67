package io.zeolite.client;

import io.zeolite.client.cache.CacheStatistics;
import io.zeolite.client.record.PlainValues;
import io.zeolite.pickle.PyDict;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A client of one storage of a ZEO server: any server of ZEO 5 or 6. Safe for any number of threads, which share one
 * connection and one cache; a program needs one client for each storage. {@link #async} is the same client without waiting.
 *
 * <pre>
 * try (ZeoClient client = ZeoClient.connect("zeo://127.0.0.1:8100/1")) {
 *     Revision root = client.load(Oid.ROOT);
 *     ...
 * }
 * </pre>
 *
 * <p>Connecting goes on in the background, and again whenever the connection breaks, to whichever address can be had. While
 * there is no connection, calls wait for {@link ZeoClientOptions.Builder#waitTimeout}, and fail with
 * {@link ServerUnavailableException} then; what is in the cache is loaded all the same, as of {@link #lastTransaction}.
 * Calls that only read are repeated on the next connection if theirs breaks; if it is their answer that cannot be read, once.
 *
 * <p>Calls throw:
 *
 * <ul>
 *   <li>{@link io.zeolite.error.ZeoException}, or one of its subclasses, if the server answers with an error;
 *   <li>{@link ServerUnavailableException} if there is no server;
 *   <li>{@link NoAnswerException} if it does not answer within {@link ZeoClientOptions.Builder#callTimeout}, or the thread is
 *       interrupted meanwhile;
 *   <li>{@link UncheckedIOException} if a local file cannot be read or written;
 *   <li>{@link io.zeolite.client.connection.UnexpectedAnswerException} if the server answers what makes no sense.
 * </ul>
 *
 * <p>An error in the client's own thread, as when there is no memory, ends the connection, and what was under way fails. If that
 * cannot be done either, it ends the client: all calls fail with {@link ServerUnavailableException}, or {@link
 * CommitUnknownException}, until the program opens another one. A future of {@link #async} may never be completed then.
 */
public final class ZeoClient implements AutoCloseable {
    private static final Duration NO_LIMIT = Duration.ZERO;

    private final ClientCore core;
    private final AsyncZeoClient async;

    ZeoClient(ClientCore core) {
        this.core = core;
        this.async = new AsyncZeoClient(core);
    }

    /**
     * A client of the storage that a URI names, see {@link ZeoClientOptions#parse}. Returns when there is a connection.
     *
     * @throws ServerUnavailableException if there was none in time
     * @throws UncheckedIOException if a cache or certificate cannot be opened
     */
    public static ZeoClient connect(String uri) {
        return connect(ZeoClientOptions.parse(uri));
    }

    /** The same with options. */
    public static ZeoClient connect(ZeoClientOptions options) {
        ZeoClient client = open(options);
        boolean connected = false;
        try {
            client.core.await(client.core.firstInfo(), NO_LIMIT);
            connected = true;
            return client;
        } finally {
            if (!connected) {
                client.close();
            }
        }
    }

    /** The same without waiting for the connection: calls do. */
    public static ZeoClient open(ZeoClientOptions options) {
        try {
            return new ZeoClient(ClientCore.open(options));
        } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage(), e);
        }
    }

    /** The same client without waiting. */
    public AsyncZeoClient async() {
        return async;
    }

    private <T extends @Nullable Object> T await(CompletableFuture<T> future) {
        return core.await(future, core.callTimeout());
    }

    /**
     * Loads the current revision of an object: at least as new as {@link #lastTransaction} when it is called.
     *
     * @throws io.zeolite.error.PosKeyException if there is no such object
     */
    public Revision load(long oid) {
        Revision cached = core.cached(oid, Tid.MAX);
        return cached != null ? cached : await(async.loadInside(oid));
    }

    /**
     * Loads the revision that was current just before a transaction.
     *
     * @return empty if the object had none yet
     * @throws io.zeolite.error.PosKeyException if there is no such object at all
     */
    public Optional<Revision> loadBefore(long oid, long tid) {
        return await(async.loadBeforeInside(oid, tid));
    }

    /** Loads the current revisions of many objects in one flight. Those that do not exist are not in the result. */
    public Map<Long, Revision> loadAll(long... oids) {
        return ZeoView.byOid(await(core.loadAll(oids, Tid.MAX)));
    }

    /**
     * Loads the record that a transaction wrote. Always asks the server.
     *
     * @throws io.zeolite.error.PosKeyException if there is no such revision
     */
    public byte[] loadSerial(long oid, long serial) {
        return await(async.loadSerialInside(oid, serial));
    }

    /**
     * The transaction that wrote the current revision of an object. Always asks the server.
     *
     * @throws io.zeolite.error.PosKeyException if there is no such object
     */
    public long currentSerial(long oid) {
        return await(async.currentSerialInside(oid));
    }

    /**
     * The revisions of an object, the latest first.
     *
     * @param count how many are wanted at most, at least 1
     * @throws io.zeolite.error.PosKeyException if there is no such object
     */
    public List<HistoryEntry> history(long oid, int count) {
        return await(async.log().history(oid, count));
    }

    /**
     * The transactions that may be undone, the latest first.
     *
     * @param first how many of the latest are left out, at least 0
     * @param count how many are wanted at most, at least 1
     */
    public List<UndoEntry> undoLog(int first, int count) {
        return await(async.log().undoLog(first, count));
    }

    /**
     * Undoes a transaction, in a transaction of its own.
     *
     * @return the tid of the new one
     * @throws io.zeolite.error.UndoException if what it changed was changed again later, or cannot be undone
     */
    public long undo(long tid, String user, String description) {
        try (ZeoTransaction transaction = begin(user, description)) {
            return transaction.undo(tid).commit();
        }
    }

    /**
     * The last transaction that this client knows of, all its changes included; {@link Tid#NONE} for an empty storage, or
     * before the first connection. Does not ask the server.
     */
    public long lastTransaction() {
        return core.cache().lastTransaction();
    }

    /**
     * Waits until the client knows of everything that was committed before the call, by whomever.
     *
     * @return {@link #lastTransaction} afterwards
     */
    public long sync() {
        return await(async.syncInside());
    }

    /**
     * An oid for a new object, which the server gives to nobody else as long as it runs. It may do so when it was started anew,
     * unless an object with that oid or a later one was committed before: so oids are not to be kept for long. A commit of a new
     * object fails with {@link CommitConflictException} if there is another one with its oid already.
     */
    public long newOid() {
        return newOids(1)[0];
    }

    /**
     * Oids for new objects, see {@link #newOid}.
     *
     * @param count how many, at least 0
     */
    public long[] newOids(int count) {
        return await(async.newOidsInside(count));
    }

    /** Begins a transaction without a word. */
    public ZeoTransaction begin() {
        return begin("", "");
    }

    /**
     * Begins a transaction. Nothing is sent to the server yet.
     *
     * @param user who does it
     * @param description what it does
     */
    public ZeoTransaction begin(String user, String description) {
        return new ZeoTransaction(core, user, description, new PyDict());
    }

    /** Begins a transaction with values of the application's that the storage notes with it, see {@link PlainValues}. */
    public ZeoTransaction begin(String user, String description, Map<String, ?> extension) {
        return new ZeoTransaction(core, user, description, PlainValues.dict(extension));
    }

    /**
     * Finds out what has become of a transaction whose finish was not answered. Waits for a connection, as other calls do for
     * {@link ZeoClientOptions.Builder#waitTimeout}, and then, without a limit, until the server is done with that transaction.
     *
     * @throws ServerUnavailableException if there is no connection; it may be called again
     */
    public CommitOutcome outcome(CommitUnknownException unknown) {
        return core.await(async.outcomeInside(unknown), NO_LIMIT);
    }

    /** All objects as of {@link #lastTransaction}. */
    public ZeoView view() {
        return new ZeoView(core, core.cache().lastTransaction());
    }

    /**
     * All objects as of a transaction.
     *
     * @throws IllegalArgumentException if this client does not know of that transaction yet, see {@link #sync}
     */
    public ZeoView viewAt(long tid) {
        ZeoView.requireKnown(core, tid);
        return new ZeoView(core, tid);
    }

    /** Goes through all transactions. The caller closes it. */
    public TransactionIterator iterate() {
        return iterate(Tid.NONE, Tid.MAX);
    }

    /** Goes through the transactions from one to another, both included. The caller closes it. */
    public TransactionIterator iterate(long from, long to) {
        return new TransactionIterator(core, from, to);
    }

    /**
     * Removes old revisions, and objects that nothing refers to if the server does that. Returns when it is done, which may
     * take hours.
     *
     * @param time what was current then, or is newer, stays
     */
    public void pack(Instant time) {
        core.await(async.packInside(time), NO_LIMIT);
    }

    /**
     * Opens a blob, which is fetched into the client's cache first unless it is there. Others who ask for it meanwhile
     * share the download. The caller closes it.
     *
     * <p>It takes as long as it takes: there is no limit but {@link ZeoClientOptions.Builder#waitTimeout} without a connection.
     *
     * @param serial of the revision of the blob object
     * @throws io.zeolite.error.PosKeyException if there is no such blob
     * @throws IllegalStateException if the client has no directory for blobs
     */
    public BlobFile openBlob(long oid, long serial) {
        CompletableFuture<BlobFile> blob = core.blobs().open(oid, serial);
        try {
            return core.await(blob, NO_LIMIT);
        } catch (NoAnswerException interrupted) {
            blob.thenAccept(BlobFile::discard);
            throw interrupted;
        }
    }

    /** The server's counters, under its own names; the values are those of {@link PlainValues}. */
    public Map<String, @Nullable Object> status() {
        return await(async.statusInside());
    }

    /** What the server says of the storage. Waits for the first connection. */
    public StorageInfo info() {
        return await(core.info());
    }

    /** What the object cache has done. */
    public CacheStatistics cacheStatistics() {
        return core.cache().statistics();
    }

    /** Tells a listener of transactions from now on, this client's own included. */
    public void addListener(InvalidationListener listener) {
        core.notifications().add(listener);
    }

    /** Tells it no more, at the latest after the call that it is in. */
    public void removeListener(InvalidationListener listener) {
        core.notifications().remove(listener);
    }

    /**
     * Ends the connection and all threads, and writes the cache's file. Calls that wait fail with {@link ServerUnavailableException},
     * and so do later ones; but what is in the object cache can be loaded, and blobs that are open can be read. Does nothing when it is
     * closed already.
     */
    @Override
    public void close() {
        core.close();
    }
}
