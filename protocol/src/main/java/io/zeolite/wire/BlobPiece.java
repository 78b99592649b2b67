package io.zeolite.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.zeolite.pickle.PyTuple;
import io.zeolite.zodb.Ids;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a {@code receiveBlobChunk} message, where they are in its frame.
 *
 * @param oid of the blob
 * @param serial the transaction that wrote it
 * @param data a view of the frame: whoever keeps it longer than the call that brought it retains and releases it
 */
public record BlobPiece(long oid, long serial, ByteBuf data) {
    /** The piece in this frame, if it has one in this form. */
    static @Nullable BlobPiece in(ByteBuf frame, BlobChunkForm form) {
        ByteBuf data = form.data(frame);
        return data == null ? null : new BlobPiece(form.id(frame, 0), form.id(frame, 1), data);
    }

    /** What decoding the message would have made of it: copies. */
    public PyTuple args() {
        return PyTuple.of(Ids.bytes(oid), Ids.bytes(serial), ByteBufUtil.getBytes(data));
    }
}
