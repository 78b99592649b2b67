package io.zeolite.message;

import io.zeolite.pickle.PyTuple;
import org.jspecify.annotations.Nullable;

/**
 * One message of ZEO 5: on the wire a 4-tuple {@code (id, flag, name, args)}.
 *
 * <p>Ids are opaque. Python's client numbers its calls, but a {@code loadBefore} has the tuple {@code (oid, tid)} as its
 * id, so that equal loads share one request; whatever comes is echoed in the reply.
 */
public sealed interface Message {
    /** A call that wants a reply with the same id. */
    record Call(@Nullable Object id, String method, PyTuple args) implements Message {}

    /** A call in either direction that is not answered; a server that cannot do it closes the connection. */
    record OneWay(String method, PyTuple args) implements Message {}

    /** What a call returned: any value, not wrapped. */
    record Reply(@Nullable Object id, @Nullable Object value) implements Message {}

    /**
     * What a call raised: the dotted name of the Python class, and either the arguments of the exception (a
     * {@link PyTuple}) or its attributes (a {@link io.zeolite.pickle.PyDict}), whichever the class needs.
     */
    record ErrorReply(@Nullable Object id, String pythonClass, Object detail) implements Message {}

    /** The client's sign of life, every 60 seconds; it is not answered. */
    record KeepAlive() implements Message {}
}
