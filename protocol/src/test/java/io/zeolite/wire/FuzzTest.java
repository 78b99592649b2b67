package io.zeolite.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.zeolite.message.Message;
import io.zeolite.pickle.ValueLimits;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Rubbish, and recorded frames with damage, end in a message or a {@link MalformedMessageException}, whatever they are;
 * and what was understood can be answered.
 */
class FuzzTest {
    private static final int MAX_FRAME_BYTES = 1 << 16;
    private static final int RUBBISH = 10_000;
    private static final int DAMAGED = 20_000;

    private static final List<Codec> CODECS =
            List.of(new PickleCodec(ValueLimits.FROM_CLIENT), new MsgpackCodec(ValueLimits.FROM_CLIENT));

    private static final List<byte[]> RECORDED = Stream.of("Z", "M")
            .flatMap(letter -> Recording.frames(letter).stream())
            .map(frame -> ByteBufUtil.decodeHexDump(frame.hex()))
            .filter(frame -> frame.length < 2000)
            .toList();

    /** Every opcode and format byte that does something, so that rubbish gets further than its first byte. */
    private static final byte[] LIKELY = (".(0122NIJKLMFGSTUVXBCcRboi)tl]ade}supqrghj\n'\\"
                    + "\u0080\u0081\u0085\u0086\u0087\u0088\u0089\u008a\u008b\u0090\u0092\u00c0\u00c4\u00da\u00dd\u00df\u00ff"
                    + "\0\1\2\3")
            .getBytes(StandardCharsets.ISO_8859_1);

    static LongStream seeds() {
        return LongStream.of(1, 2, System.nanoTime());
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void rubbish_isRefusedOrUnderstood(long seed) {
        Random random = new Random(seed);
        for (int i = 0; i < RUBBISH; i++) {
            byte[] bytes = new byte[random.nextInt(200)];
            random.nextBytes(bytes);
            for (int j = 0; j < bytes.length; j++) {
                if (random.nextInt(8) != 0) {
                    bytes[j] = LIKELY[random.nextInt(LIKELY.length)];
                }
            }
            feed(bytes, "seed " + seed);
        }
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void damagedFrame_isRefusedOrUnderstood(long seed) {
        Random random = new Random(seed);
        int understood = 0;
        for (int i = 0; i < DAMAGED; i++) {
            byte[] bytes = RECORDED.get(random.nextInt(RECORDED.size())).clone();
            for (int damages = 1 + random.nextInt(4); damages > 0; damages--) {
                bytes = damaged(bytes, random);
            }
            understood += feed(bytes, "seed " + seed);
        }
        assertThat(understood).as("seed %d", seed).isPositive();
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void damagedStream_isRefusedOrCut(long seed) {
        Random random = new Random(seed);
        for (int i = 0; i < 500; i++) {
            ByteBuf stream = Unpooled.buffer();
            for (int frames = random.nextInt(5); frames >= 0; frames--) {
                byte[] frame = RECORDED.get(random.nextInt(RECORDED.size()));
                stream.writeInt(frame.length).writeBytes(frame);
            }
            stream.setByte(random.nextInt(stream.readableBytes()), random.nextInt());
            EmbeddedChannel channel = new EmbeddedChannel(new FrameDecoder(MAX_FRAME_BYTES));
            try {
                while (stream.isReadable()) {
                    channel.writeInbound(stream.readBytes(1 + random.nextInt(stream.readableBytes())));
                }
            } catch (Exception e) {
                assertThat(e).as("seed %d", seed).isInstanceOf(MalformedMessageException.class);
            }
            channel.finishAndReleaseAll();
            stream.release();
        }
    }

    /** How many codecs understood these bytes. */
    private static int feed(byte[] bytes, String seed) {
        int understood = 0;
        for (Codec codec : CODECS) {
            Message message;
            try {
                message = codec.decode(Unpooled.wrappedBuffer(bytes));
            } catch (MalformedMessageException e) {
                continue;
            } catch (RuntimeException | Error e) {
                fail(seed + ", " + codec.announcement() + " frame " + ByteBufUtil.hexDump(bytes), e);
                throw e;
            }
            understood++;
            answer(codec, message, seed);
        }
        return understood;
    }

    private static void answer(Codec codec, Message message, String seed) {
        @Nullable Object id = message instanceof Message.Call call ? call.id() : 1L;
        ByteBuf out = Unpooled.buffer();
        try {
            codec.encode(new Message.Reply(id, null), out);
        } catch (RuntimeException | Error e) {
            fail(seed + ", " + codec.announcement() + " answer to " + message, e);
        }
        assertThat(out.readableBytes()).as(seed).isLessThan(MAX_FRAME_BYTES);
    }

    private static byte[] damaged(byte[] bytes, Random random) {
        if (bytes.length == 0) {
            return bytes;
        }
        int at = random.nextInt(bytes.length);
        switch (random.nextInt(4)) {
            case 0 -> bytes[at] = (byte) random.nextInt();
            case 1 -> bytes[at] = LIKELY[random.nextInt(LIKELY.length)];
            case 2 -> {
                return Arrays.copyOf(bytes, at);
            }
            default -> {
                byte[] other = RECORDED.get(random.nextInt(RECORDED.size()));
                int from = random.nextInt(other.length);
                int length = Math.min(random.nextInt(40), Math.min(other.length - from, bytes.length - at));
                System.arraycopy(other, from, bytes, at, length);
            }
        }
        return bytes;
    }
}
