package io.zeolite.transport;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.zeolite.message.Message;
import io.zeolite.wire.Codec;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What many connections send: a message is encoded once for each encoding while all send it, which is at about the same
 * time. Any thread.
 */
final class SharedFrames {
    /** From here on, a frame is where the system can write it from without a copy; for a short one, that costs more. */
    private static final int DIRECT_BYTES = 4 << 10;

    private volatile @Nullable Shared last;

    private record Shared(Message message, Map<String, ByteBuffer> frames) {}

    /**
     * A buffer of the caller's own over bytes that all share, the length before the message included.
     *
     * @param message must not change any more; known by its identity
     */
    @SuppressWarnings("ReferenceEquality")
    ByteBuf frame(Message message, Codec codec) {
        Shared shared = last;
        if (shared == null || shared.message != message) {
            // Two loops may do this at the same time, or a slow one go back; then it is encoded again.
            shared = new Shared(message, new ConcurrentHashMap<>());
            last = shared;
        }
        ByteBuffer frame = shared.frames.computeIfAbsent(codec.announcement(), encoding -> encode(message, codec));
        return Unpooled.wrappedBuffer(frame.duplicate());
    }

    private static ByteBuffer encode(Message message, Codec codec) {
        ByteBuf out = Unpooled.buffer();
        codec.encode(message, out);
        int length = out.readableBytes();
        ByteBuffer frame = length < DIRECT_BYTES ? ByteBuffer.allocate(length) : ByteBuffer.allocateDirect(length);
        out.readBytes(frame);
        return frame.flip();
    }
}
