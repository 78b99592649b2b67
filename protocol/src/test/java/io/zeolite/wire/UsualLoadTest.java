package io.zeolite.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.zeolite.message.Message;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PyTuple;
import io.zeolite.zodb.Tid;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** A load is recognised only where decoding finds the same one, and its answer is the one that encoding gives. */
class UsualLoadTest {
    private static final int DAMAGED = 20_000;

    static Stream<Codec> codecs() {
        return Stream.of(Wire.PICKLE, Wire.MSGPACK);
    }

    @ParameterizedTest
    @CsvSource({"Z", "M"})
    void framesOfPython_areRecognisedIfTheyAreLoads(String letter) throws MalformedMessageException {
        Codec codec = letter.equals("Z") ? Wire.PICKLE : Wire.MSGPACK;
        int loads = 0;
        for (Recording.Frame recorded : Recording.frames(letter)) {
            if (!recorded.isHandshake()) {
                // One of them has a number for its id: somebody tried what the server makes of wrong arguments.
                boolean isLoad = Wire.decode(codec, recorded.hex()) instanceof Message.Call call
                        && call.method().equals(Methods.LOAD_BEFORE)
                        && call.id() instanceof PyTuple;
                assertThat(isRecognised(codec, Wire.frame(recorded.hex())))
                        .as(recorded.hex())
                        .isEqualTo(isLoad);
                loads += isLoad ? 1 : 0;
            }
        }
        assertThat(loads).isPositive();
    }

    @ParameterizedTest
    @MethodSource("codecs")
    void load_ofAnyObjectAndTid_isRecognisedBehindOtherBytes(Codec codec) throws MalformedMessageException {
        for (int bit = 0; bit < Long.SIZE; bit++) {
            long oid = -1L >>> bit;
            long before = ~Long.rotateLeft(oid, 3 * bit);
            ByteBuf frame = Unpooled.buffer().writeBytes(new byte[3]);
            frame.writeBytes(frame(codec, load(oid, before))).skipBytes(3);
            assertThat(isRecognised(codec, frame)).isTrue();
            assertThat(codec.usualLoad().oid(frame)).isEqualTo(oid);
            assertThat(codec.usualLoad().before(frame)).isEqualTo(before);
        }
    }

    @ParameterizedTest
    @MethodSource("codecs")
    void otherCall_isToBeDecoded(Codec codec) throws MalformedMessageException {
        PyTuple pair = pair(1, 2);
        for (Message other : List.of(
                new Message.Call(7L, Methods.LOAD_BEFORE, pair),
                new Message.Call(pair, "loadSerial", pair),
                new Message.Call(pair, "loadbefore", pair),
                new Message.Call(pair(1, 3), Methods.LOAD_BEFORE, pair),
                new Message.Call(pair(3, 2), Methods.LOAD_BEFORE, pair),
                new Message.Call(pair, Methods.LOAD_BEFORE, PyTuple.of(bytes(1))),
                new Message.OneWay(Methods.LOAD_BEFORE, pair),
                new Message.Reply(pair, pair))) {
            assertThat(isRecognised(codec, frame(codec, other))).isFalse();
        }
    }

    @ParameterizedTest
    @MethodSource("codecs")
    void damagedLoad_isRecognisedOnlyIfItIsOne(Codec codec) throws MalformedMessageException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        byte[] load = ByteBufUtil.getBytes(frame(codec, load(random.nextLong(), random.nextLong())));
        int recognised = 0;
        for (int i = 0; i < DAMAGED; i++) {
            byte[] bytes = load.clone();
            for (int damages = random.nextInt(3); damages >= 0; damages--) {
                bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
            }
            ByteBuf frame = Unpooled.wrappedBuffer(bytes, 0, bytes.length - (random.nextInt(10) == 0 ? 1 : 0));
            recognised += isRecognised(codec, frame) ? 1 : 0;
        }
        // Damage that undoes itself, or that hits both places of a number in the same way.
        assertThat(recognised).as("seed %d", seed).isLessThan(DAMAGED / 20);
    }

    @ParameterizedTest
    @MethodSource("codecs")
    void everyByte_ofALoad_counts(Codec codec) throws MalformedMessageException {
        byte[] load = ByteBufUtil.getBytes(frame(codec, load(Long.MAX_VALUE, 0)));
        for (int at = 0; at < load.length; at++) {
            for (int bit = 0; bit < Byte.SIZE; bit++) {
                byte[] bytes = load.clone();
                bytes[at] ^= (byte) (1 << bit);
                assertThat(isRecognised(codec, Unpooled.wrappedBuffer(bytes)))
                        .as("byte %d, bit %d", at, bit)
                        .isFalse();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("codecs")
    void answer_isThatOfTheCodec(Codec codec) {
        for (int length : new int[] {0, 1, 255, 256, 500, 65_535, 65_536, 1 << 20}) {
            byte[] data = new byte[length];
            new Random(length).nextBytes(data);
            for (long end : new long[] {Tid.NONE, 1, Tid.MAX, -1}) {
                Message reply = new Message.Reply(
                        pair(length, -2),
                        PyTuple.of(data, bytes(0x0102030405060708L), end == Tid.NONE ? null : bytes(end)));
                ByteBuf expected = Unpooled.buffer().writeByte('x');
                codec.encode(reply, expected);

                ByteBuf out = Unpooled.buffer(1).writeByte('x');
                codec.usualLoad().encodeAnswer(length, -2, data, 0x0102030405060708L, end, out);

                assertThat(out).as("%s bytes", length).isEqualTo(expected);
            }
        }
    }

    /** Whether it is recognised; if so, decoding must find the same load, and the frame be left as it was. */
    private static boolean isRecognised(Codec codec, ByteBuf frame) throws MalformedMessageException {
        UsualLoad usual = codec.usualLoad();
        if (!usual.matches(frame)) {
            return false;
        }
        Message decoded = codec.decode(frame.duplicate());
        assertThat(decoded).isEqualTo(load(usual.oid(frame), usual.before(frame)));
        return true;
    }

    private static Message load(long oid, long before) {
        return new Message.Call(pair(oid, before), Methods.LOAD_BEFORE, pair(oid, before));
    }

    private static PyTuple pair(long first, long second) {
        return PyTuple.of(bytes(first), bytes(second));
    }

    private static byte[] bytes(long number) {
        return Unpooled.copyLong(number).array();
    }

    private static ByteBuf frame(Codec codec, Message message) {
        ByteBuf out = Unpooled.buffer();
        codec.encode(message, out);
        return out.skipBytes(Frames.LENGTH_BYTES);
    }
}
