package io.zeolite.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FrameDecoderTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 7, 100})
    void stream_inPiecesOfAnySize_isCutIntoFrames(int pieceBytes) {
        EmbeddedChannel channel = new EmbeddedChannel(new FrameDecoder(10));
        ByteBuf stream = Wire.frame("0000000161" + "0000000a62626262626262626262" + "000000026363");
        while (stream.isReadable()) {
            channel.writeInbound(stream.readBytes(Math.min(pieceBytes, stream.readableBytes())));
        }
        assertThat(frames(channel)).containsExactly("61", "62626262626262626262", "6363");
        channel.finishAndReleaseAll();
    }

    @Test
    void largeFrame_inPieces_takesNoMoreThanTwiceWhatCame() {
        int length = 20 << 20;
        EmbeddedChannel channel = new EmbeddedChannel(new FrameDecoder(length));
        byte[] piece = new byte[1 << 16];
        channel.writeInbound(channel.alloc().buffer().writeInt(length));
        for (int sent = 0; sent < length; sent += piece.length) {
            Arrays.fill(piece, (byte) (sent >> 16));
            channel.writeInbound(channel.alloc().buffer().writeBytes(piece));
        }
        ByteBuf frame = channel.readInbound();
        assertThat(frame.readableBytes()).isEqualTo(length);
        assertThat(frame.getByte(length - 1)).isEqualTo((byte) ((length - 1) >> 16));
        assertThat(frame.unwrap().capacity()).isLessThanOrEqualTo(2 * length);
        frame.release();
        channel.finishAndReleaseAll();
    }

    @ParameterizedTest
    @CsvSource({"00000000, 0", "0000000b, 11", "7fffffff, 2147483647", "80000000, 2147483648", "ffffffff, 4294967295"})
    void frame_thatIsEmptyOrTooLong_failsWithItsLength(String header, long length) {
        EmbeddedChannel channel = new EmbeddedChannel(new FrameDecoder(10));
        assertThatThrownBy(() -> channel.writeInbound(Wire.frame("0000000161" + header)))
                .isInstanceOf(length == 0 ? MalformedMessageException.class : FrameTooLongException.class)
                .hasMessage("frame length: " + length + " bytes (expected: 1 to 10)");
        assertThat(frames(channel)).containsExactly("61");
        channel.finishAndReleaseAll();
    }

    @Test
    void bytes_afterAFrameThatIsTooLong_areNotKept() {
        EmbeddedChannel channel = new EmbeddedChannel(new FrameDecoder(10));
        assertThatThrownBy(() -> channel.writeInbound(Wire.frame("0000000b61")))
                .isInstanceOf(MalformedMessageException.class);
        ByteBuf more = Unpooled.buffer(1000).writeZero(1000);
        channel.writeInbound(more);
        assertThat(more.refCnt()).isZero();
        assertThat(frames(channel)).isEmpty();
        channel.finishAndReleaseAll();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, Integer.MAX_VALUE})
    void limit_thatNoFrameCanMeet_isRefused(int maxFrameBytes) {
        assertThatThrownBy(() -> new FrameDecoder(maxFrameBytes)).isInstanceOf(IllegalArgumentException.class);
    }

    private static List<String> frames(EmbeddedChannel channel) {
        List<String> frames = new ArrayList<>();
        for (ByteBuf frame = channel.readInbound(); frame != null; frame = channel.readInbound()) {
            frames.add(ByteBufUtil.hexDump(frame));
            frame.release();
        }
        return frames;
    }

    /** As a socket delivers uploads: frames in pieces of any size, some of them still held when more arrives. */
    @Test
    void largeFrames_inPiecesOfAnySize_areWhole() {
        Random random = new Random(5);
        EmbeddedChannel channel = new EmbeddedChannel(new FrameDecoder(10_000_000));
        ByteBuf sent = Unpooled.buffer();
        List<byte[]> expected = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            byte[] frame = new byte[i % 20 == 19 ? 3_000_000 : i % 3 == 0 ? 1 + random.nextInt(200) : 59_000];
            random.nextBytes(frame);
            expected.add(frame);
            sent.writeInt(frame.length).writeBytes(frame);
        }
        ArrayDeque<ByteBuf> held = new ArrayDeque<>();
        int received = 0;
        while (sent.isReadable()) {
            int piece = Math.min(sent.readableBytes(), random.nextBoolean() ? 1 << 16 : 1 + random.nextInt(40_000));
            channel.writeInbound(ByteBufAllocator.DEFAULT.directBuffer(1 << 16).writeBytes(sent.readSlice(piece)));
            for (ByteBuf frame = channel.readInbound(); frame != null; frame = channel.readInbound()) {
                held.add(frame);
            }
            while (held.size() > (sent.isReadable() ? 5 : 0)) {
                ByteBuf frame = held.remove();
                assertThat(frame).isEqualTo(Unpooled.wrappedBuffer(expected.get(received++)));
                frame.release();
            }
        }
        assertThat(received).isEqualTo(expected.size());
        assertThat(channel.finish()).isFalse();
    }
}
