package io.zeolite.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.zeolite.pickle.PyDict;
import io.zeolite.pickle.PyTuple;
import io.zeolite.pickle.ValueLimits;
import java.io.IOException;
import java.math.BigInteger;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.msgpack.core.MessageBufferPacker;
import org.msgpack.core.MessagePack;

/** The reader and writer agree with the library that the authors of the format keep, at every edge of every form. */
class MsgpackAgainstLibraryTest {
    @Test
    void integers_atEveryEdge_agree() throws IOException, MalformedMessageException {
        for (int bits = 0; bits <= 64; bits++) {
            for (int off = -1; off <= 1; off++) {
                BigInteger edge = BigInteger.ONE.shiftLeft(bits).add(BigInteger.valueOf(off));
                for (BigInteger value : new BigInteger[] {edge, edge.negate()}) {
                    if (value.bitLength() < 64 || (value.signum() > 0 && value.bitLength() == 64)) {
                        MessageBufferPacker packer = MessagePack.newDefaultBufferPacker();
                        packer.packBigInteger(value);
                        agree(value.bitLength() < 64 ? (Object) value.longValue() : value, packer);
                    }
                }
            }
        }
    }

    @Test
    void stringsAndContainers_atEveryEdge_agree() throws IOException, MalformedMessageException {
        for (int length : new int[] {0, 1, 15, 16, 31, 32, 255, 256, 65535, 65536}) {
            MessageBufferPacker text = MessagePack.newDefaultBufferPacker();
            text.packString("x".repeat(length));
            agree("x".repeat(length), text);

            MessageBufferPacker bytes = MessagePack.newDefaultBufferPacker();
            bytes.packBinaryHeader(length).writePayload(new byte[length]);
            agree(new byte[length], bytes);

            MessageBufferPacker array = MessagePack.newDefaultBufferPacker();
            array.packArrayHeader(length);
            MessageBufferPacker map = MessagePack.newDefaultBufferPacker();
            map.packMapHeader(length);
            @Nullable Object[] items = new Object[length];
            Arrays.fill(items, true);
            PyDict dict = new PyDict();
            for (int i = 0; i < length; i++) {
                array.packBoolean(true);
                map.packString("").packNil();
                dict.put("", null);
            }
            agree(PyTuple.of(Arrays.asList(items).toArray()), array);
            agree(dict, map);
        }
    }

    @Test
    void textsAndFloats_agree() throws IOException, MalformedMessageException {
        MessageBufferPacker packer = MessagePack.newDefaultBufferPacker();
        packer.packArrayHeader(3)
                .packString("h\u00e9\u20ac\ud83d\ude00")
                .packDouble(-0.0)
                .packNil();
        agree(PyTuple.of("h\u00e9\u20ac\ud83d\ude00", -0.0, null), packer);

        MessageBufferPacker single = MessagePack.newDefaultBufferPacker();
        single.packFloat(1.5f);
        assertThat(MsgpackReader.read(Unpooled.wrappedBuffer(single.toByteArray()), ValueLimits.FROM_SERVER))
                .isEqualTo(1.5);
    }

    private static void agree(Object value, MessageBufferPacker packer) throws MalformedMessageException {
        byte[] packed = packer.toByteArray();
        ByteBuf out = Unpooled.buffer();
        MsgpackWriter.write(value, out);
        assertThat(ByteBufUtil.hexDump(out)).isEqualTo(ByteBufUtil.hexDump(packed));
        Object read = MsgpackReader.read(Unpooled.wrappedBuffer(packed), ValueLimits.FROM_SERVER);
        assertThat(PyTuple.of(read)).isEqualTo(PyTuple.of(value));
    }
}
