package io.zeolite.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.zeolite.pickle.PyDict;
import io.zeolite.pickle.PyTuple;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Writes one value of msgpack, byte for byte as Python does for ZEO: every value in its shortest form. */
final class MsgpackWriter {
    /** Far more than any reader takes, and little enough for the stack of a thread. */
    private static final int MAX_DEPTH = 500;

    private final ByteBuf out;

    private MsgpackWriter(ByteBuf out) {
        this.out = out;
    }

    /**
     * Appends a value to {@code out}.
     *
     * @throws IllegalArgumentException if msgpack cannot hold the value, or Python could not read it; part of it has been
     *     written then
     */
    static void write(@Nullable Object value, ByteBuf out) {
        new MsgpackWriter(out).write(value, 0);
    }

    private void write(@Nullable Object value, int depth) {
        if (value == null) {
            out.writeByte(0xc0);
        } else if (value instanceof byte[] bytes) {
            writeBytes(bytes);
        } else if (value instanceof String text) {
            writeText(text);
        } else if (value instanceof Long number) {
            writeInt(number);
        } else if (value instanceof Boolean bool) {
            out.writeByte(bool ? 0xc3 : 0xc2);
        } else if (value instanceof Double number) {
            out.writeByte(0xcb);
            out.writeDouble(number);
        } else if (value instanceof BigInteger number) {
            writeBigInteger(number);
        } else if (depth == MAX_DEPTH) {
            throw new IllegalArgumentException("value: containers nested more than " + MAX_DEPTH + " deep");
        } else {
            writeContainer(value, depth + 1);
        }
    }

    private void writeContainer(Object value, int depth) {
        if (value instanceof PyTuple tuple) {
            writeArrayHead(tuple.size());
            for (int i = 0; i < tuple.size(); i++) {
                write(tuple.get(i), depth);
            }
        } else if (value instanceof List<?> list) {
            writeArrayHead(list.size());
            for (Object item : list) {
                write(item, depth);
            }
        } else if (value instanceof long[] oids) {
            writeArrayHead(oids.length);
            for (long oid : oids) {
                out.writeShort(0xc400 | Long.BYTES);
                out.writeLong(oid);
            }
        } else if (value instanceof PyDict dict) {
            writeHead(dict.size(), 0x80, 0x0f, 0xde);
            for (PyDict.Entry entry : dict.entries()) {
                if (!(entry.key() instanceof String || entry.key() instanceof byte[])) {
                    throw new IllegalArgumentException(
                            "key: " + nameOf(entry.key()) + " (expected: String or byte[], Python reads no other)");
                }
                write(entry.key(), depth);
                write(entry.value(), depth);
            }
        } else {
            throw new IllegalArgumentException(
                    "value: " + nameOf(value) + " (expected: a plain value of io.zeolite.pickle)");
        }
    }

    private void writeInt(long value) {
        if (value >= -32 && value <= 0x7f) {
            out.writeByte((int) value);
        } else if (value >= 0) {
            writeUnsigned(value);
        } else if (value == (byte) value) {
            out.writeByte(0xd0);
            out.writeByte((int) value);
        } else if (value == (short) value) {
            out.writeByte(0xd1);
            out.writeShort((int) value);
        } else if (value == (int) value) {
            out.writeByte(0xd2);
            out.writeInt((int) value);
        } else {
            out.writeByte(0xd3);
            out.writeLong(value);
        }
    }

    private void writeUnsigned(long value) {
        if (value <= 0xff) {
            out.writeByte(0xcc);
            out.writeByte((int) value);
        } else if (value <= 0xffff) {
            out.writeByte(0xcd);
            out.writeShort((int) value);
        } else if (value <= 0xffffffffL) {
            out.writeByte(0xce);
            out.writeInt((int) value);
        } else {
            out.writeByte(0xcf);
            out.writeLong(value);
        }
    }

    private void writeBigInteger(BigInteger value) {
        if (value.bitLength() < Long.SIZE) {
            writeInt(value.longValue());
        } else if (value.signum() > 0 && value.bitLength() == Long.SIZE) {
            out.writeByte(0xcf);
            out.writeLong(value.longValue());
        } else {
            throw new IllegalArgumentException(
                    "value: an int of " + value.bitLength() + " bits (expected: at most 64)");
        }
    }

    private void writeText(String text) {
        if (isAscii(text)) {
            writeTextHead(text.length());
            ByteBufUtil.writeAscii(out, text);
            return;
        }
        try {
            ByteBuffer utf8 = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
            writeTextHead(utf8.remaining());
            out.writeBytes(utf8);
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException("value: half of a surrogate pair in a text, which is not UTF-8", e);
        }
    }

    private static boolean isAscii(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) >= 0x80) {
                return false;
            }
        }
        return true;
    }

    private void writeTextHead(int length) {
        if (length > 0x1f && length <= 0xff) {
            out.writeByte(0xd9);
            out.writeByte(length);
        } else {
            writeHead(length, 0xa0, 0x1f, 0xda);
        }
    }

    private void writeBytes(byte[] bytes) {
        writeBytesHead(bytes.length, out);
        out.writeBytes(bytes);
    }

    /** What comes before so many bytes. */
    static void writeBytesHead(int length, ByteBuf out) {
        if (length <= 0xff) {
            out.writeByte(0xc4).writeByte(length);
        } else if (length <= 0xffff) {
            out.writeByte(0xc5).writeShort(length);
        } else {
            out.writeByte(0xc6).writeInt(length);
        }
    }

    private void writeArrayHead(int size) {
        writeHead(size, 0x90, 0x0f, 0xdc);
    }

    /** A length: within the head if it fits there, otherwise in two bytes, or in four after the next head. */
    private void writeHead(int length, int shortHead, int shortMax, int twoByteHead) {
        if (length <= shortMax) {
            out.writeByte(shortHead | length);
        } else if (length <= 0xffff) {
            out.writeByte(twoByteHead);
            out.writeShort(length);
        } else {
            out.writeByte(twoByteHead + 1);
            out.writeInt(length);
        }
    }

    private static String nameOf(@Nullable Object value) {
        return value == null ? "null" : value.getClass().getName();
    }
}
