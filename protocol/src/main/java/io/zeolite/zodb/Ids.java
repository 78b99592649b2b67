package io.zeolite.zodb;

import java.nio.ByteBuffer;

/** What {@link Oid} and {@link Tid} have in common. */
public final class Ids {
    private Ids() {}

    /** The eight bytes of an object id or a transaction id, big-endian, as messages and records have them. */
    public static byte[] bytes(long id) {
        return ByteBuffer.allocate(Long.BYTES).putLong(id).array();
    }
}
