package io.zeolite.client;

import org.jspecify.annotations.Nullable;

/**
 * Makes one record out of two changes of the same object, as {@code _p_resolveConflict} does in Python. Not asked about
 * new objects, see {@link Conflict}. Called on a thread of the client's, by as many transactions at a time as have conflicts.
 */
@FunctionalInterface
public interface ConflictResolver {
    /**
     * Resolves a conflict, or does not. It may load; a transaction of the same client would wait for the one that has the
     * conflict, for ever.
     *
     * @return the record to be written over the one that is current now; null if there is none, and the transaction fails
     */
    byte @Nullable [] resolve(Conflict conflict);
}
