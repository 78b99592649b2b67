package io.zeolite.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.zeolite.message.Message;
import org.jspecify.annotations.Nullable;

/** One of the two encodings of messages. Stateless; any thread may use it. */
public interface Codec {
    /** The two bytes that announce this codec in the handshake: {@code Z5} or {@code M5}. */
    String announcement();

    /**
     * Decodes one message.
     *
     * @param frame the message without its length; reading moves its index, releasing it stays with the caller, and the
     *     result does not refer to it
     * @throws MalformedMessageException if the bytes are not a message; nothing else is thrown, whatever they are
     */
    Message decode(ByteBuf frame) throws MalformedMessageException;

    /**
     * The data of a {@code storeBlobChunk} message, where it is in the frame: a view, not retained. Null for any other
     * message, and for a chunk that is small or written in an unusual way; those are to be decoded. The frame stays as it is.
     */
    @Nullable
    ByteBuf uploadedChunk(ByteBuf frame);

    /** The same for a {@code receiveBlobChunk} message of a server. */
    @Nullable
    BlobPiece receivedChunk(ByteBuf frame);

    /** The most frequent message in this encoding, which need not be decoded. */
    UsualLoad usualLoad();

    /**
     * Appends one message, preceded by its four-byte length, to {@code out}, which stays the caller's.
     *
     * @throws IllegalArgumentException if a value is none of those that {@link io.zeolite.pickle} names; {@code out} is
     *     as it was
     */
    void encode(Message message, ByteBuf out);

    /** Whether a value can be sent in this encoding, so that Python reads it. */
    default boolean canHold(@Nullable Object value) {
        ByteBuf scratch = Unpooled.buffer();
        try {
            encode(new Message.Reply(null, value), scratch);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        } finally {
            scratch.release();
        }
    }

    /**
     * Appends what comes before the bytes of one {@code receiveBlobChunk} message, its frame length included, so that the
     * bytes themselves can go from a file to the socket. After them comes {@link #encodeBlobChunkTail}.
     *
     * @param length how many bytes follow, at least 1
     */
    void encodeBlobChunkHead(long oid, long serial, int length, ByteBuf out);

    /** Appends what comes after the bytes of a {@code receiveBlobChunk} message; it may be nothing. */
    void encodeBlobChunkTail(ByteBuf out);
}
