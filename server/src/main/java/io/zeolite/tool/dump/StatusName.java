package io.zeolite.tool.dump;

import io.zeolite.storage.file.FileFormat;

/** The status of a transaction in a word. */
final class StatusName {
    private StatusName() {}

    static String of(byte status) {
        return switch (status) {
            case FileFormat.COMMITTED -> "committed";
            case FileFormat.PACKED -> "packed";
            case FileFormat.UNDONE -> "undone";
            default -> "unknown(" + (status & 0xff) + ")";
        };
    }
}
