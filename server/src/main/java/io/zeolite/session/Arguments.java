package io.zeolite.session;

import io.zeolite.error.CallException;
import io.zeolite.pickle.PyTuple;
import io.zeolite.zodb.Ids;
import io.zeolite.zodb.Tid;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The arguments of one call, taken by position with the type that the method needs. */
final class Arguments {
    private final String method;
    private final PyTuple args;

    Arguments(String method, PyTuple args) {
        this.method = method;
        this.args = args;
    }

    /** Checks how many there are. */
    Arguments between(int least, int most) {
        if (args.size() < least || args.size() > most) {
            throw CallException.badArguments(method + "() takes " + (least == most ? "" : "from " + least + " to ")
                    + most + " arguments (found: " + args.size() + ")");
        }
        return this;
    }

    Arguments exactly(int count) {
        return between(count, count);
    }

    @Nullable
    Object get(int i) {
        return i < args.size() ? args.get(i) : null;
    }

    /** Eight bytes: an oid or a tid. */
    long id(int i) {
        if (get(i) instanceof byte[] bytes && bytes.length == 8) {
            return Ids.of(bytes);
        }
        throw wrong(i, "8 bytes");
    }

    /**
     * The serial of a revision; None, and any text, stand for a new object, as Python's tests and old applications send
     * them.
     */
    long serial(int i) {
        Object value = get(i);
        if (value == null) {
            return Tid.NONE;
        }
        if (value instanceof String text) {
            byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
            return bytes.length == 8 ? Ids.of(bytes) : Tid.NONE;
        }
        return id(i);
    }

    /** Bytes; a text is taken as UTF-8. */
    byte[] bytes(int i) {
        Object value = get(i);
        if (value instanceof byte[] bytes) {
            return bytes;
        }
        if (value instanceof String text) {
            return text.getBytes(StandardCharsets.UTF_8);
        }
        throw wrong(i, "bytes");
    }

    /** A record: bytes, but not none, as the file format cannot hold an empty one. */
    byte[] record(int i) {
        byte[] data = bytes(i);
        if (data.length == 0) {
            throw CallException.badValue(method + "(): argument " + (i + 1) + ": a record must not be empty");
        }
        return data;
    }

    String text(int i) {
        if (get(i) instanceof String text) {
            return text;
        }
        throw wrong(i, "a text");
    }

    long number(int i, long otherwise) {
        Object value = get(i);
        if (value == null && i >= args.size()) {
            return otherwise;
        }
        if (value instanceof Long number) {
            return number;
        }
        throw wrong(i, "an integer");
    }

    int size() {
        return args.size();
    }

    /** A number of seconds. */
    double seconds(int i) {
        Object value = get(i);
        if (value instanceof Long number) {
            return number;
        }
        if (value instanceof Double number) {
            return number;
        }
        throw wrong(i, "a number");
    }

    long number(int i) {
        if (get(i) instanceof Long number) {
            return number;
        }
        throw wrong(i, "an integer");
    }

    /** The integers in a list or a tuple; whatever else is in it is passed over. */
    List<Long> numbers(int i) {
        List<?> elements;
        if (get(i) instanceof PyTuple tuple) {
            elements = IntStream.range(0, tuple.size())
                    .<@Nullable Object>mapToObj(tuple::get)
                    .toList();
        } else if (get(i) instanceof List<?> list) {
            elements = list;
        } else {
            throw wrong(i, "a list of integers");
        }
        List<Long> numbers = new ArrayList<>();
        for (Object element : elements) {
            if (element instanceof Long number) {
                numbers.add(number);
            }
        }
        return numbers;
    }

    /** A flag, as Python takes them: booleans and numbers. */
    boolean flag(int i) {
        Object value = get(i);
        return value instanceof Boolean flag ? flag : value instanceof Long number && number != 0;
    }

    private CallException wrong(int i, String expected) {
        Object value = get(i);
        String found = value == null
                ? "None"
                : value instanceof byte[] bytes
                        ? bytes.length + " bytes " + Arrays.toString(Arrays.copyOf(bytes, Math.min(bytes.length, 16)))
                        : value.getClass().getSimpleName();
        return CallException.badArguments(
                method + "(): argument " + (i + 1) + " must be " + expected + " (found: " + found + ")");
    }
}
