package io.zeolite.client.connection;

import io.zeolite.message.Methods;
import io.zeolite.pickle.PyTuple;
import io.zeolite.wire.BlobPiece;

/**
 * Takes what the server says without being asked: invalidations, sizes, pieces of blobs. Called on the event loop, in the
 * order of the wire, before anything that comes behind it is looked at; it must not block.
 */
public interface ServerMessages {
    /** For those who do not listen. */
    ServerMessages IGNORED = (method, args) -> {};

    /** @param method one of those that {@link io.zeolite.message.Methods} lists for this direction, or any other */
    void received(String method, PyTuple args);

    /** Takes a piece of a blob where it is in the buffer; small ones come to {@link #received(String, PyTuple)}. */
    default void received(BlobPiece piece) {
        received(Methods.RECEIVE_BLOB_CHUNK, piece.args());
    }

    /** An error has kept the connection from doing something that others may wait for, such as giving an answer. On the event loop. */
    default void failed(Error error) {}
}
