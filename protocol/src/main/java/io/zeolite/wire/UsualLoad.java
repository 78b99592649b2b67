package io.zeolite.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PickleWriter;
import io.zeolite.zodb.Tid;
import java.nio.charset.StandardCharsets;

/**
 * The most frequent message, and its answer, without anything being built: a {@code loadBefore} as Python's client writes
 * it, whose id is the pair of its arguments. It is always the same bytes but for two numbers, which stand in it twice. A
 * load that is written in any other way is to be decoded. Stateless; any thread may use it.
 */
public final class UsualLoad {
    /** What the encodings have in common: the numbers take ten bytes each, of which two say so, in the id and in the arguments. */
    private static final int SECOND_NUMBER = 2 + Long.BYTES;

    private final boolean pickled;
    /** The request as words of eight bytes, the last of which reaches back to end with it; zero where the numbers are. */
    private final long[] words;
    /** Where the words of the request are fixed. */
    private final long[] fixed;

    private final int requestBytes;
    private final int idOffset;
    private final int argumentsOffset;

    private UsualLoad(boolean pickled) {
        this.pickled = pickled;
        ByteBuf request = Unpooled.buffer();
        ByteBuf mask = Unpooled.buffer();
        writeRequest(request, 0);
        writeRequest(mask, -1);
        requestBytes = request.readableBytes();
        words = new long[(requestBytes + Long.BYTES - 1) / Long.BYTES];
        fixed = new long[words.length];
        for (int i = 0; i < words.length; i++) {
            words[i] = request.getLong(offset(i));
            fixed[i] = ~(words[i] ^ mask.getLong(offset(i)));
        }
        idOffset = pickled ? 5 : 4;
        argumentsOffset = requestBytes - (pickled ? 3 : 0) - SECOND_NUMBER - Long.BYTES;
    }

    static UsualLoad ofPickle() {
        return new UsualLoad(true);
    }

    static UsualLoad ofMsgpack() {
        return new UsualLoad(false);
    }

    private void writeRequest(ByteBuf out, long number) {
        if (pickled) {
            out.writeShort(0x8003).writeByte('(');
            writePair(number, number, out);
            out.writeByte(0x89).writeByte('X').writeIntLE(Methods.LOAD_BEFORE.length());
        } else {
            out.writeByte(0x94);
            writePair(number, number, out);
            out.writeByte(0xc2).writeByte(0xa0 + Methods.LOAD_BEFORE.length());
        }
        out.writeCharSequence(Methods.LOAD_BEFORE, StandardCharsets.US_ASCII);
        writePair(number, number, out);
        if (pickled) {
            out.writeShort('t' << 8 | '.');
        }
    }

    private void writePair(long oid, long tid, ByteBuf out) {
        if (!pickled) {
            out.writeByte(0x92);
        }
        writeNumber(oid, out);
        writeNumber(tid, out);
        if (pickled) {
            out.writeByte(0x86);
        }
    }

    private void writeNumber(long number, ByteBuf out) {
        out.writeShort(pickled ? 0x4308 : 0xc408).writeLong(number);
    }

    private int offset(int word) {
        return Math.min(word * Long.BYTES, requestBytes - Long.BYTES);
    }

    /** Whether a frame without its length is such a message. The frame stays as it is. */
    public boolean matches(ByteBuf frame) {
        if (frame.readableBytes() != requestBytes) {
            return false;
        }
        int start = frame.readerIndex();
        for (int i = 0; i < words.length; i++) {
            if ((frame.getLong(start + offset(i)) & fixed[i]) != words[i]) {
                return false;
            }
        }
        return oid(frame) == frame.getLong(start + argumentsOffset)
                && before(frame) == frame.getLong(start + argumentsOffset + SECOND_NUMBER);
    }

    /** The object that a frame asks for that matches. */
    public long oid(ByteBuf frame) {
        return frame.getLong(frame.readerIndex() + idOffset);
    }

    /** The tid before which a frame wants it that matches. */
    public long before(ByteBuf frame) {
        return frame.getLong(frame.readerIndex() + idOffset + SECOND_NUMBER);
    }

    /**
     * Appends the answer to such a message, preceded by its length, as {@link Codec#encode} would.
     *
     * @param end the tid of the next revision, {@link Tid#NONE} for none
     */
    public void encodeAnswer(long oid, long before, byte[] data, long serial, long end, ByteBuf out) {
        int start = out.writerIndex();
        beginAnswer(oid, before, data.length, out);
        out.writeBytes(data);
        endAnswer(start, serial, end, out);
    }

    /**
     * Appends an answer as far as to its record, of so many bytes, and makes room for the rest: the record, which the caller
     * appends, and {@link #endAnswer}.
     */
    public void beginAnswer(long oid, long before, int dataBytes, ByteBuf out) {
        out.ensureWritable(128 + dataBytes);
        out.writeInt(0);
        if (pickled) {
            out.writeShort(0x8003).writeByte('(');
            writePair(oid, before, out);
            out.writeShort('K' << 8).writeByte('X').writeIntLE(Methods.REPLY.length());
        } else {
            out.writeByte(0x94);
            writePair(oid, before, out);
            out.writeByte(0).writeByte(0xa0 + Methods.REPLY.length());
        }
        for (int i = 0; i < Methods.REPLY.length(); i++) {
            out.writeByte(Methods.REPLY.charAt(i));
        }
        if (!pickled) {
            out.writeByte(0x93);
        }
        writeLength(dataBytes, out);
    }

    /** Appends what follows the record of an answer, which begins at an index of the buffer. */
    public void endAnswer(int start, long serial, long end, ByteBuf out) {
        writeNumber(serial, out);
        if (end == Tid.NONE) {
            out.writeByte(pickled ? 'N' : 0xc0);
        } else {
            writeNumber(end, out);
        }
        if (pickled) {
            out.writeByte(0x87).writeShort('t' << 8 | '.');
        }
        out.setInt(start, out.writerIndex() - start - Frames.LENGTH_BYTES);
    }

    private void writeLength(int length, ByteBuf out) {
        if (pickled) {
            PickleWriter.writeBytesHead(length, out);
        } else {
            MsgpackWriter.writeBytesHead(length, out);
        }
    }
}
