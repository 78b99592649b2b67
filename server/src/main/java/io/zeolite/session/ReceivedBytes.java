package io.zeolite.session;

import java.nio.ByteBuffer;

/** Bytes of a message in the buffer in which they came; they are there during a call, and longer if they are kept. */
public interface ReceivedBytes {
    /** How many there are. */
    int length();

    /** The bytes themselves, which nobody changes, in one or more pieces. */
    ByteBuffer[] pieces();

    /** Keeps them until what this returns has run, once, on any thread. */
    Runnable keep();
}
