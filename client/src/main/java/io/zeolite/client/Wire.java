package io.zeolite.client;

import io.zeolite.client.connection.UnexpectedAnswerException;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PyDict;
import io.zeolite.pickle.PyTuple;
import io.zeolite.zodb.Ids;
import io.zeolite.zodb.Tid;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Python values of answers and arguments, and what they are here. For those who make calls of a {@link Relay} themselves. */
public final class Wire {
    private Wire() {}

    public static byte @Nullable [] bytesOrNone(long tid) {
        return tid == Tid.NONE ? null : Ids.bytes(tid);
    }

    /** An oid or tid. */
    public static long id(String method, @Nullable Object value) {
        if (value instanceof byte[] bytes && bytes.length == Long.BYTES) {
            return Ids.of(bytes);
        }
        throw unexpected(method, value, "8 bytes");
    }

    /** An oid or tid; {@link Tid#NONE} for None. */
    public static long idOrNone(String method, @Nullable Object value) {
        return value == null ? Tid.NONE : id(method, value);
    }

    public static byte[] data(String method, @Nullable Object value) {
        if (value instanceof byte[] bytes) {
            return bytes;
        }
        throw unexpected(method, value, "bytes");
    }

    /** What one encoding sends as a list, the other one as a tuple. */
    public static List<@Nullable Object> sequence(String method, @Nullable Object value) {
        if (value instanceof List<?> list) {
            return new ArrayList<>(list);
        } else if (value instanceof PyTuple tuple) {
            List<@Nullable Object> list = new ArrayList<>(tuple.size());
            for (int i = 0; i < tuple.size(); i++) {
                list.add(tuple.get(i));
            }
            return list;
        }
        throw unexpected(method, value, "a sequence");
    }

    public static PyTuple tuple(String method, @Nullable Object value, int size) {
        if (value instanceof PyTuple tuple && tuple.size() == size) {
            return tuple;
        }
        throw unexpected(method, value, "a tuple of " + size);
    }

    public static PyDict dict(String method, @Nullable Object value) {
        if (value instanceof PyDict dict) {
            return dict;
        }
        throw unexpected(method, value, "a dict");
    }

    public static long[] ids(String method, @Nullable Object value) {
        List<@Nullable Object> items = sequence(method, value);
        long[] ids = new long[items.size()];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = id(method, items.get(i));
        }
        return ids;
    }

    /** A text that Python sends as bytes or as str; empty if it is neither. */
    public static String text(@Nullable Object value) {
        if (value instanceof byte[] bytes) {
            return new String(bytes, StandardCharsets.UTF_8);
        }
        return value instanceof String text ? text : "";
    }

    public static long number(@Nullable Object value) {
        return value instanceof Number number ? number.longValue() : 0;
    }

    /** The tid in the id that a server's undo log gives a transaction. */
    public static long undoTid(@Nullable Object id) {
        try {
            return id(Methods.UNDO_LOG, Base64.getMimeDecoder().decode(data(Methods.UNDO_LOG, id)));
        } catch (IllegalArgumentException e) {
            throw unexpected(Methods.UNDO_LOG, id, "a tid in base 64");
        }
    }

    /** The full names of the interfaces in an answer to {@code get_info}, which has them as pairs of module and name. */
    public static List<String> interfaces(PyDict info) {
        Object given = info.get("interfaces");
        return given == null
                ? List.of()
                : sequence(Methods.GET_INFO, given).stream()
                        .map(pair -> sequence(Methods.GET_INFO, pair).stream()
                                .map(Wire::text)
                                .collect(Collectors.joining(".")))
                        .toList();
    }

    public static UnexpectedAnswerException unexpected(String method, @Nullable Object value, String expected) {
        return new UnexpectedAnswerException("the server", method, value, expected);
    }
}
