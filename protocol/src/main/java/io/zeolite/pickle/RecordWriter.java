package io.zeolite.pickle;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;

/** Writes records as ZODB does: the class, and the state, in two pickles of protocol 3 with one memo. */
public final class RecordWriter {
    private RecordWriter() {}

    /**
     * The record of an object.
     *
     * @param type its class
     * @param state plain values, with {@link PyReference}s and {@link PyGlobal}s in them; null for the state None
     * @throws IllegalArgumentException if there is something else in it
     */
    public static byte[] write(PyGlobal type, @Nullable Object state) {
        ByteBuf out = Unpooled.buffer();
        PickleWriter.writeRecord(type, state, out);
        return ByteBufUtil.getBytes(out);
    }
}
