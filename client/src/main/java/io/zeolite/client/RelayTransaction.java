package io.zeolite.client;

import io.zeolite.client.connection.Done;
import io.zeolite.pickle.ExtensionPickle;
import io.zeolite.pickle.PickleException;
import io.zeolite.pickle.PyTuple;
import io.zeolite.zodb.Tid;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A transaction that somebody else has made, on the connection of a {@link Relay}. It is begun when the connection carries no
 * other one, and has it until its end; conflicts are the maker's to resolve.
 *
 * <p>Steps follow each other, on whichever thread; only {@link #abort} may come at any time. Futures complete on the event
 * loop.
 */
public final class RelayTransaction {
    private final ClientCore core;
    private final Long id = Commit.nextId();
    private volatile @Nullable TransactionConnection connection;

    // The event loop's.
    private CommitTurns.@Nullable Turn turn;
    private boolean ended;
    private boolean finishing;

    /** What a server says to a vote: conflicts, or what it has written otherwise than it was sent. */
    public record Vote(List<Clash> conflicts, long[] changedOids) {}

    /** An object that others have changed since it was read. */
    public record Clash(long oid, long committed, long read, byte[] data) {}

    /** A record as it was sent, which the cache keeps when it is committed. */
    public record Written(long oid, byte[] data) {}

    RelayTransaction(ClientCore core) {
        this.core = core;
    }

    /**
     * Waits for the connection to be free, and begins.
     *
     * @param extension a pickle of a dict, or no bytes
     * @param tid {@link Tid#NONE} to be given one
     */
    public CompletableFuture<Done> begin(byte[] user, byte[] description, byte[] extension, long tid, String status) {
        return core.onLoop(() -> core.place()
                .thenCompose(place -> {
                    turn = place.turn();
                    if (ended) {
                        throw new CancellationException("the transaction was aborted");
                    }
                    TransactionConnection begun = new TransactionConnection(core, place.connection(), id);
                    connection = begun;
                    byte[] newTid = Wire.bytesOrNone(tid);
                    Object dict = dict(extension);
                    CompletableFuture<Done> sent = begun.begin(PyTuple.of(id, user, description, dict, newTid, status));
                    // What the encoding does not have: a set, say.
                    return sent.isCompletedExceptionally()
                            ? begun.begin(PyTuple.of(id, user, description, extension, newTid, status))
                            : sent;
                })
                .whenComplete((done, failure) -> {
                    if (failure != null) {
                        endTurn();
                    }
                }));
    }

    /** A dict, as clients send it; a pickle that cannot be read here goes as it is. Servers take both. */
    private static Object dict(byte[] extension) {
        try {
            return ExtensionPickle.decode(extension);
        } catch (PickleException e) {
            return extension;
        }
    }

    private TransactionConnection begun() {
        TransactionConnection open = connection;
        if (open == null) {
            throw new IllegalStateException("transaction: not begun yet");
        }
        return open;
    }

    /** @return completes when it has been handed to the system */
    public CompletableFuture<@Nullable Object> store(long oid, long serial, byte[] data) {
        return begun().store(oid, serial, data);
    }

    /** Sends a blob, behind its record; or, if server and client share a directory, puts it there. */
    public CompletableFuture<Done> storeBlob(long oid, long serial, byte[] data, Path file) {
        return core.blobs().upload(begun(), new Change.Store(oid, serial, data, new BlobSource(file, false)));
    }

    public CompletableFuture<@Nullable Object> restore(long oid, long serial, byte @Nullable [] data, long origin) {
        return begun().restore(oid, serial, data, origin);
    }

    public CompletableFuture<@Nullable Object> delete(long oid, long serial) {
        return begun().delete(oid, serial);
    }

    public CompletableFuture<@Nullable Object> checkCurrent(long oid, long serial) {
        return begun().checkCurrent(oid, serial);
    }

    public CompletableFuture<@Nullable Object> undo(long tid) {
        return begun().undo(tid);
    }

    /** Asks the server. With conflicts, what is stored then and another vote follow, or {@link #abort}. */
    public CompletableFuture<Vote> vote() {
        return begun().vote();
    }

    /**
     * Finishes what was voted without conflicts. If the connection breaks before the server has answered, whether it was
     * committed is not known.
     *
     * @param changed all objects that it changes
     * @param written the records of it that the cache keeps; none that the server has written otherwise
     * @param publication how it is made known, before the future completes
     * @return its tid
     */
    public CompletableFuture<Long> finish(long[] changed, List<Written> written, RelayPublication publication) {
        return core.onLoop(() -> {
            TransactionConnection open = begun();
            if (ended || !open.isCurrent()) {
                return CompletableFuture.<Long>failedFuture(new ServerUnavailableException(
                        "the connection broke before the transaction was finished, nothing was committed",
                        new IllegalStateException("disconnected")));
            }
            finishing = true;
            return open.finish(tid -> committed(tid, changed, written, publication))
                    .whenComplete((tid, failure) -> {
                        finishing = false;
                        if (failure == null) {
                            endTurn();
                        } else {
                            abort();
                        }
                    });
        });
    }

    private void committed(long tid, long[] changed, List<Written> written, RelayPublication publication) {
        List<CommitEvidence.Store> kept = written.stream()
                .map(record -> new CommitEvidence.Store(record.oid(), Tid.NONE, record.data()))
                .toList();
        core.committed(tid, changed, kept, publication);
    }

    /** Puts a committed blob into the cache of the client, as it is here anyway. */
    public CompletableFuture<Done> keepBlob(long oid, long tid, Path file) {
        return core.blobs().keep(oid, tid, new BlobSource(file, false));
    }

    /**
     * Gives the transaction up, wherever it is; a finish that is under way goes on. Nothing more is sent: what is under way
     * fails with a {@link CancellationException}. The next transaction begins when this one is over.
     */
    public void abort() {
        core.onLoop(() -> {
            if (!ended && !finishing) {
                ended = true;
                TransactionConnection open = connection;
                if (open == null) {
                    endTurn();
                } else {
                    open.abort().whenComplete((done, failure) -> endTurn());
                }
            }
            return Done.future();
        });
    }

    private void endTurn() {
        ended = true;
        CommitTurns.Turn mine = turn;
        if (mine != null) {
            mine.end();
        }
    }
}
