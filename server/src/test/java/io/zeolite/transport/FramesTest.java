package io.zeolite.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.zeolite.message.Message;
import io.zeolite.pickle.PyTuple;
import io.zeolite.pickle.ValueLimits;
import io.zeolite.session.SharedMessages;
import io.zeolite.wire.Codec;
import io.zeolite.wire.MsgpackCodec;
import io.zeolite.wire.PickleCodec;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FramesTest {
    private static Message message(int oids) {
        return new Message.OneWay(
                "invalidateTransaction", PyTuple.of(new byte[8], Collections.nCopies(oids, new byte[8])));
    }

    private static ByteBuffer encoded(Codec codec, List<Message> messages) {
        ByteBuf out = Unpooled.buffer();
        messages.forEach(message -> codec.encode(message, out));
        return out.nioBuffer();
    }

    /** @param oids few, and more than are kept on the heap */
    @ParameterizedTest
    @ValueSource(ints = {1, 1000})
    void range_isThatOfTheCodec_underAnIndexOfTheirOwn(int oids) {
        List<Message> messages = List.of(message(oids), message(oids + 1), message(oids + 2));
        SharedMessages shared = new SharedMessages(messages);
        for (Codec codec :
                new Codec[] {new PickleCodec(ValueLimits.FROM_CLIENT), new MsgpackCodec(ValueLimits.FROM_CLIENT)}) {
            for (int from = 0; from < messages.size(); from++) {
                for (int to = from; to <= messages.size(); to++) {
                    ByteBuffer frames = Frames.of(shared, codec).range(from, to);
                    assertThat(frames).isEqualTo(encoded(codec, messages.subList(from, to)));
                    frames.position(frames.limit());
                }
            }
        }
    }
}
