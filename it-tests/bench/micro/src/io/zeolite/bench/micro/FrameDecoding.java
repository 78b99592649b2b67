package io.zeolite.bench.micro;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import io.zeolite.message.Message;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PyTuple;
import io.zeolite.pickle.ValueLimits;
import io.zeolite.wire.FrameDecoder;
import io.zeolite.wire.PickleCodec;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** Cutting what one read of a socket brings into frames. */
@State(Scope.Thread)
public class FrameDecoding {
    private static final int FRAMES = 16;

    private final EmbeddedChannel channel = new EmbeddedChannel(new FrameDecoder(1 << 24));
    private final ByteBuf received = PooledByteBufAllocator.DEFAULT.directBuffer();

    public FrameDecoding() {
        PickleCodec codec = new PickleCodec(ValueLimits.FROM_CLIENT);
        PyTuple arguments = PyTuple.of(Messages.eight(77), Messages.eight(Long.MAX_VALUE));
        for (int i = 0; i < FRAMES; i++) {
            codec.encode(new Message.Call(arguments, Methods.LOAD_BEFORE, arguments), received);
        }
    }

    @Benchmark
    @OperationsPerInvocation(FRAMES)
    public int frames() {
        int bytes = 0;
        channel.writeInbound(received.retainedDuplicate());
        for (ByteBuf frame = channel.readInbound(); frame != null; frame = channel.readInbound()) {
            bytes += frame.readableBytes();
            frame.release();
        }
        return bytes;
    }

    @TearDown
    public void release() {
        channel.finishAndReleaseAll();
        received.release();
    }
}
