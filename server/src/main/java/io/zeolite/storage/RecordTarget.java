package io.zeolite.storage;

import java.nio.ByteBuffer;

/** Where a record is read to: into the message that brings it to a client, say. For one record, and one thread. */
public interface RecordTarget {
    /**
     * Gives room for the record. If it has to be read once more, from another file, this is called again, and what is in
     * the room of before does not count.
     *
     * @param length of the record in bytes, at least 1
     * @return a direct buffer with just so much remaining, which is to be filled before anything else is called
     */
    ByteBuffer room(int length);

    /** The room has been filled with a revision; see {@link LoadResult.Loaded}. The last call. */
    void loaded(long serial, long end);
}
