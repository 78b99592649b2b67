package io.zeolite.zodb;

import java.nio.ByteBuffer;

/** What {@link Oid} and {@link Tid} have in common. */
public final class Ids {
    private Ids() {}

    /** The eight bytes of an object id or a transaction id, big-endian, as messages and records have them. */
    public static byte[] bytes(long id) {
        return new byte[] {
            (byte) (id >>> 56),
            (byte) (id >>> 48),
            (byte) (id >>> 40),
            (byte) (id >>> 32),
            (byte) (id >>> 24),
            (byte) (id >>> 16),
            (byte) (id >>> 8),
            (byte) id
        };
    }

    /** The object id or transaction id in eight bytes. */
    public static long of(byte[] eight) {
        return ByteBuffer.wrap(eight).getLong();
    }
}
