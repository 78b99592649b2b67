package io.zeolite.pickle;

import io.zeolite.zodb.Ids;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a record makes by calls: the few types that have a counterpart in Java, and references. */
final class RecordObjects {
    private RecordObjects() {}

    /** What a call of a class or function with arguments makes. */
    static Object make(PickleInput in, @Nullable Object type, @Nullable Object args) throws PickleException {
        if (type == null || !(args instanceof PyTuple tuple)) {
            throw in.error(
                    "a call of a " + RecordReader.typeOf(type) + " with a " + RecordReader.typeOf(args),
                    "a class and a tuple");
        }
        Object known = type instanceof PyGlobal global ? known(global, tuple) : null;
        return known == null ? new PyInstance(type, tuple) : known;
    }

    private static @Nullable Object known(PyGlobal type, PyTuple args) {
        String name = type.toString();
        try {
            return switch (name) {
                case "datetime.datetime" -> dateTime(args);
                case "datetime.date" -> date(args);
                case "datetime.time" -> time(args);
                case "datetime.timedelta" -> duration(args);
                case "decimal.Decimal" -> decimal(args);
                case "builtins.set", "__builtin__.set" -> set(args, false);
                case "builtins.frozenset", "__builtin__.frozenset" -> set(args, true);
                case "builtins.bytearray", "__builtin__.bytearray", "zodbpickle.binary" -> bytes(args, 0);
                case "_codecs.encode" -> encoded(args);
                case "copy_reg._reconstructor", "copyreg._reconstructor" ->
                    args.size() == 3 && args.get(2) == null && args.get(0) != null
                            ? new PyInstance(args.get(0), PyTuple.EMPTY)
                            : null;
                case "copy_reg.__newobj__", "copyreg.__newobj__" ->
                    args.size() >= 1 && args.get(0) != null ? newObject(args.get(0), args) : null;
                default -> null;
            };
        } catch (DateTimeException | ArithmeticException | NumberFormatException e) {
            return null;
        }
    }

    private static PyInstance newObject(Object type, PyTuple args) {
        @Nullable Object[] rest = new @Nullable Object[args.size() - 1];
        for (int i = 0; i < rest.length; i++) {
            rest[i] = args.get(i + 1);
        }
        return new PyInstance(type, PyTuple.of(rest));
    }

    /** A long one would take the square of its length in time. */
    private static @Nullable BigDecimal decimal(PyTuple args) {
        return args.size() == 1 && args.get(0) instanceof String text && text.length() <= PickleText.MAX_NUMBER_DIGITS
                ? new BigDecimal(text)
                : null;
    }

    /** Ten bytes. One with a time zone stays what it is, as zones are objects of the application's. */
    private static @Nullable LocalDateTime dateTime(PyTuple args) {
        byte[] b = args.size() == 1 ? bytes(args, 0) : null;
        if (b == null || b.length != 10) {
            return null;
        }
        return LocalDateTime.of(
                uint2(b, 0), b[2] & 0x7f, b[3], b[4], b[5], b[6], Math.multiplyExact(uint3(b, 7), 1000));
    }

    private static @Nullable LocalDate date(PyTuple args) {
        byte[] b = args.size() == 1 ? bytes(args, 0) : null;
        return b == null || b.length != 4 ? null : LocalDate.of(uint2(b, 0), b[2], b[3]);
    }

    private static @Nullable LocalTime time(PyTuple args) {
        byte[] b = args.size() == 1 ? bytes(args, 0) : null;
        return b == null || b.length != 6
                ? null
                : LocalTime.of(b[0] & 0x7f, b[1], b[2], Math.multiplyExact(uint3(b, 3), 1000));
    }

    private static @Nullable Duration duration(PyTuple args) {
        return args.size() == 3
                        && args.get(0) instanceof Long days
                        && args.get(1) instanceof Long seconds
                        && args.get(2) instanceof Long micros
                ? Duration.ofDays(days).plusSeconds(seconds).plusNanos(Math.multiplyExact(micros, 1000L))
                : null;
    }

    private static int uint2(byte[] bytes, int at) {
        return (bytes[at] & 0xff) << 8 | (bytes[at + 1] & 0xff);
    }

    private static int uint3(byte[] bytes, int at) {
        return uint2(bytes, at) << 8 | (bytes[at + 2] & 0xff);
    }

    private static @Nullable PySet set(PyTuple args, boolean frozen) {
        if (args.size() == 0) {
            return new PySet(new ArrayList<>(), frozen);
        }
        return args.size() == 1 && args.get(0) instanceof List<?> items
                ? new PySet(new ArrayList<@Nullable Object>(items), frozen)
                : null;
    }

    /** Bytes; those of Python 2 may have been read as a text. */
    private static byte @Nullable [] bytes(PyTuple args, int index) {
        if (index >= args.size()) {
            return new byte[0];
        }
        return args.get(index) instanceof byte[] bytes
                ? bytes
                : args.get(index) instanceof String text && PickleText.isAscii(text)
                        ? text.getBytes(StandardCharsets.US_ASCII)
                        : null;
    }

    /** How Python 3 writes bytes for Python 2. */
    private static byte @Nullable [] encoded(PyTuple args) {
        return args.size() == 2
                        && args.get(0) instanceof String text
                        && ("latin1".equals(args.get(1)) || "latin-1".equals(args.get(1)))
                ? text.getBytes(StandardCharsets.ISO_8859_1)
                : null;
    }

    /** An object with its attributes. */
    static Object build(PickleInput in, @Nullable Object object, @Nullable Object state) throws PickleException {
        if (!(object instanceof PyInstance instance)) {
            throw in.error("attributes for a " + RecordReader.typeOf(object), "an object");
        }
        instance.setState(state);
        return instance;
    }

    // References

    static PyReference reference(PickleInput in, @Nullable Object id) throws PickleException {
        if (id instanceof List<?> list) {
            return listed(list);
        }
        Object oid = id instanceof PyTuple tuple && tuple.size() > 0 ? tuple.get(0) : id;
        Long number = oid(oid);
        if (number == null) {
            throw in.error("a reference that is neither an oid nor a tuple nor a list", "one of them");
        }
        PyGlobal type = id instanceof PyTuple tuple && tuple.size() == 2 && tuple.get(1) instanceof PyGlobal global
                ? global
                : null;
        return new PyReference(ReferenceKind.STRONG, number, type, null);
    }

    private static PyReference listed(List<?> list) {
        Object first = list.isEmpty() ? null : list.get(0);
        PyTuple args = list.size() == 2 && list.get(1) instanceof PyTuple given ? given : PyTuple.EMPTY;
        Long oid = null;
        if (list.size() == 1) {
            oid = oid(first);
        } else if ("w".equals(first) && args.size() > 0) {
            oid = oid(args.get(0));
        }
        if (oid != null) {
            String database = args.size() == 2 ? String.valueOf(args.get(1)) : null;
            return new PyReference(ReferenceKind.WEAK, oid, null, database);
        }
        if (("m".equals(first) || "n".equals(first)) && args.size() > 1) {
            oid = oid(args.get(1));
        }
        if (oid != null) {
            PyGlobal type = args.size() == 3 && args.get(2) instanceof PyGlobal global ? global : null;
            return new PyReference(ReferenceKind.OTHER_DATABASE, oid, type, String.valueOf(args.get(0)));
        }
        return new PyReference(ReferenceKind.UNKNOWN, 0, null, null);
    }

    private static @Nullable Long oid(@Nullable Object value) {
        byte[] bytes = value instanceof byte[] given
                ? given
                : value instanceof String text ? text.getBytes(StandardCharsets.ISO_8859_1) : null;
        return bytes != null && bytes.length == Long.BYTES ? Ids.of(bytes) : null;
    }
}
