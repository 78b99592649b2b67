package io.zeolite.pickle;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The classes and functions that a pickle may name, and what becomes of a call to them.
 *
 * <p>Python's server lets a client name whatever is in its modules of built-ins, {@code eval} among it. Here the list is
 * fixed: plain types, the {@code binary} of Python 2's clients, the {@code Prefix} of Zope's undo form, and what Python's
 * server sends inside of {@code MultipleUndoErrors}.
 */
final class Globals {
    private static final PyGlobal DICT = new PyGlobal("builtins", "dict");
    private static final PyGlobal BYTES = new PyGlobal("builtins", "bytes");
    private static final PyGlobal BINARY = new PyGlobal("zodbpickle", "binary");
    private static final PyGlobal PREFIX = new PyGlobal("ZopeUndo.Prefix", "Prefix");
    private static final PyGlobal RECONSTRUCT_ERROR = new PyGlobal("ZODB.POSException", "_recon");

    private static final Map<PyGlobal, PyGlobal> KNOWN = Stream.concat(
                    Stream.of(
                                    "list",
                                    "tuple",
                                    "set",
                                    "frozenset",
                                    "bytearray",
                                    "str",
                                    "int",
                                    "float",
                                    "bool",
                                    "complex")
                            .map(name -> new PyGlobal("builtins", name)),
                    Stream.of(
                            DICT,
                            BYTES,
                            BINARY,
                            PREFIX,
                            RECONSTRUCT_ERROR,
                            new PyGlobal("ZODB.POSException", "UndoError")))
            .collect(Collectors.toUnmodifiableMap(Function.identity(), Function.identity()));

    private Globals() {}

    /** The one object for a class that is known. */
    static PyGlobal find(PickleInput in, String module, String name) throws PickleException {
        PyGlobal asked = new PyGlobal(module.equals("__builtin__") ? "builtins" : module, name);
        PyGlobal known = KNOWN.get(asked);
        if (known == null) {
            throw in.error("the global " + asked, "a plain type");
        }
        return known;
    }

    /** The result of a call, for REDUCE, OBJ and INST. */
    static Object call(PickleInput in, @Nullable Object function, @Nullable Object arguments) throws PickleException {
        if (!(function instanceof PyGlobal called) || !(arguments instanceof PyTuple args)) {
            throw in.error(
                    "a call of a " + PickleStack.typeOf(function) + " with a " + PickleStack.typeOf(arguments),
                    "a class and a tuple");
        }
        Object result = result(called, args);
        if (result == null) {
            throw in.error("a call of " + called + " with " + typesOf(args), "other arguments, or no call");
        }
        return result;
    }

    /** The result of making an object without its constructor, for NEWOBJ. */
    static Object newObject(PickleInput in, @Nullable Object type, @Nullable Object args) throws PickleException {
        if (!BINARY.equals(type) && !PREFIX.equals(type)) {
            throw in.error(
                    "a new " + (type instanceof PyGlobal ? type : PickleStack.typeOf(type)), "a Prefix or binary");
        }
        return call(in, type, args);
    }

    /** The object with its attributes, for BUILD: only a Prefix has any. */
    static Object build(PickleInput in, @Nullable Object object, @Nullable Object state) throws PickleException {
        if (!(object instanceof PyCall made && made.function().equals(PREFIX))
                || !(state instanceof PyDict attributes)) {
            throw in.error(
                    "attributes of type " + PickleStack.typeOf(state) + " for a " + PickleStack.typeOf(object),
                    "a dict for a Prefix");
        }
        String path = pathOf(attributes);
        if (path == null) {
            throw in.error("a Prefix without its path", "the attribute path or value");
        }
        return new PyPrefix(path);
    }

    private static @Nullable Object result(PyGlobal function, PyTuple args) {
        if (function.equals(DICT)) {
            return dict(args);
        }
        if (function.equals(BYTES) || function.equals(BINARY)) {
            return bytes(args);
        }
        return isKept(function, args) ? new PyCall(function, args) : null;
    }

    private static @Nullable PyDict dict(PyTuple args) {
        if (args.size() == 0) {
            return new PyDict();
        }
        if (args.size() != 1 || !(args.get(0) instanceof PyTuple pairs)) {
            return null;
        }
        PyDict dict = new PyDict();
        for (int i = 0; i < pairs.size(); i++) {
            if (!(pairs.get(i) instanceof PyTuple pair) || pair.size() != 2 || !PickleStack.isHashable(pair.get(0))) {
                return null;
            }
            dict.put(pair.get(0), pair.get(1));
        }
        return dict;
    }

    private static byte @Nullable [] bytes(PyTuple args) {
        if (args.size() == 0) {
            return new byte[0];
        }
        if (args.size() != 1) {
            return null;
        }
        // The argument of Python 2's binary is a str of Python 2, which is read as a text if it is ASCII.
        return args.get(0) instanceof byte[] bytes
                ? bytes
                : args.get(0) instanceof String text && PickleText.isAscii(text)
                        ? text.getBytes(StandardCharsets.US_ASCII)
                        : null;
    }

    /** Whether a call may stay in the value as it is: it must be harmless for the Python that loads it from a file. */
    private static boolean isKept(PyGlobal function, PyTuple args) {
        if (function.equals(PREFIX)) {
            return args.size() == 0;
        }
        if (function.equals(RECONSTRUCT_ERROR)) {
            return args.size() == 2 && args.get(0) instanceof PyGlobal && args.get(1) instanceof PyDict;
        }
        return switch (function.name()) {
            case "set", "frozenset" -> args.size() == 1 && args.get(0) instanceof List;
            case "bytearray" -> args.size() == 0 || (args.size() == 1 && args.get(0) instanceof byte[]);
            case "complex" -> args.size() == 2 && args.get(0) instanceof Double && args.get(1) instanceof Double;
            default -> false;
        };
    }

    /** The list {@code path} of ZopeUndo 4 and newer, or the pair {@code value} of length and path before it. */
    private static @Nullable String pathOf(PyDict attributes) {
        if (attributes.get("path") instanceof List<?> elements) {
            return elements.stream().allMatch(String.class::isInstance)
                    ? elements.stream().map(String.class::cast).collect(Collectors.joining("/"))
                    : null;
        }
        return attributes.get("value") instanceof PyTuple pair && pair.size() == 2 && pair.get(1) instanceof String path
                ? path
                : null;
    }

    private static String typesOf(PyTuple args) {
        StringBuilder types = new StringBuilder("(");
        for (int i = 0; i < args.size(); i++) {
            types.append(i == 0 ? "" : ", ").append(PickleStack.typeOf(args.get(i)));
            if (types.length() > 100) {
                return types.append(", ...)").toString();
            }
        }
        return types.append(')').toString();
    }
}
