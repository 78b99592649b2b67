package io.zeolite.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.zeolite.message.Message;
import io.zeolite.pickle.PyDict;
import io.zeolite.pickle.PyTuple;
import io.zeolite.pickle.ValueLimits;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Frames in hex, as the tests of this package have them. */
final class Wire {
    static final Codec PICKLE = new PickleCodec(ValueLimits.FROM_SERVER);
    static final Codec MSGPACK = new MsgpackCodec(ValueLimits.FROM_SERVER);

    private Wire() {}

    static ByteBuf frame(String hex) {
        return Unpooled.wrappedBuffer(ByteBufUtil.decodeHexDump(hex));
    }

    static Message decode(Codec codec, String hex) throws MalformedMessageException {
        ByteBuf frame = frame(hex);
        Message message = codec.decode(frame);
        assertThat(frame.isReadable()).isFalse();
        return message;
    }

    /** The body of the frame, after a look at its length. */
    static String encode(Codec codec, Message message) {
        ByteBuf out = Unpooled.buffer().writeByte('x');
        codec.encode(message, out);
        out.skipBytes(1);
        assertThat(out.readInt()).isEqualTo(out.readableBytes());
        return ByteBufUtil.hexDump(out);
    }

    /** The message as it would arrive in msgpack, where a list is a tuple. */
    static Message withoutLists(Message message) {
        if (message instanceof Message.Call call) {
            return new Message.Call(withoutLists(call.id()), call.method(), (PyTuple) tuple(call.args()));
        }
        if (message instanceof Message.OneWay oneWay) {
            return new Message.OneWay(oneWay.method(), (PyTuple) tuple(oneWay.args()));
        }
        if (message instanceof Message.Reply reply) {
            return new Message.Reply(withoutLists(reply.id()), withoutLists(reply.value()));
        }
        if (message instanceof Message.ErrorReply error) {
            return new Message.ErrorReply(withoutLists(error.id()), error.pythonClass(), tuple(error.detail()));
        }
        return message;
    }

    private static @Nullable Object withoutLists(@Nullable Object value) {
        return value == null ? null : tuple(value);
    }

    private static Object tuple(Object value) {
        if (value instanceof List<?> list) {
            return tuple(PyTuple.of(list.toArray()));
        }
        if (value instanceof PyTuple tuple) {
            List<@Nullable Object> items = new ArrayList<>();
            for (int i = 0; i < tuple.size(); i++) {
                items.add(withoutLists(tuple.get(i)));
            }
            return PyTuple.of(items.toArray());
        }
        if (value instanceof PyDict dict) {
            PyDict copy = new PyDict();
            dict.entries().forEach(entry -> copy.put(withoutLists(entry.key()), withoutLists(entry.value())));
            return copy;
        }
        return value;
    }
}
