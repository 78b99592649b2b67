package io.zeolite.client;

import io.zeolite.client.blob.OpenBlob;
import io.zeolite.client.connection.DisconnectedException;
import io.zeolite.client.connection.Done;
import io.zeolite.client.connection.ServerLink;
import io.zeolite.client.connection.ZeoConnection;
import io.zeolite.pickle.PyDict;
import io.zeolite.pickle.PyTuple;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A client for a server that stands in front of another one: the caches and the connection of a {@link ZeoClient}, but
 * everything is in the order of the server, which those behind it depend on. Any thread.
 *
 * <p>Futures complete on the client's event loop, in the order in which the server has answered and told, so what hangs on
 * them must not block. They fail with what {@link #failure} makes sense of.
 */
public final class Relay implements AutoCloseable {
    private final ClientCore core;

    private Relay(ClientCore core) {
        this.core = core;
    }

    /**
     * Opens the caches. Nothing connects before {@link #start}, so the listener may be made with this.
     *
     * @throws IOException if a cache, a certificate or a key cannot be opened; nothing is open then
     */
    public static Relay open(ZeoClientOptions options, RelayListener listener) throws IOException {
        return new Relay(ClientCore.prepare(options, listener));
    }

    /** Begins to connect. Returns at once. */
    public void start() {
        core.link().start();
    }

    /** Completes when there is a connection; fails if there is none within the time that the options give. */
    public CompletableFuture<Done> connected() {
        return core.firstInfo().thenApply(info -> Done.DONE);
    }

    /** Why a future has failed: a failure that the server has answered, {@link ServerUnavailableException}, or our fault. */
    public static RuntimeException failure(Throwable failure) {
        return Failures.of(failure);
    }

    /**
     * Runs a step on the event loop, at once if that is the present thread. What is hung on a future there runs in the order
     * of the server.
     *
     * @throws java.util.concurrent.RejectedExecutionException if the client was closed
     */
    public void onLoop(Runnable step) {
        core.link().onLoop(step);
    }

    /** What the server has said of its storage last; null before the first connection. */
    public @Nullable StorageInfo info() {
        return core.knownInfo();
    }

    /** The same as it came, the answer to {@code get_info}, without later sizes. */
    public @Nullable PyDict serverInfo() {
        return core.rawInfo();
    }

    /** The last transaction that the cache knows of. */
    public long lastTransaction() {
        return core.cache().lastTransaction();
    }

    /** What the cache has of an object before a transaction; null if it does not know. */
    public @Nullable Revision cached(long oid, long before) {
        return core.cached(oid, before);
    }

    /**
     * Loads from the server.
     *
     * @return null if the object is there, but has no revision before that transaction
     */
    public CompletableFuture<@Nullable Revision> load(long oid, long before) {
        return core.load(oid, before);
    }

    /** Calls a method that changes nothing on the server; if the connection breaks, once more on the next one. */
    public CompletableFuture<@Nullable Object> ask(String method, PyTuple args) {
        return core.ask(method, args);
    }

    /** The answer to {@code getInvalidations}; null also if the storage has no transaction with this tid. */
    public CompletableFuture<@Nullable Object> changesSince(long tid) {
        return connection().thenCompose(connection -> ClientCore.changesSince(connection, tid));
    }

    /** Calls a method on the present connection only, or on the next one if there is none. */
    public CompletableFuture<@Nullable Object> call(String method, PyTuple args) {
        return core.link().call(method, args, ServerLink.Retry.NO);
    }

    /** The present connection, or the next one: for calls that must all go to the same. */
    public CompletableFuture<ZeoConnection> connection() {
        return core.link().connection();
    }

    /** The present connection, on the event loop only; null if there is none. */
    public @Nullable ZeoConnection currentConnection() {
        return core.link().currentConnection();
    }

    /** New object ids, ascending mostly. */
    public CompletableFuture<long[]> newOids(int count) {
        return core.<long[]>onLoop(() -> core.oids().take(count));
    }

    /**
     * Opens a blob, which comes into the cache, and can be read meanwhile, if it is not there. The caller closes it. Completes
     * on any thread. If the connection breaks when some of it has come, the rest comes on the next one, whenever that is.
     */
    public CompletableFuture<OpenBlob> openBlob(long oid, long serial) {
        return core.blobs().read(oid, serial);
    }

    /** The record of a revision, without a copy; nobody changes it. */
    public static byte[] record(Revision revision) {
        return revision.shared();
    }

    /** Whether the client has a directory for blobs. */
    public boolean hasBlobDirectory() {
        return core.options().blobDirectory() != null;
    }

    /** An empty file for a blob that is to be stored, on the file system of the others. */
    public Path newBlobFile() throws IOException {
        return core.blobs().newFile();
    }

    /** Where the blobs of an object are if the server shares its blob directory; null if it does not. */
    public @Nullable Path sharedDirectory(long oid) {
        return core.blobs().sharedDirectory(oid);
    }

    /** A transaction that is passed on. */
    public RelayTransaction transaction() {
        return new RelayTransaction(core);
    }

    /** Whether a call has failed since there is no connection, or none any more. */
    public static boolean isUnavailable(Throwable failure) {
        Throwable root = Failures.root(failure);
        return root instanceof DisconnectedException || root instanceof ServerUnavailableException;
    }

    /** Ends the connection, the threads and the caches. Calls that wait fail. Not on the event loop. */
    @Override
    public void close() {
        core.close();
    }
}
