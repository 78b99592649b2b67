package io.zeolite.client;

import io.zeolite.client.connection.DisconnectedException;
import io.zeolite.client.connection.Done;
import io.zeolite.error.ConflictException;
import io.zeolite.error.PosKeyException;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PickleException;
import io.zeolite.pickle.PyDict;
import io.zeolite.pickle.PyTuple;
import io.zeolite.pickle.RecordScanner;
import io.zeolite.zodb.Ids;
import io.zeolite.zodb.Tid;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The two phases of one transaction on a connection. Its steps follow each other, on whichever thread; only
 * {@link #abort} may come at any time.
 */
final class Commit {
    /** As often as Python's client. */
    private static final int MAX_VOTES = 9;

    /** How much may be on its way out before more is encoded, into memory that is not the heap's. */
    private static final long WINDOW_BYTES = 4L << 20;

    /** What a message takes beside its data until it has left, in objects: some hundred bytes. */
    private static final long MESSAGE_BYTES = 1 << 10;

    private static final AtomicLong LAST_ID = new AtomicLong();

    private final ClientCore core;
    private final Metadata metadata;
    private final Map<Long, Change> changes = new LinkedHashMap<>();
    private final List<Long> undone;
    private final Long id = nextId();

    /** What the server has written in another form than it was sent, or was not sent at all. */
    private final Set<Long> writtenByServer = new HashSet<>();

    private final CompletableFuture<Done> voted = new CompletableFuture<>();
    private volatile boolean aborted;
    private volatile CommitTurns.@Nullable Turn turn;
    private volatile @Nullable TransactionConnection connection;

    /** Who does what, for the storage's log. */
    record Metadata(String user, String description, PyDict extension) {}

    Commit(ClientCore core, Metadata metadata, List<Change> changes, List<Long> undone) {
        this.core = core;
        this.metadata = metadata;
        this.undone = undone;
        changes.forEach(change -> this.changes.put(change.oid(), change));
    }

    /** What a transaction is called on its connection. */
    static Long nextId() {
        return LAST_ID.incrementAndGet();
    }

    // Vote

    CompletableFuture<Done> vote() {
        core.onLoop(() -> core.place().thenCompose(place -> {
                    turn = place.turn();
                    checkNotAborted();
                    connection = new TransactionConnection(core, place.connection(), id);
                    return send();
                }))
                .thenCompose(sent -> ask(1))
                .whenComplete((done, failure) -> {
                    if (failure == null && !aborted) {
                        voted.complete(Done.DONE);
                    } else {
                        giveUp(failure == null ? new CancellationException("the transaction was aborted") : failure);
                    }
                });
        return voted;
    }

    /** On the event loop, as the abort is. */
    private void checkNotAborted() {
        if (aborted) {
            throw new CancellationException("the transaction was aborted");
        }
    }

    private TransactionConnection connection() {
        TransactionConnection open = connection;
        if (open == null) {
            throw new IllegalStateException("transaction: not on a connection yet");
        }
        return open;
    }

    /** Sends all that the server needs before the vote. */
    private CompletableFuture<Done> send() {
        TransactionConnection to = connection();
        return to.begin(PyTuple.of(
                        id,
                        metadata.user().getBytes(StandardCharsets.UTF_8),
                        metadata.description().getBytes(StandardCharsets.UTF_8),
                        CommitMark.addTo(metadata.extension(), CommitMark.of(id)),
                        null,
                        " "))
                .thenCompose(begun -> sendChanges(to, changes.values().iterator()))
                .thenCompose(changed -> sendTheRest(to));
    }

    private CompletableFuture<Done> sendChanges(TransactionConnection to, Iterator<Change> unsent) {
        long bytes = 0;
        while (unsent.hasNext()) {
            Change change = unsent.next();
            CompletableFuture<?> sent = send(to, change);
            bytes += MESSAGE_BYTES + (change instanceof Change.Store store ? store.data().length : 0);
            if (bytes > WINDOW_BYTES && !sent.isDone()) {
                return sent.thenCompose(left -> sendChanges(to, unsent));
            }
        }
        return Done.future();
    }

    private CompletableFuture<Done> sendTheRest(TransactionConnection to) {
        CompletableFuture<Done> sent = Done.future();
        for (Change change : changes.values()) {
            if (change instanceof Change.Store store && store.blob() != null) {
                sent = sent.thenCompose(before -> core.blobs().upload(to, store));
            }
        }
        undone.forEach(to::undo);
        return sent;
    }

    private CompletableFuture<?> send(TransactionConnection to, Change change) {
        if (change instanceof Change.Store store) {
            return to.store(store.oid(), store.serial(), store.data());
        } else if (change instanceof Change.Check) {
            return to.checkCurrent(change.oid(), change.serial());
        } else {
            return to.delete(change.oid(), change.serial());
        }
    }

    private CompletableFuture<Done> ask(int attempt) {
        return connection()
                .vote()
                .handle((vote, failure) ->
                        failure == null ? answered(vote, attempt) : refused(Failures.root(failure), attempt))
                .thenCompose(next -> next);
    }

    private CompletableFuture<Done> answered(RelayTransaction.Vote vote, int attempt) {
        for (long oid : vote.changedOids()) {
            writtenByServer.add(oid);
        }
        if (vote.conflicts().isEmpty()) {
            return Done.future();
        }
        List<CommitConflictException.ChangedObject> objects = vote.conflicts().stream()
                .map(clash ->
                        new CommitConflictException.ChangedObject(clash.oid(), clash.committed(), clash.read(), false))
                .toList();
        // The server still has the transaction: what is resolved replaces what it has.
        return resolve(objects, attempt).thenCompose(resolved -> {
            resolved.forEach(store -> send(connection(), store));
            return ask(attempt + 1);
        });
    }

    private CompletableFuture<Done> refused(Throwable failure, int attempt) {
        if (!(failure instanceof ConflictException conflict)) {
            return CompletableFuture.failedFuture(failure);
        }
        CommitConflictException.ChangedObject object = new CommitConflictException.ChangedObject(
                conflict.oid(), conflict.committedSerial(), conflict.readSerial(), conflict.isOnRead());
        // The server has dropped the transaction: all of it is sent again.
        return resolve(List.of(object), attempt)
                .thenCompose(resolved -> connection().call(Methods.TPC_ABORT, PyTuple.of(id)))
                .thenCompose(gone -> {
                    writtenByServer.clear();
                    return send();
                })
                .thenCompose(sent -> ask(attempt + 1));
    }

    private CompletableFuture<List<Change.Store>> resolve(
            List<CommitConflictException.ChangedObject> objects, int attempt) {
        List<CommitConflictException.ChangedObject> twice =
                objects.stream().filter(object -> isNew(object.oid())).toList();
        if (!twice.isEmpty()) {
            // Two objects that have nothing to do with each other would be made one.
            return CompletableFuture.failedFuture(
                    new CommitConflictException(twice, "new objects have oids of others that are there already"));
        }
        ConflictResolver resolver = core.options().conflictResolver();
        boolean canBe = resolver != null
                && attempt < MAX_VOTES
                && objects.stream().allMatch(object -> changes.get(object.oid()) instanceof Change.Store);
        if (!canBe || resolver == null) {
            return CompletableFuture.failedFuture(new CommitConflictException(
                    objects, attempt < MAX_VOTES ? "changed by others" : "changed by others again and again"));
        }
        CompletableFuture<List<Change.Store>> all = CompletableFuture.completedFuture(new ArrayList<>());
        for (CommitConflictException.ChangedObject object : objects) {
            all = all.thenCompose(resolved -> load(object)
                    .thenApplyAsync(
                            conflict -> resolver.resolve(conflict),
                            core.workers().callbacks())
                    .thenApply(record -> {
                        if (record == null) {
                            throw new CommitConflictException(objects, "changed by others, and not to be resolved");
                        }
                        Change.Store before = (Change.Store) stored(object.oid());
                        Change.Store store =
                                new Change.Store(object.oid(), object.committedSerial(), record, before.blob());
                        changes.put(object.oid(), store);
                        resolved.add(store);
                        return resolved;
                    }));
        }
        return all;
    }

    private boolean isNew(long oid) {
        return changes.get(oid) instanceof Change.Store store && store.serial() == Tid.NONE;
    }

    private Change stored(long oid) {
        Change change = changes.get(oid);
        if (change == null) {
            throw new IllegalStateException("a conflict about an object that was not stored");
        }
        return change;
    }

    private CompletableFuture<Conflict> load(CommitConflictException.ChangedObject object) {
        byte[] wanted = ((Change.Store) stored(object.oid())).data();
        CompletableFuture<byte @Nullable []> original = loadSerial(object.oid(), object.readSerial())
                .handle((data, failure) -> {
                    if (failure != null && !(Failures.root(failure) instanceof PosKeyException)) {
                        throw Failures.of(failure);
                    }
                    return data;
                });
        return original.thenCombine(
                loadSerial(object.oid(), object.committedSerial()),
                (read, committed) -> new Conflict(
                        object.oid(),
                        className(wanted),
                        object.committedSerial(),
                        object.readSerial(),
                        read,
                        committed,
                        wanted));
    }

    private CompletableFuture<byte[]> loadSerial(long oid, long serial) {
        return connection()
                .call(Methods.LOAD_SERIAL, PyTuple.of(Ids.bytes(oid), Ids.bytes(serial)))
                .thenApply(data -> Wire.data(Methods.LOAD_SERIAL, data));
    }

    private static @Nullable String className(byte[] record) {
        RecordScanner scanner = new RecordScanner((kind, oid) -> {});
        try {
            scanner.scanClass(record, 0, record.length);
        } catch (PickleException e) {
            return null;
        }
        return scanner.className();
    }

    // Finish

    /** On the event loop the answer goes into the cache before anything else is looked at. */
    CompletableFuture<Long> finish() {
        return core.<Long>onLoop(() -> {
                    TransactionConnection open = connection();
                    if (!open.isCurrent()) {
                        return CompletableFuture.failedFuture(new ServerUnavailableException(
                                "the connection broke before the transaction was finished, nothing was committed",
                                new IllegalStateException("disconnected")));
                    }
                    return open.finish(this::committed).exceptionally(this::notFinished);
                })
                .whenComplete((tid, failure) -> endTurn())
                .thenCompose(tid -> keepBlobs(tid).thenApply(kept -> tid));
    }

    private Long notFinished(Throwable failure) {
        Throwable cause = Failures.root(failure);
        if (cause instanceof DisconnectedException) {
            throw unknown("the connection broke: " + cause.getMessage(), cause);
        }
        connection().send(Methods.TPC_ABORT, PyTuple.of(id));
        throw Failures.of(cause);
    }

    private void committed(long tid) {
        Set<Long> changed = new HashSet<>(writtenByServer);
        List<CommitEvidence.Store> written = asSent();
        changes.values().stream()
                .filter(change -> !(change instanceof Change.Check))
                .forEach(change -> changed.add(change.oid()));
        core.committed(tid, changed.stream().mapToLong(Long::longValue).toArray(), written, RelayListener.NONE);
    }

    /** What callers are told if they are not to hear how the finish has ended. */
    CommitUnknownException unknown(String why, Throwable cause) {
        return new CommitUnknownException(why, cause, new CommitEvidence(CommitMark.of(id), asSent()));
    }

    private List<CommitEvidence.Store> asSent() {
        List<CommitEvidence.Store> stores = new ArrayList<>();
        for (Change change : changes.values()) {
            if (change instanceof Change.Store store && !writtenByServer.contains(store.oid())) {
                stores.add(new CommitEvidence.Store(store.oid(), store.serial(), store.data()));
            }
        }
        return stores;
    }

    private CompletableFuture<Done> keepBlobs(long tid) {
        CompletableFuture<Done> kept = Done.future();
        for (Change change : changes.values()) {
            if (change instanceof Change.Store store && store.blob() != null) {
                BlobSource blob = store.blob();
                kept = kept.thenCompose(before -> core.blobs().keep(store.oid(), tid, blob));
            }
        }
        return kept;
    }

    // The end

    private void endTurn() {
        CommitTurns.Turn mine = turn;
        if (mine != null) {
            core.onLoop(() -> {
                mine.end();
                return Done.future();
            });
        }
    }

    private void giveUp(Throwable failure) {
        tellServer().whenComplete((done, ignored) -> {
            endTurn();
            voted.completeExceptionally(failure);
        });
    }

    /** The transaction, if the server has it, is over there when this has completed. */
    private CompletableFuture<Done> tellServer() {
        TransactionConnection open = connection;
        return open == null ? Done.future() : open.abort();
    }

    CompletableFuture<Done> abort() {
        return core.onLoop(() -> {
                    aborted = true;
                    return tellServer();
                })
                .handle((done, closed) -> {
                    endTurn();
                    // A server may not answer the vote any more.
                    voted.completeExceptionally(new CancellationException("the transaction was aborted"));
                    return Done.DONE;
                });
    }
}
