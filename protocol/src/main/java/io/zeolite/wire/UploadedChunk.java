package io.zeolite.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.zeolite.message.Methods;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A {@code storeBlobChunk} message as every client writes it: always the same bytes, the length of the data, the data, and
 * in one of the encodings always the same bytes again. So the data is found without reading the message.
 */
final class UploadedChunk {
    /** Smaller pieces are not worth the buffer that they would keep. */
    static final int LEAST_BYTES = 8 << 10;

    private final boolean pickled;
    private final ByteBuf head;
    private final ByteBuf tail;

    private UploadedChunk(boolean pickled, ByteBuf head, ByteBuf tail) {
        this.pickled = pickled;
        this.head = head.asReadOnly();
        this.tail = tail.asReadOnly();
    }

    /** The id 0, True, the method, and a tuple of one bytes object, as a pickle that remembers nothing. */
    static UploadedChunk ofPickle() {
        ByteBuf head = Unpooled.buffer();
        head.writeShort(0x8003).writeByte('(').writeShort(0x4b00).writeByte(0x88);
        head.writeByte('X').writeIntLE(Methods.STORE_BLOB_CHUNK.length());
        head.writeCharSequence(Methods.STORE_BLOB_CHUNK, StandardCharsets.US_ASCII);
        ByteBuf tail = Unpooled.buffer().writeByte(0x85).writeByte('t').writeByte('.');
        return new UploadedChunk(true, head, tail);
    }

    /** The same as arrays of msgpack. */
    static UploadedChunk ofMsgpack() {
        ByteBuf head = Unpooled.buffer();
        head.writeByte(0x94).writeByte(0).writeByte(0xc3).writeByte(0xa0 + Methods.STORE_BLOB_CHUNK.length());
        head.writeCharSequence(Methods.STORE_BLOB_CHUNK, StandardCharsets.US_ASCII);
        head.writeByte(0x91);
        return new UploadedChunk(false, head, Unpooled.EMPTY_BUFFER);
    }

    /** The data in a frame of this form, not retained; null if it is of another one, or small. The frame's index stays. */
    @Nullable
    ByteBuf in(ByteBuf frame) {
        int start = frame.readerIndex();
        int headBytes = head.readableBytes();
        if (frame.readableBytes() < headBytes + LEAST_BYTES || !ByteBufUtil.equals(head, 0, frame, start, headBytes)) {
            return null;
        }
        int kind = start + headBytes;
        int widthBytes = widthBytes(frame.getUnsignedByte(kind));
        long length = length(frame, kind + 1, widthBytes);
        int first = kind + 1 + widthBytes;
        int end = frame.writerIndex() - tail.readableBytes();
        if (length < LEAST_BYTES
                || first + length != end
                || !ByteBufUtil.equals(tail, 0, frame, end, tail.readableBytes())) {
            return null;
        }
        return frame.slice(first, (int) length);
    }

    /** How many bytes the length takes behind this opcode, or type; 0 if it is none of long bytes. */
    private int widthBytes(int kind) {
        if (pickled) {
            return kind == 'B' ? 4 : 0;
        }
        return kind == 0xc5 ? 2 : kind == 0xc6 ? 4 : 0;
    }

    private long length(ByteBuf frame, int at, int widthBytes) {
        return switch (widthBytes) {
            case 2 -> frame.getUnsignedShort(at);
            case 4 -> pickled ? frame.getUnsignedIntLE(at) : frame.getUnsignedInt(at);
            default -> 0;
        };
    }
}
