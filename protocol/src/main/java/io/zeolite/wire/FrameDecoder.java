package io.zeolite.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.CompositeByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Cuts the stream of bytes into frames: every message is a {@link ByteBuf} without its length, to be released by the
 * next handler.
 *
 * <p>A frame that is empty or longer than allowed is reported as {@link MalformedMessageException}, or as
 * {@link FrameTooLongException}, by {@code exceptionCaught} as soon as its length is there, before any of its bytes are
 * kept. Nothing is read after that; the connection is to be closed.
 */
public final class FrameDecoder extends LengthFieldBasedFrameDecoder {
    private static final int LARGE_BYTES = 1 << 20;
    private static final int LEAST_PIECE_BYTES = 16 << 10;
    private static final int LEAST_FRAME_IN_PIECES_BYTES = 32 << 10;

    private final IntSupplier maxFrameBytes;
    private boolean malformed;

    /** A decoder for one channel that takes frames of 1 to {@code maxFrameBytes} bytes, their length not counted. */
    public FrameDecoder(int maxFrameBytes) {
        this(() -> maxFrameBytes);
        if (maxFrameBytes < 1 || maxFrameBytes > Integer.MAX_VALUE - Frames.LENGTH_BYTES) {
            throw new IllegalArgumentException("maxFrameBytes: " + maxFrameBytes + " (expected: 1 to "
                    + (Integer.MAX_VALUE - Frames.LENGTH_BYTES) + ")");
        }
    }

    /**
     * The same with a limit that changes.
     *
     * @param maxFrameBytes asked on the event loop when the length of a frame is there
     */
    public FrameDecoder(IntSupplier maxFrameBytes) {
        super(Integer.MAX_VALUE, 0, Frames.LENGTH_BYTES, 0, Frames.LENGTH_BYTES);
        this.maxFrameBytes = maxFrameBytes;
        setCumulator(FrameDecoder::append);
    }

    /**
     * Puts what has arrived behind what there is. Large pieces of a large frame stay in the buffers that they came in: a
     * frame need not lie in one piece. Small ones are copied, as each would keep a whole buffer.
     */
    private static ByteBuf append(ByteBufAllocator allocator, ByteBuf received, ByteBuf more) {
        boolean inPieces = more.readableBytes() >= LEAST_PIECE_BYTES
                && received.readableBytes() >= Frames.LENGTH_BYTES
                && received.getUnsignedInt(received.readerIndex()) >= LEAST_FRAME_IN_PIECES_BYTES;
        Cumulator cumulator = inPieces ? COMPOSITE_CUMULATOR : MERGE_CUMULATOR;
        return cumulator.cumulate(allocator, received, more);
    }

    @Override
    protected @Nullable Object decode(ChannelHandlerContext ctx, ByteBuf in) throws Exception {
        if (!malformed && in.readableBytes() >= Frames.LENGTH_BYTES) {
            long length = in.getUnsignedInt(in.readerIndex());
            int most = maxFrameBytes.getAsInt();
            if (length == 0 || length > most) {
                malformed = true;
                String message = "frame length: " + length + " bytes (expected: 1 to " + most + ")";
                ctx.fireExceptionCaught(
                        length == 0
                                ? new MalformedMessageException(message)
                                : new FrameTooLongException(message, length));
            } else {
                makeRoom(in, (int) length + Frames.LENGTH_BYTES - in.readableBytes());
            }
        }
        if (malformed) {
            in.skipBytes(in.readableBytes());
            return null;
        }
        return super.decode(ctx, in);
    }

    /**
     * Doubles the buffer of a large frame while it arrives. By itself it would grow, and be copied, every 4 MiB; and it
     * must not take memory for the whole frame before the peer has sent as much.
     */
    private static void makeRoom(ByteBuf in, int missingBytes) {
        int received = in.readableBytes();
        boolean almostFull = in.writableBytes() < Math.min(missingBytes, received / 8);
        if (almostFull
                && !(in instanceof CompositeByteBuf)
                && received >= LARGE_BYTES
                && in.refCnt() == 1
                && !in.isReadOnly()) {
            in.ensureWritable(Math.min(missingBytes, received));
        }
    }
}
