package io.zeolite.zodb;

/** The two ways in which ZODB writes eight bytes in hex. */
final class Hex {
    private Hex() {}

    /** {@code 0x} and an even number of digits, as few as possible: ZODB's {@code oid_repr} and {@code tid_repr}. */
    static String shortest(long value) {
        String digits = Long.toHexString(value);
        return (digits.length() % 2 == 0 ? "0x" : "0x0") + digits;
    }

    /** All sixteen digits. */
    static String full(long value) {
        String digits = Long.toHexString(value);
        return "0".repeat(16 - digits.length()) + digits;
    }
}
