package io.zeolite.storage;

import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The history of a storage on this machine: transactions in the order of their tids, and an index of what is current.
 *
 * <p>Reads may run at any time on any thread, without locks, and see every transaction that has been published and
 * nothing of the others. The writing methods (from {@link #reserve} on) are called by the committer, that is by one thread
 * at a time.
 */
public interface TransactionLog extends Closeable {
    /** The most transactions that are appended at once. */
    int MAX_BATCH = 1000;

    /** What clients are told; see {@link StorageInfo}. The interfaces of blobs are not in it. */
    StorageInfo info();

    /** The last published transaction; {@link io.zeolite.zodb.Tid#NONE} if there is none. */
    long lastTransaction();

    long length();

    long size();

    /** The largest oid that has a record; 0 if there is none. */
    long maxOid();

    /** @throws IOException if the data is damaged (naming file, offset, found and expected) or cannot be read */
    LoadResult loadBefore(long oid, long before) throws IOException;

    /** See {@link Storage#loadBefore(long, long, RecordTarget)}. */
    default boolean loadBefore(long oid, long before, RecordTarget target) throws IOException {
        return false;
    }

    /** @throws io.zeolite.error.PosKeyException if that tid wrote no record of the object, or deleted it */
    byte[] loadSerial(long oid, long serial) throws IOException;

    /** @throws io.zeolite.error.PosKeyException if there is no such object, or it is deleted */
    long getTid(long oid) throws IOException;

    /**
     * The tid of the newest record of an object, a deletion included, {@link io.zeolite.zodb.Tid#NONE} if there is none:
     * what the serial of a store is compared with.
     */
    long currentSerial(long oid) throws IOException;

    /**
     * The newest revisions of an object, newest first, its deletions included. Reads one or two pages for each.
     *
     * @param size the most to be returned
     * @throws io.zeolite.error.PosKeyException if it has never been stored
     */
    List<RevisionSummary> history(long oid, long size) throws IOException;

    /** The last {@code count} transactions, or as many as there are, oldest first. */
    List<Invalidations> lastInvalidations(int count) throws IOException;

    /**
     * All transactions after a tid, oldest first, for answering clients that were away for long. Only the last of them if
     * they changed more objects than a client should be told of.
     */
    List<Invalidations> invalidationsAfter(long tid) throws IOException;

    /**
     * Walks over the transactions that are published now.
     *
     * @param start the first tid that is wanted
     * @param stop the last one
     */
    TransactionIterator iterator(long start, long stop) throws IOException;

    /**
     * The current record of the object with the smallest oid that is not below {@code oid}, unsigned.
     *
     * @throws io.zeolite.error.PosKeyException if that object is deleted; the walk can go on behind it
     * @throws io.zeolite.error.CallException {@code ValueError} if there is no such object, {@code AttributeError} if
     *     this log cannot do it, see {@link StorageInfo#supportsRecordIternext}
     */
    CurrentRecord recordIternext(long oid) throws IOException;

    /** How many bytes a transaction will take in the log. */
    long sizeOf(TransactionMetadata metadata, StagedRecords records);

    /**
     * Keeps room for {@code bytes} more, so that appending them cannot fail for lack of space, until {@link #release}
     * gives it back.
     *
     * @throws io.zeolite.disk.NoSpaceException if there is none; nothing is reserved
     */
    void reserve(long bytes) throws IOException;

    /** Gives back what {@link #reserve} kept, after the transaction has been appended or given up. Appending does not. */
    void release(long bytes);

    /**
     * Appends at most {@link #MAX_BATCH} transactions, in this order. When it returns, they survive a crash; none is visible yet. If the process
     * dies before, all of them are there when the log is opened again, or none is; if the machine crashes in the very
     * last step, it may also be a part of the list from its beginning.
     *
     * @param beforeCommit runs when the bytes are written and before the first of them counts as committed: blob files
     *     are moved into place here. If it throws, nothing is appended. It may wait for the disk.
     * @param forcing told when it waits for the disk, and when {@code beforeCommit} runs. Meanwhile others may use the log as the
     *     committer does, but neither append nor pack.
     * @return for each, what makes it visible to loads; to be run in order on the committer's thread
     * @throws AppendFailedException if nothing was appended and the log is as it was
     * @throws IOException if it is unknown what is on disk; the log takes nothing any more
     */
    List<Publication> append(List<LogTransaction> transactions, BeforeCommit beforeCommit, Forcing forcing)
            throws IOException;

    /** Why it takes nothing any more, after an {@link #append} or a pack that failed; null while it does. Any thread. */
    default @Nullable String failure() {
        return null;
    }

    /**
     * Prepares a pack; one at a time. Nothing has been read or written when it returns.
     *
     * @throws io.zeolite.error.ReadOnlyException if nothing may change
     */
    Pack pack(PackControl control) throws IOException;

    /** Makes an appended transaction visible. */
    interface Publication {
        void publish();
    }

    /** What has to be on disk before the transactions are. */
    interface BeforeCommit {
        BeforeCommit NOTHING = () -> {};

        void run() throws IOException;
    }

    /** Hears of the time in which the committer waits for the disk, or brings to its place what has to be there. */
    interface Forcing {
        void begin();

        /** Follows each {@link #begin}, before the log is used again; also when the disk fails. */
        void end();

        /** Runs something between the two. */
        default void during(BeforeCommit task) throws IOException {
            begin();
            try {
                task.run();
            } finally {
                end();
            }
        }
    }

    /** Saves what makes the next opening quick and lets go of the files. */
    @Override
    void close() throws IOException;
}
