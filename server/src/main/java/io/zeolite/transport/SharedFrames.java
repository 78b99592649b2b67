package io.zeolite.transport;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.zeolite.message.Message;
import io.zeolite.wire.Codec;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What many connections send: messages are encoded once for each encoding while all send them, which is at about the same
 * time. Any thread.
 */
final class SharedFrames {
    /**
     * From here on, frames are where the system can write them from without a copy; a few short ones are better copied
     * into what the connection sends besides.
     */
    private static final int DIRECT_BYTES = 4 << 10;

    private volatile @Nullable Shared last;

    private record Shared(List<Message> messages, Map<String, Encoded> encodings) {}

    /**
     * Messages one after the other.
     *
     * @param starts where each of them starts, and behind them where the last one ends
     */
    private record Encoded(ByteBuffer frames, int[] starts) {}

    /**
     * Bytes that all share, with the length before each message included, under an index of the caller's own.
     *
     * @param messages must not change any more; known by its identity
     * @param from the first of the messages that are wanted
     * @param to the end of these
     */
    @SuppressWarnings("ReferenceEquality")
    ByteBuffer frames(List<Message> messages, int from, int to, Codec codec) {
        Shared shared = last;
        if (shared == null || shared.messages != messages) {
            // Two loops may do this at the same time, or a slow one go back; then it is encoded again.
            shared = new Shared(messages, new ConcurrentHashMap<>());
            last = shared;
        }
        Encoded encoded = shared.encodings.computeIfAbsent(codec.announcement(), encoding -> encode(messages, codec));
        int start = encoded.starts[from];
        return encoded.frames.slice(start, encoded.starts[to] - start);
    }

    private static Encoded encode(List<Message> messages, Codec codec) {
        ByteBuf out = Unpooled.buffer();
        int[] starts = new int[messages.size() + 1];
        for (int i = 0; i < messages.size(); i++) {
            codec.encode(messages.get(i), out);
            starts[i + 1] = out.readableBytes();
        }
        int length = out.readableBytes();
        ByteBuffer frames = length < DIRECT_BYTES ? ByteBuffer.allocate(length) : ByteBuffer.allocateDirect(length);
        out.readBytes(frames);
        return new Encoded(frames.flip(), starts);
    }
}
