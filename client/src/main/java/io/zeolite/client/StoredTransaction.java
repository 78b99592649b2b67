package io.zeolite.client;

import io.zeolite.pickle.PyDict;
import io.zeolite.zodb.TimeStamp;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A transaction as the storage has it, from {@link TransactionIterator}. Its records are fetched when they are asked for,
 * which is possible until the iterator goes on.
 */
public final class StoredTransaction {
    private final TransactionIterator iterator;
    private final long tid;
    private final String status;
    private final byte[] user;
    private final byte[] description;
    private final PyDict extension;

    StoredTransaction(
            TransactionIterator iterator, long tid, String status, byte[] user, byte[] description, PyDict extension) {
        this.iterator = iterator;
        this.tid = tid;
        this.status = status;
        this.user = user;
        this.description = description;
        this.extension = extension;
    }

    /**
     * A record of a transaction.
     *
     * @param oid the object
     * @param tid the transaction
     * @param data two pickles; null if the object's creation was undone, or it was deleted
     * @param dataTid the transaction whose record this one repeats, as undos do; null if it is its own
     */
    public record StoredRecord(
            long oid,
            long tid,
            byte @Nullable [] data,
            @Nullable Long dataTid) {}

    public long tid() {
        return tid;
    }

    /** When it was committed. */
    public Instant time() {
        return TimeStamp.toInstant(tid);
    }

    /** One character: a space, or {@code p} for a transaction that was packed. */
    public String status() {
        return status;
    }

    public String user() {
        return new String(user, StandardCharsets.UTF_8);
    }

    public String description() {
        return new String(description, StandardCharsets.UTF_8);
    }

    /** What applications have noted with it. */
    public PyDict extension() {
        return extension;
    }

    /** All its records. */
    public List<StoredRecord> records() {
        return iterator.records(this);
    }

    /** {@link #records} without waiting. */
    public CompletableFuture<List<StoredRecord>> recordsAsync() {
        return iterator.recordsAsync(this);
    }
}
