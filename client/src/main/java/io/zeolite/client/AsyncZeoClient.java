package io.zeolite.client;

import io.zeolite.client.connection.Done;
import io.zeolite.client.record.PlainValues;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PyTuple;
import io.zeolite.zodb.Ids;
import io.zeolite.zodb.Tid;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The same client as {@link ZeoClient}, see there, without waiting. Any thread.
 *
 * <p>Futures fail with the exceptions that the blocking calls throw, but for two that the calls themselves throw here too: {@link
 * IllegalArgumentException} for an argument out of its range, and {@link IllegalStateException} for blobs without a directory. They
 * have no time limit, but end at the latest when
 * the client is closed; see {@link CompletableFuture#orTimeout}. Cancelling one means that nobody waits for it any more; the
 * server may carry the call out all the same. What hangs on a future runs on threads of the client's that are for this, a
 * few of them: it may block, and then delays other callbacks, never the connection.
 */
public final class AsyncZeoClient {
    private final ClientCore core;
    private final StorageLog log;

    AsyncZeoClient(ClientCore core) {
        this.core = core;
        this.log = new StorageLog(core);
    }

    /** See {@link ZeoClient#load}. */
    public CompletableFuture<Revision> load(long oid) {
        return core.publish(loadInside(oid));
    }

    CompletableFuture<Revision> loadInside(long oid) {
        return core.load(oid, Tid.MAX).thenApply(found -> ZeoView.orMissing(oid, found));
    }

    /** See {@link ZeoClient#loadBefore}. */
    public CompletableFuture<Optional<Revision>> loadBefore(long oid, long tid) {
        return core.publish(loadBeforeInside(oid, tid));
    }

    CompletableFuture<Optional<Revision>> loadBeforeInside(long oid, long tid) {
        return core.load(oid, tid).thenApply(Optional::ofNullable);
    }

    /** See {@link ZeoClient#loadAll}. */
    public CompletableFuture<Map<Long, Revision>> loadAll(long... oids) {
        return core.publish(core.loadAll(oids, Tid.MAX)).thenApply(ZeoView::byOid);
    }

    /** See {@link ZeoClient#loadSerial}. */
    public CompletableFuture<byte[]> loadSerial(long oid, long serial) {
        return core.publish(loadSerialInside(oid, serial));
    }

    CompletableFuture<byte[]> loadSerialInside(long oid, long serial) {
        return core.ask(Methods.LOAD_SERIAL, PyTuple.of(Ids.bytes(oid), Ids.bytes(serial)))
                .thenApply(data -> Wire.data(Methods.LOAD_SERIAL, data));
    }

    /** See {@link ZeoClient#currentSerial}. */
    public CompletableFuture<Long> currentSerial(long oid) {
        return core.publish(currentSerialInside(oid));
    }

    CompletableFuture<Long> currentSerialInside(long oid) {
        return core.ask(Methods.GET_TID, PyTuple.of((Object) Ids.bytes(oid)))
                .thenApply(tid -> Wire.id(Methods.GET_TID, tid));
    }

    /** See {@link ZeoClient#history}. */
    public CompletableFuture<List<HistoryEntry>> history(long oid, int count) {
        return core.publish(log.history(oid, count));
    }

    /** See {@link ZeoClient#undoLog}. */
    public CompletableFuture<List<UndoEntry>> undoLog(int first, int count) {
        return core.publish(log.undoLog(first, count));
    }

    StorageLog log() {
        return log;
    }

    /** See {@link ZeoClient#sync}. */
    public CompletableFuture<Long> sync() {
        return core.publish(syncInside());
    }

    CompletableFuture<Long> syncInside() {
        return core.ask(Methods.LAST_TRANSACTION, PyTuple.EMPTY)
                .thenApply(tid -> Wire.id(Methods.LAST_TRANSACTION, tid))
                .thenApply(tid -> core.cache().lastTransaction());
    }

    /** See {@link ZeoClient#newOids}. */
    public CompletableFuture<long[]> newOids(int count) {
        return core.publish(newOidsInside(count));
    }

    CompletableFuture<long[]> newOidsInside(int count) {
        if (count < 0) {
            throw new IllegalArgumentException("count: " + count + " (expected: at least 0)");
        }
        return core.onLoop(() -> core.oids().take(count));
    }

    /** See {@link ZeoClient#pack}. */
    public CompletableFuture<@Nullable Void> pack(Instant time) {
        return core.publish(packInside(time)).<@Nullable Void>thenApply(done -> null);
    }

    CompletableFuture<Done> packInside(Instant time) {
        double seconds = time.getEpochSecond() + time.getNano() / 1e9;
        return core.link()
                .connection()
                .thenCompose(connection -> connection.call(Methods.PACK, PyTuple.of(seconds, true)))
                .thenApply(done -> Done.DONE);
    }

    /** See {@link ZeoClient#status}. */
    public CompletableFuture<Map<String, @Nullable Object>> status() {
        return core.publish(statusInside());
    }

    CompletableFuture<Map<String, @Nullable Object>> statusInside() {
        return core.ask(Methods.SERVER_STATUS, PyTuple.EMPTY)
                .thenApply(answer -> PlainValues.map(Wire.dict(Methods.SERVER_STATUS, answer)));
    }

    /** See {@link ZeoClient#info}. */
    public CompletableFuture<StorageInfo> info() {
        return core.publish(core.info());
    }

    /** See {@link ZeoClient#openBlob}. */
    public CompletableFuture<BlobFile> openBlob(long oid, long serial) {
        return core.publish(core.blobs().open(oid, serial));
    }

    /** See {@link ZeoClient#outcome}. */
    public CompletableFuture<CommitOutcome> outcome(CommitUnknownException unknown) {
        return core.publish(outcomeInside(unknown));
    }

    CompletableFuture<CommitOutcome> outcomeInside(CommitUnknownException unknown) {
        return new OutcomeSearch(core, unknown.evidence()).run();
    }
}
