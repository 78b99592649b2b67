package io.zeolite.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.zeolite.message.Message;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PyTuple;
import io.zeolite.pickle.ValueLimits;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A chunk whose bytes are written apart is the same message as one that is encoded whole. */
class BlobChunkTest {
    private static final long OID = 0x1234L;
    private static final long SERIAL = 0x040d30109bf240bbL;

    @ParameterizedTest
    @ValueSource(ints = {1, 255, 256, 59_000, 65_535, 65_536, 100_000})
    void chunk_inParts_equalsWhole(int length) {
        byte[] data = new byte[length];
        Arrays.fill(data, (byte) 'z');
        Message whole = new Message.OneWay(Methods.RECEIVE_BLOB_CHUNK, PyTuple.of(bytes(OID), bytes(SERIAL), data));
        for (Codec codec :
                new Codec[] {new PickleCodec(ValueLimits.FROM_CLIENT), new MsgpackCodec(ValueLimits.FROM_CLIENT)}) {
            ByteBuf expected = Unpooled.buffer();
            codec.encode(whole, expected);
            ByteBuf parts = Unpooled.buffer();
            codec.encodeBlobChunkHead(OID, SERIAL, length, parts);
            parts.writeBytes(data);
            codec.encodeBlobChunkTail(parts);
            assertThat(parts).as(codec.announcement()).isEqualTo(expected);
        }
    }

    private static byte[] bytes(long id) {
        return ByteBuffer.allocate(8).putLong(id).array();
    }
}
