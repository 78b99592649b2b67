package io.zeolite.client;

/** Makes a transaction known to those who are behind a client. */
@FunctionalInterface
public interface RelayPublication {
    /**
     * A transaction has been committed, later than all before; or the last one has changed more than was said. On the
     * client's event loop, before anything that the server has sent behind it is looked at; it must not block.
     *
     * @param oids what it changed; nobody changes the array
     * @param makeVisible to be run in the call, once: the client's cache knows of the transaction afterwards
     */
    void publish(long tid, long[] oids, Runnable makeVisible);
}
