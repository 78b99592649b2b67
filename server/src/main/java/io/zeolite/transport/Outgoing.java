package io.zeolite.transport;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import org.jspecify.annotations.Nullable;

/** The messages of one connection that are encoded and not yet given to its channel, all in one buffer. Event loop only. */
final class Outgoing {
    /** With so much it is full; the next message begins another buffer. */
    private static final int BURST_BYTES = 32 << 10;

    private static final int LEAST_BURST_BYTES = 512;

    /** Of the answer to a load, all but the data, and a little more. */
    private static final int HEAD_BYTES = 128;

    private final ByteBufAllocator allocator;
    private @Nullable ByteBuf buffer;
    private int usualBytes = LEAST_BURST_BYTES;

    Outgoing(ByteBufAllocator allocator) {
        this.allocator = allocator;
    }

    /**
     * The buffer that the next message is appended to, which belongs to this.
     *
     * @param dataBytes how long the data in that message is, about
     */
    ByteBuf buffer(int dataBytes) {
        ByteBuf messages = buffer;
        if (messages == null) {
            messages = allocator.ioBuffer(Math.max(usualBytes, dataBytes + HEAD_BYTES));
            buffer = messages;
        }
        return messages;
    }

    /** How many bytes there are. */
    int length() {
        return buffer == null ? 0 : buffer.writerIndex();
    }

    boolean isFull() {
        return length() >= BURST_BYTES;
    }

    /** Drops what was appended behind so many bytes. */
    void truncate(int length) {
        if (buffer != null) {
            buffer.writerIndex(length);
        }
    }

    /** Gives the messages away, to whom the buffer belongs then; null if there are none. */
    @Nullable
    ByteBuf take() {
        ByteBuf messages = buffer;
        if (messages != null) {
            buffer = null;
            int bytes = Math.min(Math.max(messages.writerIndex(), LEAST_BURST_BYTES), BURST_BYTES);
            usualBytes = Math.max(bytes, usualBytes - usualBytes / 8);
        }
        return messages;
    }
}
