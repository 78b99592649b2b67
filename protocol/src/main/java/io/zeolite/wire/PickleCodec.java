package io.zeolite.wire;

import io.netty.buffer.ByteBuf;
import io.zeolite.message.Message;
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
        RECEIVED_CHUNK.writeHead(oid, serial, length, out);
    }

    @Override
    public void encodeBlobChunkTail(ByteBuf out) {
        RECEIVED_CHUNK.writeTail(out);
    }
}
