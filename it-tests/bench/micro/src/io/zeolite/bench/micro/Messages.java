package io.zeolite.bench.micro;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.zeolite.message.Message;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PyTuple;
import io.zeolite.pickle.ValueLimits;
import io.zeolite.wire.Codec;
import io.zeolite.wire.MalformedMessageException;
import io.zeolite.wire.MsgpackCodec;
import io.zeolite.wire.PickleCodec;
import io.zeolite.wire.UsualLoad;
import java.nio.ByteBuffer;
import java.util.Random;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Messages in both encodings: a load and its reply, a store, a piece of a blob. */
@State(Scope.Thread)
public class Messages {
    private static final int RECORD_BYTES = 500;
    private static final int CHUNK_BYTES = 59_000;

    @Param({"Z5", "M5"})
    public String encoding;

    private Codec codec;
    private ByteBuf load;
    private ByteBuf store;
    private ByteBuf chunk;
    private ByteBuf out;
    private Message reply;
    private byte[] record;

    static byte[] eight(long id) {
        return ByteBuffer.allocate(8).putLong(id).array();
    }

    @Setup
    public void encode() {
        codec = encoding.equals("Z5")
                ? new PickleCodec(ValueLimits.FROM_CLIENT)
                : new MsgpackCodec(ValueLimits.FROM_CLIENT);
        record = new byte[RECORD_BYTES];
        new Random(1).nextBytes(record);
        byte[] oid = eight(77);
        byte[] tid = eight(0x0400_0000_0000_0000L);
        PyTuple arguments = PyTuple.of(oid, eight(Long.MAX_VALUE));
        load = frame(new Message.Call(arguments, Methods.LOAD_BEFORE, arguments));
        store = frame(new Message.OneWay(Methods.STORE, PyTuple.of(oid, tid, record, 7L)));
        chunk = frame(new Message.OneWay(Methods.STORE_BLOB_CHUNK, PyTuple.of(new byte[CHUNK_BYTES])));
        reply = new Message.Reply(arguments, PyTuple.of(record, tid, null));
        out = PooledByteBufAllocator.DEFAULT.directBuffer(4096);
    }

    private ByteBuf frame(Message message) {
        ByteBuf whole = PooledByteBufAllocator.DEFAULT.directBuffer();
        codec.encode(message, whole);
        return whole.skipBytes(4);
    }

    @Benchmark
    public Message decodeLoad() throws MalformedMessageException {
        return codec.decode(load.duplicate());
    }

    /** What the server does with a load of Python's clients in place of decoding it. */
    @Benchmark
    public long recogniseLoad() {
        UsualLoad usual = codec.usualLoad();
        return usual.matches(load) ? usual.oid(load) ^ usual.before(load) : 0;
    }

    /** What it does in place of encoding the reply. */
    @Benchmark
    public ByteBuf answerLoad() {
        codec.usualLoad().encodeAnswer(77, Long.MAX_VALUE, record, 0x0400_0000_0000_0000L, 0, out.clear());
        return out;
    }

    @Benchmark
    public Message decodeStore() throws MalformedMessageException {
        return codec.decode(store.duplicate());
    }

    @Benchmark
    public ByteBuf findChunk() {
        return codec.uploadedChunk(chunk);
    }

    @Benchmark
    public ByteBuf encodeReply() {
        codec.encode(reply, out.clear());
        return out;
    }
}
