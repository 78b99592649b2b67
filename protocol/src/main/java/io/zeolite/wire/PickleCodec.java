package io.zeolite.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.zeolite.message.Message;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PickleException;
import io.zeolite.pickle.PickleReader;
import io.zeolite.pickle.PickleWriter;
import io.zeolite.pickle.ValueLimits;
import org.jspecify.annotations.Nullable;

/** The encoding {@code Z5}: each message is one pickle of protocol 3, written without a memo. */
public final class PickleCodec implements Codec {
    private static final UsualLoad USUAL_LOAD = UsualLoad.ofPickle();
    private static final BlobChunkForm UPLOADED_CHUNK = BlobChunkForm.uploaded(true);
    private static final BlobChunkForm RECEIVED_CHUNK = BlobChunkForm.received(true);

    private final ValueLimits limits;

    /** A codec that refuses messages of the peer beyond these limits. */
    public PickleCodec(ValueLimits limits) {
        this.limits = limits;
    }

    @Override
    public String announcement() {
        return "Z5";
    }

    @Override
    public Message decode(ByteBuf frame) throws MalformedMessageException {
        Object value;
        try {
            value = PickleReader.read(frame, limits);
        } catch (PickleException e) {
            throw new MalformedMessageException("message: " + e.getMessage(), e);
        }
        if (frame.isReadable()) {
            throw new MalformedMessageException(
                    "message: " + frame.readableBytes() + " bytes after the end of its pickle (expected: none)");
        }
        return MessageTuple.parse(value);
    }

    @Override
    public @Nullable ByteBuf uploadedChunk(ByteBuf frame) {
        return UPLOADED_CHUNK.data(frame);
    }

    @Override
    public @Nullable BlobPiece receivedChunk(ByteBuf frame) {
        return BlobPiece.in(frame, RECEIVED_CHUNK);
    }

    @Override
    public UsualLoad usualLoad() {
        return USUAL_LOAD;
    }

    @Override
    public void encode(Message message, ByteBuf out) {
        Frames.write(out, frame -> PickleWriter.write(MessageTuple.of(message), frame));
    }

    @Override
    public void encodeBlobChunkHead(long oid, long serial, int length, ByteBuf out) {
        int start = out.writerIndex();
        out.writeInt(0);
        out.writeShort(0x8003).writeByte('(').writeShort(0x4b00).writeByte(0x88);
        out.writeByte('X').writeIntLE(Methods.RECEIVE_BLOB_CHUNK.length());
        ByteBufUtil.writeAscii(out, Methods.RECEIVE_BLOB_CHUNK);
        out.writeShort(0x4308).writeLong(oid).writeShort(0x4308).writeLong(serial);
        PickleWriter.writeBytesHead(length, out);
        int tail = 3;
        out.setInt(start, out.writerIndex() - start - Frames.LENGTH_BYTES + length + tail);
    }

    @Override
    public void encodeBlobChunkTail(ByteBuf out) {
        // A tuple of three ends, then the tuple from the mark, then the pickle.
        out.writeByte(0x87).writeByte('t').writeByte('.');
    }
}
