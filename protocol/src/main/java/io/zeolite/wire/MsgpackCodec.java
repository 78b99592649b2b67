package io.zeolite.wire;

import io.netty.buffer.ByteBuf;
import io.zeolite.message.Message;
import io.zeolite.pickle.ValueLimits;
import org.jspecify.annotations.Nullable;

/**
 * The encoding {@code M5}: each message is one msgpack array. Lists and tuples are both arrays there and arrive as
 * tuples; keys of dicts must be str or bytes.
 */
public final class MsgpackCodec implements Codec {
    private static final UsualLoad USUAL_LOAD = UsualLoad.ofMsgpack();
    private static final BlobChunkForm UPLOADED_CHUNK = BlobChunkForm.uploaded(false);
    private static final BlobChunkForm RECEIVED_CHUNK = BlobChunkForm.received(false);

    private final ValueLimits limits;

    /** A codec that refuses messages of the peer beyond these limits. */
    public MsgpackCodec(ValueLimits limits) {
        this.limits = limits;
    }

    @Override
    public String announcement() {
        return "M5";
    }

    @Override
    public Message decode(ByteBuf frame) throws MalformedMessageException {
        return MessageTuple.parse(MsgpackReader.read(frame, limits));
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
        Frames.write(out, frame -> MsgpackWriter.write(MessageTuple.of(message), frame));
    }

    @Override
    public void encodeBlobChunkHead(long oid, long serial, int length, ByteBuf out) {
        RECEIVED_CHUNK.writeHead(oid, serial, length, out);
    }

    @Override
    public void encodeBlobChunkTail(ByteBuf out) {
        RECEIVED_CHUNK.writeTail(out);
    }
}
