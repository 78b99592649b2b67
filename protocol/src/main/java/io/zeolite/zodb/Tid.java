package io.zeolite.zodb;

/**
 * A transaction id as a {@code long}: eight bytes, unsigned, big-endian, a {@link TimeStamp} that rises with every
 * transaction of a storage. The tid of the transaction that wrote a revision of an object is that revision's
 * <em>serial</em>.
 */
public final class Tid {
    /** Before every transaction: the last transaction of an empty storage, the serial of an object that is new. */
    public static final long NONE = 0L;

    /** After every transaction: loading the revision before it loads the current one. */
    public static final long MAX = Long.MAX_VALUE;

    private Tid() {}

    /** Whether {@code a} is later than {@code b}. */
    public static boolean isAfter(long a, long b) {
        return Long.compareUnsigned(a, b) > 0;
    }

    /** The form that ZODB names blob files by: {@code 0x} and as few digits as possible, an even number of them. */
    public static String toString(long tid) {
        return Hex.shortest(tid);
    }

    /** All sixteen hex digits, without {@code 0x}. */
    public static String toHex(long tid) {
        return Hex.full(tid);
    }
}
