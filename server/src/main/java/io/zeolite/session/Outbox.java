package io.zeolite.session;

import io.zeolite.client.blob.OpenBlob;
import io.zeolite.message.Message;
import io.zeolite.pickle.PyTuple;
import io.zeolite.storage.Completion;
import io.zeolite.storage.LoadResult;
import io.zeolite.storage.Storage;
import io.zeolite.zodb.Ids;
import org.jspecify.annotations.Nullable;

/**
 * The way out to one client, and the loop that it lives on. Everything is called on that loop, but for
 * {@link #execute}, {@link #executeUnasked}, {@link #canSend}, {@link #inLoop}, {@link #close} and {@link #leave}.
 */
public interface Outbox {
    /** Whether a value can be a part of a message in the encoding that the client has chosen. Any thread. */
    boolean canSend(@Nullable Object value);

    /** Writes a message after everything that was written before. */
    void send(Message message);

    /**
     * The same of the answer to a {@code loadBefore} whose id is the pair of its arguments.
     *
     * @param before the second one of them
     */
    default void sendLoaded(long oid, long before, LoadResult.Loaded loaded) {
        send(new Message.Reply(PyTuple.of(Ids.bytes(oid), Ids.bytes(before)), Session.loaded(oid, loaded)));
    }

    /**
     * Has a storage read the revision to where the same answer leaves from.
     *
     * @return false if it does not do that, or has none; then nothing is written
     */
    default boolean sendLoaded(long oid, long before, Storage storage) {
        return false;
    }

    /**
     * Writes messages like {@link #send}, of some that others are sent as well.
     *
     * @param from the first of them that this client is sent
     * @param to the end of these, more than {@code from}
     */
    void sendShared(SharedMessages messages, int from, int to);

    /**
     * Writes a blob in chunks, with other messages in between; takes over the source and closes it.
     *
     * @param outcome completes with the size when the last chunk is written, and fails if the source does, with that failure; neither
     *     if the connection breaks
     */
    void sendBlob(long oid, long serial, OpenBlob source, Completion<Long> outcome);

    /** Runs a task on the loop, after all that was given to it before. Any thread. */
    void execute(Runnable task);

    /**
     * The same for what the client has not asked for: what the task sends leaves behind the tasks that are queued by then,
     * so that many messages take one system call, and none comes before the answer that somebody waits for. Any thread.
     */
    void executeUnasked(Runnable task);

    /** Whether this thread is the loop. */
    boolean inLoop();

    /** Takes no more messages from the client until {@link #resumeReading} has been called as often. */
    void pauseReading();

    void resumeReading();

    /** Ends the connection; the session hears of it through {@link Session#disconnected}. Any thread. */
    void close();

    /**
     * Ends the connection as soon as the client has the whole of each blob that it has the beginning of: nothing else is
     * told it, or taken from it. Python's client keeps what it has of a blob if the connection breaks, and appends to it
     * what the next one brings. Any thread.
     */
    default void leave() {
        close();
    }

    /** Who is at the other end, for the log: an address and port. */
    String peer();
}
