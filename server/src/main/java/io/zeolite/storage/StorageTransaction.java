package io.zeolite.storage;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * One client's transaction on one storage: staged, then voted, then finished or aborted.
 *
 * <p>The methods are called by one thread at a time (the client's event loop) and never wait for disk or locks. Nothing
 * that is staged is visible to anybody before {@link #finish} completes. What cannot be staged (too much, no disk
 * space) is reported by the vote. Staging while a vote is under way, or after a clean one, throws
 * {@link io.zeolite.error.TransactionException}.
 */
public interface StorageTransaction {
    /**
     * Stages a record.
     *
     * @param serial the revision that the client changed, {@link io.zeolite.zodb.Tid#NONE} for a new object
     * @param data the record, not empty; it belongs to the transaction afterwards
     */
    void store(long oid, long serial, byte[] data);

    /**
     * Stages a blob: its record and its bytes.
     *
     * @param file the bytes in a complete file on the same file system as the blobs; it belongs to the transaction
     *     afterwards, also if it is aborted
     */
    void storeBlob(long oid, long serial, byte[] data, Path file);

    /**
     * Stages a record that is copied from another storage. It is not compared with what is there.
     *
     * @param serial the tid that the record has there, and gets here
     * @param data the record, null if the object does not exist as of it; it belongs to the transaction afterwards
     * @param origin the tid of a record of the object that has the same data: if it is here too, the data is not written
     *     again. {@link io.zeolite.zodb.Tid#NONE} if none is known
     * @throws io.zeolite.error.CallException if the storage does not take copies
     */
    void restore(long oid, long serial, byte @Nullable [] data, long origin);

    /**
     * Stages the deletion of an object, which collectors of garbage ask for. The vote fails unless {@code serial} is its
     * current revision.
     *
     * @throws io.zeolite.error.CallException if the storage keeps no deletions
     */
    void delete(long oid, long serial);

    /**
     * Undoes an earlier transaction, at the vote, after all that was stored. Such a transaction waits for all others that
     * hold locks, and all others wait for it. The objects are among the changed ones of the vote's result. What cannot be
     * undone fails the vote with {@link io.zeolite.error.UndoException}.
     *
     * @throws io.zeolite.error.CallException if the storage cannot undo
     */
    void undo(long tid);

    /** Makes the vote fail unless {@code serial} is the current revision of the object then. */
    void checkCurrent(long oid, long serial);

    /**
     * Makes the vote fail with a read conflict if the object has any revision then: for a storage that has the revision
     * that was read, {@code serial}, somewhere else.
     */
    void checkAbsent(long oid, long serial);

    /**
     * Whether more is staged than has reached the disk yet. The client should be read from no more until
     * {@code whenDrained} has run (once, on any thread); it does not run if this returns false.
     */
    boolean isBacklogged(Runnable whenDrained);

    /**
     * Asks whether the transaction can be committed. A vote that waits for another transaction's locks completes later.
     * With conflicts in the result, the client may store again and vote again; the locks are given back at the first of
     * them, and kept from the second on. After a failure
     * ({@link io.zeolite.error.ConflictException} for a failed {@link #checkCurrent}) the transaction is aborted.
     */
    void vote(Completion<VoteResult> completion);

    /**
     * Commits a transaction whose vote was clean. When this completes, the transaction is on disk (fsync of data and
     * blobs) and visible to loads, and the other clients' invalidations for it are queued.
     */
    void finish(Completion<Finished> completion);

    /**
     * Drops the transaction in whatever state it is, its locks and its staged files. A vote that waits fails with
     * {@link io.zeolite.error.TransactionException}; a finish that is under way is not stopped.
     */
    void abort();
}
