package io.zeolite.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.zeolite.message.Message;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PyTuple;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The data of a chunk is found in the frame just where decoding finds it, and nothing else is taken for one. */
class BlobChunkFormTest {
    private static final long OID = 0x1122;
    private static final long SERIAL = 0x040d3e541bc531d7L;

    static Stream<Codec> codecs() {
        return Stream.of(Wire.PICKLE, Wire.MSGPACK);
    }

    @ParameterizedTest
    @MethodSource("codecs")
    void chunk_ofAnyLargeSize_isFoundAndTheFrameIsAsItWas(Codec codec) throws MalformedMessageException {
        for (int length : new int[] {8 << 10, 59_000, 65_535, 65_536, 1 << 20}) {
            byte[] data = bytes(length);
            ByteBuf frame = frame(codec, chunk(data));

            ByteBuf found = codec.uploadedChunk(frame);

            assertThat(found).isEqualTo(Unpooled.wrappedBuffer(data));
            assertThat(frame.refCnt()).isEqualTo(1);
            Message.OneWay decoded = (Message.OneWay) codec.decode(frame);
            assertThat(decoded.method()).isEqualTo(Methods.STORE_BLOB_CHUNK);
            assertThat(decoded.args().get(0)).isEqualTo(data);
        }
    }

    @ParameterizedTest
    @MethodSource("codecs")
    void chunk_behindTheFrameBefore_isFound(Codec codec) {
        byte[] data = bytes(10_000);
        ByteBuf both = Unpooled.buffer().writeBytes(bytes(77));
        both.writeBytes(frame(codec, chunk(data)));
        both.skipBytes(77);
        assertThat(codec.uploadedChunk(both)).isEqualTo(Unpooled.wrappedBuffer(data));
    }

    @ParameterizedTest
    @MethodSource("codecs")
    void receivedChunk_isFoundWithItsIds(Codec codec) throws MalformedMessageException {
        for (int length : new int[] {8 << 10, 59_000, 65_535, 65_536, 1 << 20}) {
            byte[] data = bytes(length);
            PyTuple args = PyTuple.of(id(OID), id(SERIAL), data);
            ByteBuf frame = frame(codec, new Message.OneWay(Methods.RECEIVE_BLOB_CHUNK, args));

            BlobPiece found = codec.receivedChunk(frame);

            assertThat(found).isEqualTo(new BlobPiece(OID, SERIAL, Unpooled.wrappedBuffer(data)));
            Message.OneWay decoded = (Message.OneWay) codec.decode(frame);
            assertThat(Objects.requireNonNull(found).args()).isEqualTo(decoded.args());
        }
    }

    @ParameterizedTest
    @MethodSource("codecs")
    void receivedChunk_asTheServerSendsIt_isFound(Codec codec) {
        byte[] data = bytes(59_000);
        ByteBuf frame = Unpooled.buffer();
        codec.encodeBlobChunkHead(OID, SERIAL, data.length, frame);
        frame.writeBytes(data);
        codec.encodeBlobChunkTail(frame);
        assertThat(codec.receivedChunk(frame.skipBytes(Frames.LENGTH_BYTES)))
                .isEqualTo(new BlobPiece(OID, SERIAL, Unpooled.wrappedBuffer(data)));
    }

    @ParameterizedTest
    @MethodSource("codecs")
    void receivedChunk_withOtherIdsOrSmall_isToBeDecoded(Codec codec) {
        byte[] data = bytes(20_000);
        for (PyTuple args : List.of(
                PyTuple.of(id(OID), id(SERIAL), bytes(8_000)),
                PyTuple.of(id(OID), bytes(9), data),
                PyTuple.of(bytes(7), id(SERIAL), data),
                PyTuple.of("x".repeat(8), id(SERIAL), data),
                PyTuple.of(id(OID), data),
                PyTuple.of(id(OID), id(SERIAL), data, 1L))) {
            ByteBuf frame = frame(codec, new Message.OneWay(Methods.RECEIVE_BLOB_CHUNK, args));
            assertThat(codec.receivedChunk(frame)).isNull();
        }
        assertThat(codec.receivedChunk(frame(codec, chunk(data)))).isNull();
        assertThat(uploaded(
                        codec, new Message.OneWay(Methods.RECEIVE_BLOB_CHUNK, PyTuple.of(id(OID), id(SERIAL), data))))
                .isNull();
    }

    @ParameterizedTest
    @MethodSource("codecs")
    void smallChunk_isToBeDecoded(Codec codec) {
        for (int length : new int[] {0, 1, 255, 256, (8 << 10) - 1}) {
            assertThat(uploaded(codec, chunk(bytes(length))))
                    .as("%s bytes", length)
                    .isNull();
        }
    }

    @ParameterizedTest
    @MethodSource("codecs")
    void anotherMessage_isToBeDecoded(Codec codec) {
        byte[] data = bytes(20_000);
        assertThat(uploaded(codec, new Message.Call(0L, Methods.STORE_BLOB_CHUNK, PyTuple.of(data))))
                .isNull();
        assertThat(uploaded(codec, new Message.OneWay(Methods.STORE_BLOB_START, PyTuple.of(data))))
                .isNull();
        assertThat(uploaded(codec, new Message.OneWay(Methods.STORE_BLOB_CHUNK, PyTuple.of(data, 1L))))
                .isNull();
        assertThat(uploaded(codec, new Message.OneWay(Methods.STORE_BLOB_CHUNK, PyTuple.of("x".repeat(20_000)))))
                .isNull();
    }

    @ParameterizedTest
    @MethodSource("codecs")
    void frame_cutOffOrLonger_isToBeDecoded(Codec codec) {
        ByteBuf frame = frame(codec, chunk(bytes(20_000)));
        assertThat(codec.uploadedChunk(frame.slice(0, frame.readableBytes() - 1)))
                .isNull();
        assertThat(codec.uploadedChunk(Unpooled.wrappedBuffer(frame, Unpooled.wrappedBuffer(new byte[1]))))
                .isNull();
    }

    @Test
    void length_ofTheOtherEncoding_isNotTaken() {
        // 'B' is the number 66 in msgpack, and 0xc6 no opcode of a pickle.
        byte[] data = bytes(20_000);
        ByteBuf packed = frame(Wire.MSGPACK, chunk(data));
        int type = ByteBufUtil.hexDump(packed, 0, 40).indexOf("c54e20") / 2;
        ByteBuf mixed =
                packed.copy(0, type).writeByte('B').writeIntLE(data.length).writeBytes(data);
        assertThat(Wire.MSGPACK.uploadedChunk(mixed)).isNull();
    }

    private static Message chunk(byte[] data) {
        return new Message.OneWay(Methods.STORE_BLOB_CHUNK, PyTuple.of(data));
    }

    private static @Nullable ByteBuf uploaded(Codec codec, Message message) {
        return codec.uploadedChunk(frame(codec, message));
    }

    private static ByteBuf frame(Codec codec, Message message) {
        ByteBuf out = Unpooled.buffer();
        codec.encode(message, out);
        return out.skipBytes(Frames.LENGTH_BYTES);
    }

    private static byte[] id(long id) {
        return ByteBuffer.allocate(Long.BYTES).putLong(id).array();
    }

    private static byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }
}
