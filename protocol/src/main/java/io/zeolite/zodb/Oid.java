package io.zeolite.zodb;

/** An object id as a {@code long}: eight bytes, unsigned, big-endian. Ids are dense in practice, given out from 1. */
public final class Oid {
    /** The root object of a database. */
    public static final long ROOT = 0L;

    private Oid() {}

    /**
     * The form that ZODB prints and names directories by: {@code 0x}, lower-case hex without leading zero digits, padded
     * to an even number of digits; the root is {@code 0x00}.
     */
    public static String toString(long oid) {
        return Hex.shortest(oid);
    }
}
