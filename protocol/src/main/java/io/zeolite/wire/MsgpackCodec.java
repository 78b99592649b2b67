package io.zeolite.wire;

import io.netty.buffer.ByteBuf;
import io.zeolite.message.Message;
import io.zeolite.pickle.ValueLimits;

/**
 * The encoding {@code M5}: each message is one msgpack array. Lists and tuples are both arrays there and arrive as
 * tuples; keys of dicts must be str or bytes.
 */
public final class MsgpackCodec implements Codec {
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
    public void encode(Message message, ByteBuf out) {
        Frames.write(out, frame -> MsgpackWriter.write(MessageTuple.of(message), frame));
    }
}
