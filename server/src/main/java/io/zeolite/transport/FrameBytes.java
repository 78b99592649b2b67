package io.zeolite.transport;

import io.netty.buffer.ByteBuf;
import io.zeolite.session.ReceivedBytes;
import java.nio.ByteBuffer;

/** A part of a frame that the connection has not released yet. */
record FrameBytes(ByteBuf part) implements ReceivedBytes {
    @Override
    public int length() {
        return part.readableBytes();
    }

    @Override
    public ByteBuffer[] pieces() {
        return part.nioBuffers();
    }

    @Override
    public Runnable keep() {
        part.retain();
        return part::release;
    }
}
