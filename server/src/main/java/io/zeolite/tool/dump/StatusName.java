package io.zeolite.tool.dump;

/** The status of a transaction in a word. */
final class StatusName {
    private StatusName() {}

    static String of(byte status) {
        return switch (status) {
            case ' ' -> "committed";
            case 'p' -> "packed";
            case 'u' -> "undone";
            default -> "unknown(" + (status & 0xff) + ")";
        };
    }
}
