package io.zeolite.client.connection;

import io.zeolite.pickle.PyDict;
import io.zeolite.pickle.PyTuple;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A server answered with something that its method does not return. */
public final class UnexpectedAnswerException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** @param expected in words what it should have been */
    public UnexpectedAnswerException(String server, String method, @Nullable Object found, String expected) {
        super(server + " answered " + method + " with " + typeOf(found) + " (expected: " + expected + ")");
    }

    private static String typeOf(@Nullable Object value) {
        if (value instanceof byte[] bytes) {
            return bytes.length + " bytes";
        } else if (value instanceof PyTuple tuple) {
            return "a tuple of " + tuple.size();
        } else if (value instanceof List<?> list) {
            return "a list of " + list.size();
        } else if (value instanceof PyDict) {
            return "a dict";
        }
        return String.valueOf(value);
    }
}
