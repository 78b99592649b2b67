package io.zeolite.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.zeolite.message.Message;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PickleWriter;
import io.zeolite.pickle.PyDict;
import io.zeolite.pickle.PyGlobal;
import io.zeolite.pickle.PyTuple;
import io.zeolite.pickle.ValueLimits;
import java.math.BigInteger;
import java.util.List;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which tuples are messages, and what both codecs promise. */
class CodecTest {
    @Test
    void keepAlive_isPythons() throws MalformedMessageException {
        String pickled = "8003284affffffff4b0058060000002e7265706c794e742e";
        String packed = "94ff00a62e7265706c79c0";
        assertThat(Wire.decode(Wire.PICKLE, pickled)).isEqualTo(new Message.KeepAlive());
        assertThat(Wire.decode(Wire.MSGPACK, packed)).isEqualTo(new Message.KeepAlive());
        assertThat(Wire.encode(Wire.PICKLE, new Message.KeepAlive())).isEqualTo(pickled);
        assertThat(Wire.encode(Wire.MSGPACK, new Message.KeepAlive())).isEqualTo(packed);
    }

    @Test
    void ids_ofAnyKind_areEchoed() throws MalformedMessageException {
        for (Object id : new @Nullable Object[] {
            1L, 0L, "x", null, true, 1.5, PyTuple.of("a", PyTuple.of(1L, null)), List.of(1L), new PyDict().put("a", 1L)
        }) {
            Message.Call call = (Message.Call) decode(PyTuple.of(id, false, "ping", PyTuple.EMPTY));
            Message reply = new Message.Reply(call.id(), null);
            assertThat(Wire.decode(Wire.PICKLE, Wire.encode(Wire.PICKLE, reply)))
                    .isEqualTo(new Message.Reply(id, null));
        }
    }

    /** Python's client frees all iterators of a walk at once: one for each transaction. */
    @Test
    void iteratorGc_ofALongWalk_isTakenByAServer() throws MalformedMessageException {
        List<Long> ids = LongStream.range(0, 500_000).boxed().toList();
        Message message = new Message.OneWay(Methods.ITERATOR_GC, PyTuple.of(ids));
        for (Codec codec :
                new Codec[] {new PickleCodec(ValueLimits.FROM_CLIENT), new MsgpackCodec(ValueLimits.FROM_CLIENT)}) {
            ByteBuf frame = Unpooled.buffer();
            codec.encode(message, frame);
            frame.skipBytes(4);
            assertThat(Wire.withoutLists(codec.decode(frame))).isEqualTo(Wire.withoutLists(message));
        }
    }

    @Test
    void flag_ofBothTypes_isTaken() throws MalformedMessageException {
        for (Object flag : new Object[] {true, 1L, 2L}) {
            assertThat(decode(PyTuple.of(0L, flag, "m", PyTuple.EMPTY))).isInstanceOf(Message.OneWay.class);
        }
        for (Object flag : new Object[] {false, 0L}) {
            assertThat(decode(PyTuple.of(0L, flag, "m", PyTuple.EMPTY))).isInstanceOf(Message.Call.class);
            assertThat(decode(PyTuple.of(0L, flag, Methods.REPLY, null))).isInstanceOf(Message.Reply.class);
        }
    }

    @Test
    void arguments_inAList_areTaken() throws MalformedMessageException {
        assertThat(decode(PyTuple.of(1L, false, "m", List.of(7L))))
                .isEqualTo(new Message.Call(1L, "m", PyTuple.of(7L)));
    }

    @Test
    void value_thatIsNoMessage_isRefused() {
        for (Object value : new @Nullable Object[] {
            null,
            List.of(1L, false, "m", PyTuple.EMPTY),
            PyTuple.of(1L, false, "m"),
            PyTuple.of(1L, false, "m", PyTuple.EMPTY, null),
            PyTuple.of(1L, null, "m", PyTuple.EMPTY),
            PyTuple.of(1L, false, null, PyTuple.EMPTY),
            PyTuple.of(1L, false, new byte[] {'m'}, PyTuple.EMPTY),
            PyTuple.of(1L, false, "m", null),
            PyTuple.of(1L, false, "m", new PyDict()),
            PyTuple.of(1L, 2L, Methods.REPLY, null),
            PyTuple.of(1L, 2L, Methods.REPLY, PyTuple.of("builtins.KeyError")),
            PyTuple.of(1L, 2L, Methods.REPLY, PyTuple.of("builtins.KeyError", null)),
            PyTuple.of(1L, 2L, Methods.REPLY, PyTuple.of(1L, PyTuple.EMPTY))
        }) {
            assertThatThrownBy(() -> decode(value)).isInstanceOf(MalformedMessageException.class);
        }
    }

    @Test
    void id_thatCannotBeSent_isRefused() {
        String pickle = "800328" + "636275696c74696e730a696e740a" + "89" + "580100000070" + "29" + "742e";
        assertThatThrownBy(() -> Wire.decode(Wire.PICKLE, pickle))
                .isInstanceOf(MalformedMessageException.class)
                .hasMessageContaining("message id");
    }

    @Test
    void bytes_afterAMessage_areRefused() {
        assertThatThrownBy(() -> Wire.decode(Wire.PICKLE, "8003284affffffff4b0058060000002e7265706c794e742e00"))
                .isInstanceOf(MalformedMessageException.class)
                .hasMessageContaining("1 bytes after the end");
        assertThatThrownBy(() -> Wire.decode(Wire.MSGPACK, "94ff00a62e7265706c79c000"))
                .isInstanceOf(MalformedMessageException.class)
                .hasMessageContaining("1 bytes after the end");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Z5", "M5"})
    void value_thatCannotBeSent_leavesTheBufferAsItWas(String announcement) {
        Codec codec = announcement.equals("Z5") ? Wire.PICKLE : Wire.MSGPACK;
        ByteBuf out = Unpooled.buffer().writeInt(7);
        Message reply = new Message.Reply(1L, PyTuple.of("text", new PyGlobal("builtins", "int")));
        assertThatThrownBy(() -> codec.encode(reply, out)).isInstanceOf(IllegalArgumentException.class);
        assertThat(out.readableBytes()).isEqualTo(4);
        assertThat(out.readInt()).isEqualTo(7);
    }

    @Test
    void oids_inMsgpack_areAnArrayOfEightBytesEach() {
        assertThat(Wire.encode(Wire.MSGPACK, new Message.Reply(1L, new long[] {1, -1})))
                .isEqualTo("940100a62e7265706c79" + "92c4080000000000000001c408ffffffffffffffff");
    }

    @ParameterizedTest
    @CsvSource({
        "c7000100, an extension type",
        "d6ff00000001, a time stamp",
        "c1, never used",
        "8101c0, an int as key",
        "8190c0, an array as key",
        "a1ff, not UTF-8",
        "a3eda080, half of a surrogate pair",
        "c6ffffffff00, bytes that are not there",
        "dbffffffff00, a str that is not there",
        "ddffffffff00, items that are not there",
        "dfffffffff00, entries that are not there",
        "df8000000100, twice as many values as fit an int"
    })
    void msgpack_thatPythonWouldNotReadOrSend_isRefused(String hex, String what) {
        assertThatThrownBy(() -> Wire.decode(Wire.MSGPACK, "940100a62e7265706c79" + hex))
                .as(what)
                .isInstanceOf(MalformedMessageException.class)
                .hasMessageContaining("msgpack, offset");
    }

    @Test
    void msgpack_thatIsTooDeepOrTooMuch_isRefused() {
        assertThatThrownBy(() -> Wire.decode(Wire.MSGPACK, "91".repeat(101) + "c0"))
                .hasMessageContaining("101 deep");
        ByteBuf frame = Unpooled.buffer().writeByte(0xdd).writeInt(1000).writeZero(1000);
        assertThatThrownBy(() -> new MsgpackCodec(new ValueLimits(10, 1000)).decode(frame))
                .isInstanceOf(MalformedMessageException.class)
                .hasMessageContaining("more than 1000 values");
    }

    @Test
    void msgpack_valuesThatItCannotHold_areRefused() {
        for (Object value : new Object[] {"\ud800", BigInteger.ONE.shiftLeft(64), new PyDict().put(1L, 1L)}) {
            assertThatThrownBy(() -> Wire.encode(Wire.MSGPACK, new Message.Reply(1L, value)))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    private static Message decode(@Nullable Object value) throws MalformedMessageException {
        ByteBuf frame = Unpooled.buffer();
        PickleWriter.write(value, frame);
        return Wire.PICKLE.decode(frame);
    }
}
