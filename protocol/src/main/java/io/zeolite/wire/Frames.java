package io.zeolite.wire;

import io.netty.buffer.ByteBuf;
import java.util.function.Consumer;

/** Frames: a length of four bytes, big-endian, and as many bytes. */
final class Frames {
    static final int LENGTH_BYTES = 4;

    private Frames() {}

    /** Appends a frame with what {@code body} appends; if that fails, {@code out} is as it was. */
    static void write(ByteBuf out, Consumer<ByteBuf> body) {
        int start = out.writerIndex();
        boolean written = false;
        try {
            out.writeInt(0);
            body.accept(out);
            out.setInt(start, out.writerIndex() - start - LENGTH_BYTES);
            written = true;
        } finally {
            if (!written) {
                out.writerIndex(start);
            }
        }
    }
}
