package io.zeolite.blob;

/** Slows down whoever moves bytes. Any thread. */
public interface Throttle {
    Throttle NONE = bytes -> {};

    /** Waits until some more bytes may be moved. */
    void await(long bytes) throws InterruptedException;
}
