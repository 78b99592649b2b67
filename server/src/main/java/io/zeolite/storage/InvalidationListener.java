package io.zeolite.storage;

/** Hears what other clients' transactions changed. */
public interface InvalidationListener {
    /**
     * A transaction has been committed: loads see it from now on. Calls come in the order of tids, one at a time, from a
     * thread of the storage, which waits meanwhile: hand it over and return.
     */
    void invalidated(Invalidations invalidations);

    /**
     * The storage was away, and cannot say transaction by transaction what has changed meanwhile: whoever keeps something of
     * it verifies that against {@link Storage#invalidationsSince}. Called like {@link #invalidated}.
     */
    default void outdated() {}

    /** The storage has another size and perhaps fewer objects, but no other content: it was packed. */
    default void resized() {}
}
