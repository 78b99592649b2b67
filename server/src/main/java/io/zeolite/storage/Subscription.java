package io.zeolite.storage;

/** A listener's standing order for invalidations, see {@link Storage#subscribe}. */
public interface Subscription extends AutoCloseable {
    /** The last transaction when it began: the listener hears of every later one and of no earlier one. */
    long startTid();

    /** Ends it. A call to the listener that is under way may still finish. */
    @Override
    void close();
}
