package io.zeolite.client;

import io.zeolite.client.connection.Done;
import io.zeolite.pickle.PyDict;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Changes that become visible together, or not at all. They are collected here, records in memory and blobs in files;
 * nothing is sent before {@link #vote}. Any thread may use it, though mostly one does.
 *
 * <pre>
 * try (ZeoTransaction transaction = client.begin("user", "what it does")) {
 *     transaction.store(oid, serial, record);
 *     long tid = transaction.commit();
 * }
 * </pre>
 *
 * <p>After {@link #vote} the server keeps the objects locked until {@link #finish} or {@link #abort}, and the client's
 * other transactions wait for their turn, as a connection carries one at a time: do not take long between the two.
 *
 * <p>A transaction without changes is written like any other: it has a tid, and a place in the history. After the end of a
 * transaction, and from its vote on, changing it is an {@link IllegalStateException}; so are a second vote, and a finish without a
 * good one. {@link #abort} may always be called.
 *
 * <p>The failures of a commit:
 *
 * <ul>
 *   <li>{@link CommitConflictException}: others have changed the same objects.
 *   <li>{@link ServerUnavailableException}: nothing was committed.
 *   <li>{@link CommitUnknownException}: the connection broke during the finish, or the thread was interrupted then.
 *   <li>{@link NoAnswerException}: the thread was interrupted before; nothing was committed. {@link #commit} has given the
 *       transaction up; after {@link #vote} the caller does.
 *   <li>{@link io.zeolite.error.ZeoException}: the server refuses, because it is read-only or its disk is full, say.
 * </ul>
 */
public final class ZeoTransaction implements AutoCloseable {
    private final ClientCore core;
    private final String user;
    private final String description;
    private final PyDict extension;

    /** Not this: an event loop takes it, and a caller may hold its transaction while it waits for the answer. */
    private final Object lock = new Object();

    // Guarded by the lock.
    private final Map<Long, Change> changes = new LinkedHashMap<>();
    private final List<Long> undone = new ArrayList<>();
    private final List<BlobSource> sources = new ArrayList<>();
    private State state = State.COLLECTING;
    private @Nullable Commit commit;
    private long tid = Tid.NONE;

    private enum State {
        COLLECTING,
        VOTING,
        VOTED,
        FINISHING,
        FINISHED,
        ENDED
    }

    ZeoTransaction(ClientCore core, String user, String description, PyDict extension) {
        this.core = core;
        this.user = user;
        this.description = description;
        this.extension = extension;
    }

    /**
     * Writes a record. A second one of the same object replaces the first.
     *
     * @param serial the revision that was read, over which it is written; {@link Tid#NONE} for a new object
     * @param data two pickles; not changed by the caller any more
     */
    public ZeoTransaction store(long oid, long serial, byte[] data) {
        return change(new Change.Store(oid, serial, Objects.requireNonNull(data, "data"), null));
    }

    /** Writes over what was loaded. */
    public ZeoTransaction store(Revision read, byte[] data) {
        return store(read.oid(), read.serial(), data);
    }

    /**
     * Writes the record of a blob and its bytes.
     *
     * @param record that of a {@code ZODB.blob.Blob}, see {@code ObjectRecord.blob()}
     * @param file not changed until the transaction has ended; it stays
     * @throws IOException if the file cannot be read
     * @throws IllegalStateException if the client has no directory for blobs
     */
    public ZeoTransaction storeBlob(long oid, long serial, byte[] record, Path file) throws IOException {
        core.blobs();
        return storeBlob(oid, serial, record, BlobSource.of(file));
    }

    /**
     * The same with the bytes of a stream, which is read to its end before this returns: into a file in {@code tmp} of the
     * client's directory for blobs, which goes with the transaction.
     *
     * @throws IOException if the stream cannot be read, or the file not written
     * @throws IllegalStateException if the client has no directory for blobs
     */
    public ZeoTransaction storeBlob(long oid, long serial, byte[] record, InputStream content) throws IOException {
        BlobSource source = BlobSource.of(content, core.blobs().newFile());
        try {
            return storeBlob(oid, serial, record, source);
        } catch (IllegalStateException e) {
            // Who removes the files of a transaction that has ended was here already.
            source.remove();
            throw e;
        }
    }

    /** The same with the bytes of a channel. */
    public ZeoTransaction storeBlob(long oid, long serial, byte[] record, ReadableByteChannel content)
            throws IOException {
        return storeBlob(oid, serial, record, Channels.newInputStream(content));
    }

    private ZeoTransaction storeBlob(long oid, long serial, byte[] record, BlobSource source) {
        synchronized (lock) {
            change(new Change.Store(oid, serial, record, source));
            sources.add(source);
            return this;
        }
    }

    /** Depends on a revision: the commit fails if it is not current any more. Nothing is done to an object that is stored. */
    public ZeoTransaction checkCurrent(long oid, long serial) {
        synchronized (lock) {
            Change known = changes.get(oid);
            // Of two revisions the older one is not current.
            boolean counts =
                    known == null || (known instanceof Change.Check check && Tid.isAfter(check.serial(), serial));
            return counts ? change(new Change.Check(oid, serial)) : this;
        }
    }

    /** Removes an object, as external garbage collection does. Not every storage can. */
    public ZeoTransaction delete(long oid, long serial) {
        return change(new Change.Delete(oid, serial));
    }

    /** Undoes a transaction: writes again what was current of its objects before. */
    public ZeoTransaction undo(long undoneTid) {
        synchronized (lock) {
            require(State.COLLECTING);
            undone.add(undoneTid);
            return this;
        }
    }

    private ZeoTransaction change(Change change) {
        synchronized (lock) {
            require(State.COLLECTING);
            changes.put(change.oid(), change);
            return this;
        }
    }

    private void require(State expected) {
        if (state != expected) {
            throw new IllegalStateException("transaction: " + state + " (expected: " + expected + ")");
        }
    }

    /** Sends the changes and waits until the server has locked the objects and can promise to commit. */
    public void vote() {
        core.await(voteInside(), Duration.ZERO);
    }

    /** Commits what was voted. Returns the tid, which is the serial of everything that was stored. */
    public long finish() {
        return awaitTid(finishInside());
    }

    /** {@link #vote} and {@link #finish}. */
    public long commit() {
        return awaitTid(voteInside().thenCompose(voted -> finishInside()));
    }

    private long awaitTid(CompletableFuture<Long> finish) {
        try {
            return core.await(finish, Duration.ZERO);
        } catch (NoAnswerException | ServerUnavailableException e) {
            // Interrupted; or the client itself has failed, perhaps in the middle of it.
            if (finish.isDone()) {
                return core.await(finish, Duration.ZERO);
            }
            if (abortUnlessFinishing()) {
                throw e;
            }
            throw started().unknown(String.valueOf(e.getMessage()), e);
        }
    }

    /** Gives it up without waiting, if the server was not asked to finish it. Returns whether it will not be committed. */
    private boolean abortUnlessFinishing() {
        synchronized (lock) {
            if (state == State.FINISHING || state == State.FINISHED) {
                return false;
            }
            abortInside();
            return true;
        }
    }

    /** {@link #vote} without waiting. */
    public CompletableFuture<@Nullable Void> voteAsync() {
        return core.publish(voteInside()).<@Nullable Void>thenApply(done -> null);
    }

    /** {@link #finish} without waiting. */
    public CompletableFuture<Long> finishAsync() {
        return core.publish(finishInside());
    }

    /** {@link #commit} without waiting. */
    public CompletableFuture<Long> commitAsync() {
        return core.publish(voteInside().thenCompose(voted -> finishInside()));
    }

    /** {@link #abort} without waiting. */
    public CompletableFuture<@Nullable Void> abortAsync() {
        return core.publish(abortInside()).<@Nullable Void>thenApply(done -> null);
    }

    /** The tid, after a good {@link #finish}; {@link Tid#NONE} before. */
    public long tid() {
        synchronized (lock) {
            return tid;
        }
    }

    private CompletableFuture<Done> voteInside() {
        synchronized (lock) {
            require(State.COLLECTING);
            state = State.VOTING;
            Commit started = new Commit(
                    core,
                    new Commit.Metadata(user, description, extension),
                    List.copyOf(changes.values()),
                    List.copyOf(undone));
            commit = started;
            return started.vote().whenComplete((done, failure) -> move(failure == null ? State.VOTED : State.ENDED));
        }
    }

    private CompletableFuture<Long> finishInside() {
        synchronized (lock) {
            require(State.VOTED);
            state = State.FINISHING;
            return started().finish().whenComplete((committed, failure) -> {
                if (failure == null) {
                    setTid(committed);
                }
                move(failure == null ? State.FINISHED : State.ENDED);
            });
        }
    }

    private void setTid(long committed) {
        synchronized (lock) {
            tid = committed;
        }
    }

    private void move(State next) {
        synchronized (lock) {
            if (state != State.ENDED) {
                state = next;
            }
            if (next == State.FINISHED || next == State.ENDED) {
                changes.clear();
                List<BlobSource> ended = List.copyOf(sources);
                sources.clear();
                core.workers().removeTemporary(ended);
            }
        }
    }

    private Commit started() {
        if (commit == null) {
            throw new IllegalStateException("transaction: " + state + " (expected: a vote first)");
        }
        return commit;
    }

    private CompletableFuture<Done> abortInside() {
        synchronized (lock) {
            State before = state;
            if (before == State.FINISHING || before == State.FINISHED || before == State.ENDED) {
                return Done.future();
            }
            move(State.ENDED);
            return before == State.COLLECTING ? Done.future() : started().abort();
        }
    }

    /**
     * Gives the transaction up, unless it is being finished; does nothing after its end. Waits until the server knows, but not
     * in a thread that is interrupted.
     */
    public void abort() {
        CompletableFuture<Done> aborted = abortInside();
        if (!Thread.currentThread().isInterrupted()) {
            core.await(aborted, core.callTimeout());
        }
    }

    /** {@link #abort}, if it was not committed. */
    @Override
    public void close() {
        abort();
    }
}
