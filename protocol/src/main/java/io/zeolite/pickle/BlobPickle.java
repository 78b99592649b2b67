package io.zeolite.pickle;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Tells the records of blobs: those whose first pickle is the class {@code ZODB.blob.Blob} and nothing else. The bytes of
 * a blob are in a file of their own, and all its records are alike. They are never compressed: they are so short that they
 * would only become longer.
 */
public final class BlobPickle {
    /** More of a record than this need not be looked at. */
    public static final int MAX_LENGTH = 64;

    private static final byte[] GLOBAL = ascii("cZODB.blob\nBlob\n");
    private static final byte[] STACK_GLOBAL = ascii("\u008c\u0009ZODB.blob\u0094\u008c\u0004Blob\u0094\u0093");
    private static final byte[] STACK_GLOBAL_WITHOUT_MEMO = ascii("\u008c\u0009ZODB.blob\u008c\u0004Blob\u0093");

    private BlobPickle() {}

    /** Whether a record is that of a blob; of a longer one the first {@link #MAX_LENGTH} bytes are enough. */
    public static boolean isBlob(byte[] record) {
        int position = record.length > 2 && record[0] == (byte) 0x80 ? 2 : 0;
        if (startsWith(record, position, new byte[] {(byte) 0x95})) {
            position += 9;
        }
        for (byte[] form : new byte[][] {GLOBAL, STACK_GLOBAL, STACK_GLOBAL_WITHOUT_MEMO}) {
            if (startsWith(record, position, form)) {
                int end = afterMemo(record, position + form.length);
                return end < record.length && record[end] == '.';
            }
        }
        return false;
    }

    /** Passes over an instruction that remembers the class. */
    private static int afterMemo(byte[] record, int position) {
        if (position >= record.length) {
            return position;
        }
        return switch (record[position]) {
            case 'q' -> position + 2;
            case 'r' -> position + 5;
            case (byte) 0x94 -> position + 1;
            case 'p' -> afterLine(record, position);
            default -> position;
        };
    }

    private static int afterLine(byte[] record, int position) {
        int end = position;
        while (end < record.length && record[end] != '\n') {
            end++;
        }
        return end + 1;
    }

    private static boolean startsWith(byte[] record, int position, byte[] form) {
        return position + form.length <= record.length
                && Arrays.equals(record, position, position + form.length, form, 0, form.length);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }
}
