package io.zeolite.storage;

/** Hears what other clients' transactions changed. */
public interface InvalidationListener {
    /**
     * Transactions have been committed: loads see them from now on. Calls come in the order of tids, one at a time, from a
     * thread of the storage, which waits meanwhile: hand it over and return.
     *
     * @param published those that were published together; one instance for all listeners
     * @param from the first of them that this listener is to hear of now
     * @param to the end of these, more than {@code from}
     */
    void invalidated(InvalidationBatch published, int from, int to);

    /**
     * The storage was away, and cannot say transaction by transaction what has changed meanwhile: whoever keeps something of
     * it verifies that against {@link Storage#invalidationsSince}. Called like {@link #invalidated}.
     */
    default void outdated() {}

    /** The storage has another size and perhaps fewer objects, but no other content: it was packed. */
    default void resized() {}
}
