package io.zeolite.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.zeolite.message.Message;
import io.zeolite.pickle.PyTuple;
import io.zeolite.pickle.ValueLimits;
import io.zeolite.wire.Codec;
import io.zeolite.wire.MsgpackCodec;
import io.zeolite.wire.PickleCodec;
import java.util.Collections;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SharedFramesTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 1000})
    void frame_isThatOfTheCodec_withAnIndexOfItsOwn(int oids) {
        Message message = new Message.OneWay(
                "invalidateTransaction", PyTuple.of(new byte[8], Collections.nCopies(oids, new byte[8])));
        SharedFrames shared = new SharedFrames();
        for (Codec codec :
                new Codec[] {new PickleCodec(ValueLimits.FROM_CLIENT), new MsgpackCodec(ValueLimits.FROM_CLIENT)}) {
            ByteBuf expected = Unpooled.buffer();
            codec.encode(message, expected);
            ByteBuf first = shared.frame(message, codec);
            assertThat(first).isEqualTo(expected);
            first.skipBytes(5);
            ByteBuf second = shared.frame(message, codec);
            assertThat(second).isEqualTo(expected);
            assertThat(first.release()).isTrue();
            assertThat(second).isEqualTo(expected);
        }
    }
}
