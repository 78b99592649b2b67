package io.zeolite.client;

/**
 * Hears of transactions, in their order, after the client's cache knows of them: what is loaded in a call is at least as
 * new as that transaction. Called on a thread of the client's, one call at a time; a slow listener is told later, and keeps
 * nobody else waiting but the other listeners.
 */
@FunctionalInterface
public interface InvalidationListener {
    /**
     * A transaction has changed objects, or several have while the client was away.
     *
     * @param tid the transaction, the last one of several; later than that of any call before, or the same if the server has
     *     told of a transaction too late
     * @param oids the objects, the caller's to keep
     */
    void invalidated(long tid, long[] oids);

    /**
     * Anything may have changed: the client was away for so long that the server cannot say what has, or this is its first
     * connection. Whoever keeps something of objects overrides this, and drops all of it.
     *
     * @param tid the last transaction of the storage
     */
    default void everythingInvalidated(long tid) {
        invalidated(tid, new long[0]);
    }
}
