package io.zeolite.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * A message of the server, read as the row of its leaves: the numbers, texts and byte strings in the order in which they
 * stand in the pickle, without the tuples and lists around them. That is enough to tell replies apart and builds nothing. It points into the
 * connection's buffer and holds until the next message is read.
 *
 * <pre>
 *   reply to a load   oid, tid, flag, ".reply", data, serial, end or None
 *   other reply       id, flag, ".reply", result...
 *   notification      0, True, name, arguments...
 * </pre>
 */
final class Message {
    private static final int MOST_LEAVES = 32;
    private static final int NONE = 0;
    private static final int NUMBER = 1;
    private static final int BYTES = 2;
    private static final int TEXT = 3;

    private final int[] kinds = new int[MOST_LEAVES];
    /** The value of a number, the position in the buffer of a string. */
    private final long[] values = new long[MOST_LEAVES];

    private final int[] lengths = new int[MOST_LEAVES];
    private final ByteBuffer buffer;
    private int count;
    private int position;

    Message(ByteBuffer buffer) {
        this.buffer = buffer;
    }

    /** Reads the pickle at {@code from}; leaves beyond the first 32 are passed over. */
    void read(int from, int to) throws IOException {
        count = 0;
        position = from;
        while (position < to) {
            int opcode = unsigned();
            switch (opcode) {
                case '.' -> {
                    return;
                }
                case 0x80, 'q' -> position++;
                case '(', 't', 0x85, 0x86, 0x87, ')', ']', 'a', 'e', '}', 's', 'u' -> {}
                case 'N' -> leaf(NONE, 0, 0);
                case 0x88 -> leaf(NUMBER, 1, 0);
                case 0x89 -> leaf(NUMBER, 0, 0);
                case 'K' -> leaf(NUMBER, unsigned(), 0);
                case 'M' -> leaf(NUMBER, unsigned() | unsigned() << 8, 0);
                case 'J' -> leaf(NUMBER, four(), 0);
                case 0x8a -> leaf(NUMBER, longOf(unsigned()), 0);
                case 'C' -> string(BYTES, unsigned());
                case 'B' -> string(BYTES, four());
                case 'X' -> string(TEXT, four());
                default ->
                    throw new IOException("opcode: 0x" + Integer.toHexString(opcode) + " at " + (position - 1 - from)
                            + " of a message");
            }
        }
        throw new IOException("a message of " + (to - from) + " bytes without an end");
    }

    boolean isNotification() {
        return kinds[0] == NUMBER && values[0] == 0;
    }

    boolean isNotification(String name) {
        return isNotification() && text(2).equals(name);
    }

    boolean isLoad() {
        return kinds[0] == BYTES;
    }

    /** The oid that a load was for, or the number of another call. */
    long id() {
        return isLoad() ? eight(0) : values[0];
    }

    /** Throws what the server answered if it is an error. */
    Message succeeded() throws IOException {
        int flag = result() - 2;
        if (values[flag] == 2) {
            throw new ServerError(text(result()));
        }
        return this;
    }

    /** Index of the first leaf of the result. */
    int result() {
        return isLoad() ? 4 : 3;
    }

    boolean has(int leaf) {
        return leaf < count;
    }

    boolean isBytes(int leaf) {
        return leaf < count && kinds[leaf] == BYTES;
    }

    int length(int leaf) {
        return lengths[leaf];
    }

    int position(int leaf) {
        return (int) values[leaf];
    }

    /** An oid or a tid. */
    long eight(int leaf) {
        return buffer.getLong((int) values[leaf]);
    }

    byte[] bytes(int leaf) {
        byte[] copy = new byte[lengths[leaf]];
        buffer.get((int) values[leaf], copy);
        return copy;
    }

    String text(int leaf) {
        return new String(bytes(leaf), StandardCharsets.UTF_8);
    }

    private void string(int kind, int length) {
        leaf(kind, position, length);
        position += length;
    }

    private void leaf(int kind, long value, int length) {
        if (count < MOST_LEAVES) {
            kinds[count] = kind;
            values[count] = value;
            lengths[count] = length;
            count++;
        }
    }

    private int unsigned() {
        return buffer.get(position++) & 0xff;
    }

    private int four() {
        int value = Integer.reverseBytes(buffer.getInt(position));
        position += Integer.BYTES;
        return value;
    }

    private long longOf(int length) {
        long value = 0;
        for (int i = 0; i < length; i++) {
            value |= (long) unsigned() << (8 * i);
        }
        return value;
    }

    /** The class name of an error that the server answered with. */
    static final class ServerError extends IOException {
        private static final long serialVersionUID = 1;

        ServerError(String className) {
            super(className);
        }

        boolean isConflict() {
            return getMessage().endsWith("ConflictError");
        }
    }
}
