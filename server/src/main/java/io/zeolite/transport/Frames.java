package io.zeolite.transport;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.zeolite.message.Message;
import io.zeolite.session.SharedMessages;
import io.zeolite.wire.Codec;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Messages that many connections send, one after the other, with the length before each.
 *
 * @param starts where each of them starts, and behind them where the last one ends
 */
record Frames(ByteBuffer bytes, int[] starts) {
    /**
     * From here on, what a connection sends of them is written from where it is; what is short is better copied into what
     * it sends besides.
     */
    static final int DIRECT_BYTES = 4 << 10;

    static Frames of(SharedMessages messages, Codec codec) {
        return messages.encoded(codec.announcement(), Frames.class, all -> encode(all, codec));
    }

    private static Frames encode(List<Message> messages, Codec codec) {
        ByteBuf out = Unpooled.buffer();
        int[] starts = new int[messages.size() + 1];
        for (int i = 0; i < messages.size(); i++) {
            codec.encode(messages.get(i), out);
            starts[i + 1] = out.readableBytes();
        }
        int length = out.readableBytes();
        ByteBuffer bytes = length < DIRECT_BYTES ? ByteBuffer.allocate(length) : ByteBuffer.allocateDirect(length);
        out.readBytes(bytes);
        return new Frames(bytes.flip(), starts);
    }

    /**
     * The bytes of some of them, which all share, under an index of the caller's own.
     *
     * @param from the first of them
     * @param to the end of them
     */
    ByteBuffer range(int from, int to) {
        return bytes.slice(starts[from], starts[to] - starts[from]);
    }
}
