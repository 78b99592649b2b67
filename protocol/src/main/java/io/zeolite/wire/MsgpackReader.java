package io.zeolite.wire;

import io.netty.buffer.ByteBuf;
import io.zeolite.pickle.PyDict;
import io.zeolite.pickle.PyTuple;
import io.zeolite.pickle.ValueLimits;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Reads one value of msgpack (its specification: github.com/msgpack/msgpack, spec.md) straight from a frame. The
 * library {@code msgpack-core} would need a copy of the frame on the heap and a new unpacker for every message.
 *
 * <p>As Python reads it for ZEO: arrays are tuples, keys of maps are str or bytes, str is strict UTF-8. Extension types
 * are refused; ZEO has none.
 */
final class MsgpackReader {
    private static final byte[] NO_BYTES = {};

    private final ByteBuf in;
    private final int start;
    private final ValueLimits limits;
    private int valuesLeft;

    private MsgpackReader(ByteBuf in, ValueLimits limits) {
        this.in = in;
        this.start = in.readerIndex();
        this.limits = limits;
        this.valuesLeft = limits.values() - 1;
    }

    /** Reads the value that is all of the frame. */
    static @Nullable Object read(ByteBuf frame, ValueLimits limits) throws MalformedMessageException {
        MsgpackReader reader = new MsgpackReader(frame, limits);
        Object value = reader.value(0);
        if (frame.isReadable()) {
            throw reader.error(frame.readableBytes() + " bytes after the end", "none");
        }
        return value;
    }

    private @Nullable Object value(int depth) throws MalformedMessageException {
        require(1);
        int head = in.readUnsignedByte();
        if (head < 0x80) {
            return (long) head;
        }
        if (head >= 0xe0) {
            return (long) (byte) head;
        }
        if (head < 0x90) {
            return map(head & 0x0f, depth + 1);
        }
        if (head < 0xa0) {
            return array(head & 0x0f, depth + 1);
        }
        if (head < 0xc0) {
            return text(head & 0x1f);
        }
        return switch (head) {
            case 0xc0 -> null;
            case 0xc2 -> false;
            case 0xc3 -> true;
            case 0xc4 -> bytes(uint(1));
            case 0xc5 -> bytes(uint(2));
            case 0xc6 -> bytes(uint(4));
            case 0xca -> (double) Float.intBitsToFloat((int) uint(4));
            case 0xcb -> Double.longBitsToDouble(int8());
            case 0xcc -> uint(1);
            case 0xcd -> uint(2);
            case 0xce -> uint(4);
            case 0xcf -> unsigned(int8());
            case 0xd0 -> (long) (byte) uint(1);
            case 0xd1 -> (long) (short) uint(2);
            case 0xd2 -> (long) (int) uint(4);
            case 0xd3 -> int8();
            case 0xd9 -> text(uint(1));
            case 0xda -> text(uint(2));
            case 0xdb -> text(uint(4));
            case 0xdc -> array(uint(2), depth + 1);
            case 0xdd -> array(uint(4), depth + 1);
            case 0xde -> map(uint(2), depth + 1);
            case 0xdf -> map(uint(4), depth + 1);
            default -> throw error("type 0x" + Integer.toHexString(head), "a plain value, no extension type");
        };
    }

    private PyTuple array(long size, int depth) throws MalformedMessageException {
        enter(size, depth);
        @Nullable Object[] items = new @Nullable Object[(int) size];
        for (int i = 0; i < items.length; i++) {
            items[i] = value(depth);
        }
        return PyTuple.of(items);
    }

    private PyDict map(long size, int depth) throws MalformedMessageException {
        enter(size * 2, depth);
        PyDict dict = new PyDict();
        for (long i = 0; i < size; i++) {
            Object key = value(depth);
            if (!(key instanceof String || key instanceof byte[])) {
                throw error("a key that is neither str nor bytes", "str or bytes");
            }
            dict.put(key, value(depth));
        }
        return dict;
    }

    /** Counts the values of a container before memory is taken for them; each is at least one byte. */
    private void enter(long values, int depth) throws MalformedMessageException {
        require(values);
        count(values + ValueLimits.OTHERS - 1);
        if (depth > limits.depth()) {
            throw error("containers nested " + depth + " deep", "at most " + limits.depth());
        }
    }

    private void count(long values) throws MalformedMessageException {
        if (values > valuesLeft) {
            throw error("more than " + limits.values() + " values", "at most as many");
        }
        valuesLeft -= (int) values;
    }

    private byte[] bytes(long length) throws MalformedMessageException {
        require(length);
        count(ValueLimits.OTHERS - 1);
        if (length == 0) {
            return NO_BYTES;
        }
        byte[] copy = new byte[(int) length];
        in.readBytes(copy);
        return copy;
    }

    private String text(long length) throws MalformedMessageException {
        byte[] bytes = bytes(length);
        for (byte b : bytes) {
            if (b < 0) {
                return nonAscii(bytes);
            }
        }
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    private String nonAscii(byte[] bytes) throws MalformedMessageException {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw error("a str of " + bytes.length + " bytes that are not UTF-8 (" + e.getMessage() + ")", "UTF-8");
        }
    }

    private long uint(int bytes) throws MalformedMessageException {
        require(bytes);
        return switch (bytes) {
            case 1 -> in.readUnsignedByte();
            case 2 -> in.readUnsignedShort();
            default -> in.readUnsignedInt();
        };
    }

    private long int8() throws MalformedMessageException {
        require(8);
        return in.readLong();
    }

    private static Object unsigned(long value) {
        return value >= 0 ? (Object) value : new BigInteger(Long.toUnsignedString(value));
    }

    private void require(long length) throws MalformedMessageException {
        if (length > in.readableBytes()) {
            throw error(in.readableBytes() + " bytes left", length + " more bytes");
        }
    }

    private MalformedMessageException error(String found, String expected) {
        return new MalformedMessageException("message: msgpack, offset " + (in.readerIndex() - start) + ": " + found
                + " (expected: " + expected + ")");
    }
}
