package io.zeolite.wire;

import io.zeolite.message.Message;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PyCall;
import io.zeolite.pickle.PyDict;
import io.zeolite.pickle.PyGlobal;
import io.zeolite.pickle.PyPrefix;
import io.zeolite.pickle.PyTuple;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Messages as the 4-tuples {@code (id, flag, name, args)} that both encodings carry.
 *
 * <p>The flag is true for a call that is not answered, and 2 for a reply that is an exception. Python writes booleans in
 * calls and numbers in replies, and takes either.
 */
final class MessageTuple {
    private static final Long ONE_WAY_ID = 0L;
    private static final Long KEEP_ALIVE_ID = -1L;
    private static final Long NO_ERROR = 0L;
    private static final Long ERROR = 2L;

    private MessageTuple() {}

    static PyTuple of(Message message) {
        if (message instanceof Message.Reply reply) {
            return PyTuple.of(reply.id(), NO_ERROR, Methods.REPLY, reply.value());
        }
        if (message instanceof Message.Call call) {
            return PyTuple.of(call.id(), false, call.method(), call.args());
        }
        if (message instanceof Message.OneWay oneWay) {
            return PyTuple.of(ONE_WAY_ID, true, oneWay.method(), oneWay.args());
        }
        if (message instanceof Message.ErrorReply error) {
            return PyTuple.of(error.id(), ERROR, Methods.REPLY, PyTuple.of(error.pythonClass(), error.detail()));
        }
        return PyTuple.of(KEEP_ALIVE_ID, NO_ERROR, Methods.REPLY, null);
    }

    static Message parse(@Nullable Object value) throws MalformedMessageException {
        if (!(value instanceof PyTuple tuple) || tuple.size() != 4) {
            throw new MalformedMessageException("message: "
                    + (value instanceof PyTuple tuple ? "a tuple of " + tuple.size() : "not a tuple")
                    + " (expected: a tuple of 4, id, flag, name, args)");
        }
        Object id = tuple.get(0);
        if (KEEP_ALIVE_ID.equals(id)) {
            // Python looks at nothing else.
            return new Message.KeepAlive();
        }
        if (!canBeEchoed(id)) {
            throw new MalformedMessageException("message id: an object or class (expected: a plain value)");
        }
        if (!(tuple.get(2) instanceof String name)) {
            throw new MalformedMessageException(
                    "message name: not a str (expected: a method or " + Methods.REPLY + ")");
        }
        boolean flag = isTrue(tuple.get(1));
        if (!name.equals(Methods.REPLY)) {
            PyTuple args = arguments(name, tuple.get(3));
            return flag ? new Message.OneWay(name, args) : new Message.Call(id, name, args);
        }
        return flag ? error(id, tuple.get(3)) : new Message.Reply(id, tuple.get(3));
    }

    private static Message error(@Nullable Object id, @Nullable Object payload) throws MalformedMessageException {
        if (payload instanceof PyTuple pair && pair.size() == 2 && pair.get(0) instanceof String pythonClass) {
            Object detail = pair.get(1);
            if (detail instanceof PyTuple || detail instanceof PyDict) {
                return new Message.ErrorReply(id, pythonClass, detail);
            }
        }
        throw new MalformedMessageException("error reply: unknown form (expected: a class name with a tuple or dict)");
    }

    private static PyTuple arguments(String name, @Nullable Object args) throws MalformedMessageException {
        if (args instanceof PyTuple tuple) {
            return tuple;
        }
        if (args instanceof List<?> list) {
            return PyTuple.of(list.toArray());
        }
        throw new MalformedMessageException("arguments of " + name + ": not a tuple (expected: a tuple)");
    }

    private static boolean isTrue(@Nullable Object flag) throws MalformedMessageException {
        if (flag instanceof Boolean bool) {
            return bool;
        }
        if (flag instanceof Long number) {
            return number != 0;
        }
        throw new MalformedMessageException("message flag: neither (expected: a bool or int)");
    }

    private static boolean canBeEchoed(@Nullable Object value) {
        if (value instanceof PyTuple tuple) {
            for (int i = 0; i < tuple.size(); i++) {
                if (!canBeEchoed(tuple.get(i))) {
                    return false;
                }
            }
            return true;
        }
        if (value instanceof List<?> list) {
            return list.stream().allMatch(MessageTuple::canBeEchoed);
        }
        if (value instanceof PyDict dict) {
            return dict.entries().stream().allMatch(entry -> canBeEchoed(entry.key()) && canBeEchoed(entry.value()));
        }
        return !(value instanceof PyGlobal || value instanceof PyCall || value instanceof PyPrefix);
    }
}
