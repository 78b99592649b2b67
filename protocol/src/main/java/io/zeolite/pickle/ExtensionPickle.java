package io.zeolite.pickle;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;

/**
 * The extension of a transaction as {@code Data.fs} holds it: no bytes if it is empty, otherwise one pickle of a dict,
 * of protocol 3 and with a memo.
 *
 * <p>The bytes are those that Python's server writes for the same message in the encoding {@code Z5}. An object that is
 * in the dict twice is written once, and every string of a message is an object of its own, except those of at most one
 * character. (Python's msgpack also shares equal keys of dicts; that is not imitated. Both are read alike.)
 */
public final class ExtensionPickle {
    private ExtensionPickle() {}

    /**
     * The bytes to store.
     *
     * @throws IllegalArgumentException if a value is not one that {@link io.zeolite.pickle} names, or a
     *     {@link PyPrefix}
     */
    public static byte[] encode(PyDict extension) {
        if (extension.isEmpty()) {
            return new byte[0];
        }
        ByteBuf out = Unpooled.buffer();
        PickleWriter.writeWithMemo(extension, out);
        return ByteBufUtil.getBytes(out);
    }

    /** The dict in these bytes, which may come from any version of Python. */
    public static PyDict decode(byte[] stored) throws PickleException {
        if (stored.length == 0) {
            return new PyDict();
        }
        Object value = PickleReader.read(stored);
        if (value instanceof PyDict dict) {
            return dict;
        }
        throw new PickleException(0, "an extension of type " + PickleStack.typeOf(value), "a dict");
    }
}
