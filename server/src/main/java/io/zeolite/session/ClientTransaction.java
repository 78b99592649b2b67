package io.zeolite.session;

import io.zeolite.error.CallException;
import io.zeolite.error.TransactionException;
import io.zeolite.error.ZeoException;
import io.zeolite.storage.StorageTransaction;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The transaction that a client has begun, as its conversation sees it. Event loop only. */
final class ClientTransaction {
    /** Where it stands; the storage is the owner of what is staged while a vote or a finish is under way. */
    enum State {
        STAGING,
        VOTING,
        VOTED,
        FINISHING
    }

    private final @Nullable Object id;
    private final StorageTransaction transaction;
    private final long maxStagedBytes;

    State state = State.STAGING;
    private long stagedBytes;
    private @Nullable ZeoException failure;

    /**
     * Begins a transaction.
     *
     * @param begin begins it in the storage
     */
    ClientTransaction(@Nullable Object id, Function<ClientTransaction, StorageTransaction> begin, long maxStagedBytes) {
        this.id = id;
        this.maxStagedBytes = maxStagedBytes;
        this.transaction = begin.apply(this);
    }

    @Nullable
    Object id() {
        return id;
    }

    boolean hasId(@Nullable Object other) {
        return Objects.deepEquals(id, other);
    }

    StorageTransaction storage() {
        return transaction;
    }

    /** Refuses to stage into a transaction that is being voted on, or has been. */
    void checkStaging() {
        if (state != State.STAGING) {
            throw new TransactionException("store into a transaction that is " + state);
        }
    }

    /** Counts bytes that are to be staged. Returns whether they may; if not, the vote will say why. */
    boolean admit(long bytes) {
        stagedBytes += bytes;
        if (stagedBytes > maxStagedBytes) {
            fail(CallException.storage("transaction too large: " + stagedBytes + " bytes staged (max-staged-size: "
                    + maxStagedBytes + ")"));
        }
        return failure == null;
    }

    /** Remembers a failure of a call that is not answered; the first one is the answer to the vote. */
    void fail(ZeoException problem) {
        if (failure == null) {
            failure = problem;
        }
    }

    @Nullable
    ZeoException failure() {
        return failure;
    }
}
