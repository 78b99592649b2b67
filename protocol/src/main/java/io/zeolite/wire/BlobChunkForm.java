package io.zeolite.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PickleWriter;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A {@code storeBlobChunk} or {@code receiveBlobChunk} message as everybody writes it: always the same bytes, the oid and
 * serial if it has them, the length of the data, the data, and in one of the encodings always the same bytes again. So the
 * data is found without reading the message.
 */
final class BlobChunkForm {
    /** Smaller pieces are not worth the buffer that they would keep. */
    static final int LEAST_BYTES = 8 << 10;

    private static final int ID_BYTES = 2 + Long.BYTES;

    private final boolean pickled;
    private final ByteBuf head;
    private final int ids;
    private final ByteBuf tail;

    private BlobChunkForm(boolean pickled, ByteBuf head, int ids, ByteBuf tail) {
        this.pickled = pickled;
        this.head = head.asReadOnly();
        this.ids = ids;
        this.tail = tail.asReadOnly();
    }

    /** The id 0, True, the method, and a tuple of bytes objects, as a pickle that remembers nothing. */
    private static BlobChunkForm ofPickle(String method, int ids) {
        ByteBuf head = Unpooled.buffer();
        head.writeShort(0x8003).writeByte('(').writeShort(0x4b00).writeByte(0x88);
        head.writeByte('X').writeIntLE(method.length());
        head.writeCharSequence(method, StandardCharsets.US_ASCII);
        ByteBuf tail = Unpooled.buffer().writeByte(0x85 + ids).writeByte('t').writeByte('.');
        return new BlobChunkForm(true, head, ids, tail);
    }

    /** The same as arrays of msgpack. */
    private static BlobChunkForm ofMsgpack(String method, int ids) {
        ByteBuf head = Unpooled.buffer();
        head.writeByte(0x94).writeByte(0).writeByte(0xc3).writeByte(0xa0 + method.length());
        head.writeCharSequence(method, StandardCharsets.US_ASCII);
        head.writeByte(0x91 + ids);
        return new BlobChunkForm(false, head, ids, Unpooled.EMPTY_BUFFER);
    }

    static BlobChunkForm uploaded(boolean pickled) {
        return pickled ? ofPickle(Methods.STORE_BLOB_CHUNK, 0) : ofMsgpack(Methods.STORE_BLOB_CHUNK, 0);
    }

    static BlobChunkForm received(boolean pickled) {
        return pickled ? ofPickle(Methods.RECEIVE_BLOB_CHUNK, 2) : ofMsgpack(Methods.RECEIVE_BLOB_CHUNK, 2);
    }

    /** The data in a frame of this form, not retained; null if it is of another one, or small. The frame's index stays. */
    @Nullable
    ByteBuf data(ByteBuf frame) {
        int start = frame.readerIndex();
        int kind = start + head.readableBytes() + ids * ID_BYTES;
        if (frame.readableBytes() < kind - start + LEAST_BYTES
                || !ByteBufUtil.equals(head, 0, frame, start, head.readableBytes())
                || !hasIds(frame)) {
            return null;
        }
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

    /** The oid is the first one, the serial the second, of a frame in which {@link #data} found something. */
    long id(ByteBuf frame, int number) {
        return frame.getLong(idAt(frame, number) + 2);
    }

    private boolean hasIds(ByteBuf frame) {
        for (int number = 0; number < ids; number++) {
            if (frame.getUnsignedShort(idAt(frame, number)) != idHead()) {
                return false;
            }
        }
        return true;
    }

    /** What comes before the eight bytes of an id. */
    private int idHead() {
        return pickled ? 0x4308 : 0xc408;
    }

    private int idAt(ByteBuf frame, int number) {
        return frame.readerIndex() + head.readableBytes() + number * ID_BYTES;
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

    /** Writes a frame of this form with an oid and a serial up to its data. */
    void writeHead(long oid, long serial, int length, ByteBuf out) {
        int start = out.writerIndex();
        out.writeInt(0);
        out.writeBytes(head, 0, head.readableBytes());
        out.writeShort(idHead()).writeLong(oid).writeShort(idHead()).writeLong(serial);
        if (pickled) {
            PickleWriter.writeBytesHead(length, out);
        } else {
            MsgpackWriter.writeBytesHead(length, out);
        }
        out.setInt(start, out.writerIndex() - start - Frames.LENGTH_BYTES + length + tail.readableBytes());
    }

    /** Writes what comes behind the data. */
    void writeTail(ByteBuf out) {
        out.writeBytes(tail, 0, tail.readableBytes());
    }
}
