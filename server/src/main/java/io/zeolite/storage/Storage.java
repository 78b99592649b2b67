package io.zeolite.storage;

import io.zeolite.client.blob.OpenBlob;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A storage that clients can open, by name, over the wire. Any thread may call it, unless a method says otherwise.
 *
 * <p>Order, on which clients' caches depend (rules R1 to R10 of {@code docs/protocol.md}): a transaction is first
 * visible to loads, then told to all listeners, then its finish completes. Those that are written together do so together,
 * in the order of their tids, and only then come the next ones.
 */
public interface Storage extends AutoCloseable {
    StorageInfo info();

    /** The last committed transaction; {@link io.zeolite.zodb.Tid#NONE} if there is none. */
    long lastTransaction();

    /** How many objects there are, deleted ones that are not packed away included. */
    long length();

    /** Size of the data in bytes. */
    long size();

    /**
     * Loads the revision of an object that was current just before a tid; {@link io.zeolite.zodb.Tid#MAX} for the
     * current one.
     */
    void loadBefore(long oid, long before, Completion<LoadResult> completion);

    /**
     * The same for a storage that can read the record at once to where it is wanted.
     *
     * @return whether the target has a revision; if not, the other method says what there is
     */
    default boolean loadBefore(long oid, long before, RecordTarget target) {
        return false;
    }

    /** Loads the record that a tid wrote; {@link io.zeolite.error.PosKeyException} if it wrote none. */
    void loadSerial(long oid, long serial, Completion<byte[]> completion);

    /** The serial of the current revision; {@link io.zeolite.error.PosKeyException} if there is no such object. */
    void getTid(long oid, Completion<Long> completion);

    /**
     * Walks over the transactions that are committed now. It may wait for the disk, as the iterator may.
     *
     * @param start the first tid that is wanted
     * @param stop the last one
     */
    TransactionIterator iterator(long start, long stop) throws IOException;

    /** See {@link TransactionLog#recordIternext}. It may wait for the disk. */
    CurrentRecord recordIternext(long oid) throws IOException;

    /**
     * The newest revisions of an object, newest first; {@link io.zeolite.error.PosKeyException} if it has never been
     * stored.
     *
     * @param size the most to be returned
     */
    void history(long oid, long size, Completion<List<RevisionSummary>> completion);

    /**
     * The transactions that can be undone, the last one first, without those that the filter does not want: from number
     * {@code first} (from 0) to before {@code last} of what is left. None if the storage cannot undo.
     *
     * @param filter called on a thread of the storage
     */
    void undoLog(
            long first,
            long last,
            Predicate<TransactionSummary> filter,
            Completion<List<TransactionSummary>> completion);

    /** New object ids, ascending, never given before by this storage. */
    void newOids(int count, Completion<long[]> completion);

    /**
     * What has changed since a tid, up to a tid that is visible to loads; empty if that is not known any more, or never
     * was, as this storage has no such transaction: then the client must drop its cache.
     *
     * @param tid {@link io.zeolite.zodb.Tid#NONE} for all that has ever changed
     */
    void invalidationsSince(long tid, Completion<Optional<Invalidations>> completion);

    /**
     * Waits until everything is visible, and told to the listeners, that has been committed by anybody. At once for a
     * storage that is all here.
     */
    default void sync(Completion<Void> completion) {
        Completion.done(completion);
    }

    /**
     * Waits until the storage can say what it is. At once, but for one on another machine that has not been reached yet;
     * nothing else may be asked of it before.
     */
    default void whenOpen(Completion<Void> completion) {
        Completion.done(completion);
    }

    /**
     * Lets a listener hear of every transaction after {@link Subscription#startTid}, but for those that were begun with
     * this subscription.
     */
    Subscription subscribe(InvalidationListener listener);

    /**
     * Begins a transaction that gets its tid at the finish.
     *
     * @see #begin(Subscription, TransactionMetadata, CopiedTransaction, Runnable)
     */
    default StorageTransaction begin(
            @Nullable Subscription committer, TransactionMetadata metadata, Runnable onTimeout) {
        return begin(committer, metadata, null, onTimeout);
    }

    /**
     * Begins a transaction.
     *
     * @param committer the subscription of the client that begins it, which is told by the finish instead
     * @param copied what it keeps if it is a copy from another storage. Such a transaction waits for all others that hold
     *     locks, and all others wait for it.
     * @param onTimeout called, on a thread of the storage, if the transaction held its locks longer than the
     *     configured timeout; it is then aborted
     */
    StorageTransaction begin(
            @Nullable Subscription committer,
            TransactionMetadata metadata,
            @Nullable CopiedTransaction copied,
            Runnable onTimeout);

    /** Whether it has blobs. */
    boolean hasBlobs();

    /** An empty file for the bytes of a blob that is to be stored, on the file system of the blobs. May touch the disk. */
    Path newBlobFile() throws IOException;

    /** Whether such a file will be forced to the disk, so that it is worth while to begin writing it there early. */
    boolean syncsBlobs();

    /** Where a file lies that a client has put into the shared blob directory; it need not exist. */
    Path sharedBlobFile(long oid, String baseName);

    /** Opens a blob; {@link io.zeolite.error.PosKeyException} if its file is not there. */
    void openBlob(long oid, long serial, Completion<OpenBlob> completion);

    /**
     * Removes what is not needed any more: revisions that were replaced by then, and perhaps objects that nothing refers
     * to. Loads and commits go on meanwhile.
     *
     * @param stop what was written later stays; a tid, which need not have been given to a transaction
     * @param isWhole whether this storage has all that its objects are referred to by, so that what nothing in it refers
     *     to may be removed, if it is configured so
     * @param completion hears when all of it is done; {@code FileStorageError} if another pack is under way, or if it
     *     failed and the storage is as it was
     */
    void pack(long stop, boolean isWhole, Completion<Void> completion);

    /** How many votes wait for the locks of others; for the monitor. */
    int waitingVotes();

    /** Since when the oldest holder of locks has held them; null if nobody holds any. For the monitor. */
    @Nullable
    Instant lockedSince();

    /** Why it takes no transactions until it is opened anew; null while it does. For the monitor. */
    default @Nullable String failure() {
        return null;
    }

    /**
     * Refuses votes from now on, and completes when no transaction holds locks any more. Refused votes, those that wait included, fail
     * only then, with {@link StorageAwayException}: the end of a connection is not to cut off who has voted on it.
     */
    void drain(Completion<Void> completion);

    /** Saves what makes the next start quick and lets go of the files. Transactions that are not finished are dropped. */
    @Override
    void close();
}
