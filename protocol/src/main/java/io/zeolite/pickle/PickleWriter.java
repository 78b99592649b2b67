package io.zeolite.pickle;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.zeolite.zodb.Ids;
import java.math.BigInteger;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes pickles of protocol 3, byte for byte as Python's C pickler does: without a memo ("fast"), as ZEO sends them, or
 * with one, as ZODB stores them ({@link ExtensionPickle}).
 */
public final class PickleWriter {
    private static final int BATCH = 1000;

    /** Far more than any reader takes, and little enough for the stack of a thread. */
    private static final int MAX_DEPTH = 500;

    private static final Object EMPTY_BYTES = new Object();

    private final ByteBuf out;
    private final @Nullable Map<Object, Integer> memo;
    private int depth;

    private PickleWriter(ByteBuf out, @Nullable Map<Object, Integer> memo) {
        this.out = out;
        this.memo = memo;
    }

    /**
     * Appends the pickle of a value to {@code out}, without a memo.
     *
     * @throws IllegalArgumentException if a value is none of those that {@link io.zeolite.pickle} names as plain; part of
     *     the pickle has been written then
     */
    public static void write(@Nullable Object value, ByteBuf out) {
        new PickleWriter(out, null).writePickle(value);
    }

    /** The same with a memo; what {@link PyGlobal} and {@link PyCall} stand for is written too. */
    static void writeWithMemo(@Nullable Object value, ByteBuf out) {
        new PickleWriter(out, new IdentityHashMap<>()).writePickle(value);
    }

    /** The two pickles of a record, which may hold references. */
    static void writeRecord(PyGlobal type, @Nullable Object state, ByteBuf out) {
        PickleWriter writer = new PickleWriter(out, new IdentityHashMap<>());
        writer.writePickle(type);
        writer.writePickle(state);
    }

    private void writePickle(@Nullable Object value) {
        out.writeByte(Opcode.PROTO);
        out.writeByte(3);
        write(value);
        out.writeByte(Opcode.STOP);
    }

    private void write(@Nullable Object value) {
        if (value == null) {
            out.writeByte(Opcode.NONE);
        } else if (value instanceof Boolean bool) {
            out.writeByte(bool ? Opcode.NEWTRUE : Opcode.NEWFALSE);
        } else if (value instanceof Long number) {
            writeInt(number);
        } else if (value instanceof Double number) {
            out.writeByte(Opcode.BINFLOAT);
            out.writeDouble(number);
        } else if (value instanceof BigInteger number) {
            writeBigInteger(number);
        } else if (!writeFromMemo(value)) {
            writeObject(value);
        }
    }

    private void writeObject(Object value) {
        if (value instanceof String text) {
            writeText(text);
            remember(value);
        } else if (value instanceof byte[] bytes) {
            writeBytes(bytes);
            remember(value);
        } else if (value instanceof long[] oids) {
            writeOids(oids);
        } else {
            if (++depth > MAX_DEPTH) {
                throw new IllegalArgumentException("value: containers nested more than " + MAX_DEPTH + " deep");
            }
            writeContainer(value);
            depth--;
        }
    }

    private void writeContainer(Object value) {
        if (value instanceof PyTuple tuple) {
            writeTuple(tuple);
        } else if (value instanceof List<?> list) {
            writeList(list);
        } else if (value instanceof PyDict dict) {
            writeDict(dict);
        } else if (memo != null && value instanceof PyGlobal global) {
            writeGlobal(global);
        } else if (memo != null && value instanceof PyReference reference) {
            writeReference(reference);
        } else if (memo != null && value instanceof PyCall call) {
            write(call.function());
            write(call.args());
            out.writeByte(Opcode.REDUCE);
            remember(call);
        } else {
            throw new IllegalArgumentException(
                    "value: " + value.getClass().getName() + " (expected: a plain value of io.zeolite.pickle)");
        }
    }

    private void writeInt(long value) {
        if (value >= 0 && value <= 0xff) {
            out.writeByte(Opcode.BININT1);
            out.writeByte((int) value);
        } else if (value >= 0 && value <= 0xffff) {
            out.writeByte(Opcode.BININT2);
            out.writeShortLE((int) value);
        } else if (value == (int) value) {
            out.writeByte(Opcode.BININT);
            out.writeIntLE((int) value);
        } else {
            int significantBits = Long.SIZE - Long.numberOfLeadingZeros(value < 0 ? ~value : value);
            int bytes = significantBits / 8 + 1;
            out.writeByte(Opcode.LONG1);
            out.writeByte(bytes);
            for (int i = 0; i < bytes; i++) {
                out.writeByte((int) (value >> (8 * i)));
            }
        }
    }

    private void writeBigInteger(BigInteger value) {
        if (value.bitLength() < Long.SIZE) {
            writeInt(value.longValue());
            return;
        }
        byte[] bigEndian = value.toByteArray();
        if (bigEndian.length <= 0xff) {
            out.writeByte(Opcode.LONG1);
            out.writeByte(bigEndian.length);
        } else {
            out.writeByte(Opcode.LONG4);
            out.writeIntLE(bigEndian.length);
        }
        for (int i = bigEndian.length - 1; i >= 0; i--) {
            out.writeByte(bigEndian[i]);
        }
    }

    private void writeText(String text) {
        long length = SurrogatePass.length(text);
        if (length > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("value: a text of " + length + " bytes (expected: less than 2 GiB)");
        }
        out.writeByte(Opcode.BINUNICODE);
        out.writeIntLE((int) length);
        if (length == text.length()) {
            ByteBufUtil.writeAscii(out, text);
        } else {
            SurrogatePass.write(text, out);
        }
    }

    private void writeBytes(byte[] bytes) {
        writeBytesHead(bytes.length, out);
        out.writeBytes(bytes);
    }

    /** Appends what comes before so many bytes of a bytes object. */
    public static void writeBytesHead(int length, ByteBuf out) {
        if (length <= 0xff) {
            out.writeByte(Opcode.SHORT_BINBYTES).writeByte(length);
        } else {
            out.writeByte(Opcode.BINBYTES).writeIntLE(length);
        }
    }

    private void writeTuple(PyTuple tuple) {
        int size = tuple.size();
        if (size == 0) {
            out.writeByte(Opcode.EMPTY_TUPLE);
            return;
        }
        if (size > 3) {
            out.writeByte(Opcode.MARK);
        }
        for (int i = 0; i < size; i++) {
            write(tuple.get(i));
        }
        out.writeByte(size > 3 ? Opcode.TUPLE : Opcode.TUPLE1 + size - 1);
        remember(tuple);
    }

    private void writeList(List<?> list) {
        out.writeByte(Opcode.EMPTY_LIST);
        remember(list);
        int written = 0;
        for (Object item : list) {
            beforeItem(written, list.size());
            write(item);
            afterItem(++written, list.size(), Opcode.APPEND, Opcode.APPENDS);
        }
    }

    private void writeOids(long[] oids) {
        out.writeByte(Opcode.EMPTY_LIST);
        for (int i = 0; i < oids.length; i++) {
            beforeItem(i, oids.length);
            out.writeByte(Opcode.SHORT_BINBYTES);
            out.writeByte(Long.BYTES);
            out.writeLong(oids[i]);
            afterItem(i + 1, oids.length, Opcode.APPEND, Opcode.APPENDS);
        }
    }

    private void writeDict(PyDict dict) {
        out.writeByte(Opcode.EMPTY_DICT);
        remember(dict);
        int written = 0;
        for (PyDict.Entry entry : dict.entries()) {
            beforeItem(written, dict.size());
            write(entry.key());
            write(entry.value());
            afterItem(++written, dict.size(), Opcode.SETITEM, Opcode.SETITEMS);
        }
        if (written > 0 && written % BATCH == 0) {
            // Python looks for the end of a dict only when it has begun another batch.
            out.writeByte(Opcode.MARK);
            out.writeByte(Opcode.SETITEMS);
        }
    }

    /** Begins a batch; a single item needs none. */
    private void beforeItem(int index, int size) {
        if (size > 1 && index % BATCH == 0) {
            out.writeByte(Opcode.MARK);
        }
    }

    private void afterItem(int written, int size, int single, int several) {
        if (size == 1) {
            out.writeByte(single);
        } else if (written % BATCH == 0 || written == size) {
            out.writeByte(several);
        }
    }

    private void writeGlobal(PyGlobal global) {
        out.writeByte(Opcode.GLOBAL);
        ByteBufUtil.writeAscii(out, global.module() + "\n" + global.name() + "\n");
        remember(global);
    }

    private void writeReference(PyReference reference) {
        if (reference.kind() != ReferenceKind.STRONG) {
            throw new IllegalArgumentException("value: a " + reference + " (expected: a strong one)");
        }
        writeBytes(Ids.bytes(reference.oid()));
        if (reference.type() != null) {
            write(reference.type());
            out.writeByte(Opcode.TUPLE2);
        }
        out.writeByte(Opcode.BINPERSID);
    }

    private boolean writeFromMemo(Object value) {
        Integer index = memo == null ? null : memo.get(identityOf(value));
        if (index == null) {
            return false;
        }
        writeIndex(index, Opcode.BINGET, Opcode.LONG_BINGET);
        return true;
    }

    private void remember(Object value) {
        if (memo != null) {
            int index = memo.size();
            memo.put(identityOf(value), index);
            writeIndex(index, Opcode.BINPUT, Opcode.LONG_BINPUT);
        }
    }

    private void writeIndex(int index, int small, int large) {
        if (index <= 0xff) {
            out.writeByte(small);
            out.writeByte(index);
        } else {
            out.writeByte(large);
            out.writeIntLE(index);
        }
    }

    /**
     * What stands for an object in the memo. Python has one object only for all equal strings of at most one byte or
     * Latin-1 character.
     */
    private static Object identityOf(Object value) {
        if (value instanceof String text && (text.isEmpty() || (text.length() == 1 && text.charAt(0) <= 0xff))) {
            return text.intern();
        }
        if (value instanceof byte[] bytes && bytes.length <= 1) {
            return bytes.length == 0 ? EMPTY_BYTES : (Object) Byte.valueOf(bytes[0]);
        }
        return value;
    }
}
