package io.zeolite.pickle;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Looks at a value that may have the same part twice: whether it ends, how deep it is nested, and how large it is for
 * somebody who goes through all of it and does not notice.
 */
final class ValueShape {
    private static final int MAX_DEPTH = 500;
    private static final long MAX_SIZE = 1L << 24;

    /** A part that is being looked at; finding it again means that it contains itself. */
    private static final Shape UNKNOWN = new Shape(0, 0);

    private final PickleInput in;
    private final IdentityHashMap<Object, Shape> known = new IdentityHashMap<>();

    private record Shape(int depth, long size) {}

    private ValueShape(PickleInput in) {
        this.in = in;
    }

    static void check(PickleInput in, @Nullable Object value) throws PickleException {
        new ValueShape(in).shape(value, 0);
    }

    private Shape shape(@Nullable Object value, int depth) throws PickleException {
        List<@Nullable Object> parts = parts(value);
        if (value == null || parts.isEmpty()) {
            return new Shape(0, 1);
        }
        Shape before = known.putIfAbsent(value, UNKNOWN);
        if (before != null && before.size == UNKNOWN.size) {
            throw in.error("a value that contains itself", "one that ends");
        } else if (before != null) {
            return before;
        }
        int deepest = 0;
        long size = 1;
        for (Object part : parts) {
            Shape shape = depth < MAX_DEPTH ? shape(part, depth + 1) : new Shape(MAX_DEPTH, 1);
            deepest = Math.max(deepest, 1 + shape.depth);
            size = Math.min(size + shape.size, MAX_SIZE + 1);
        }
        if (deepest > MAX_DEPTH || size > MAX_SIZE) {
            throw in.error(
                    "a value nested " + deepest + " deep with " + size + " parts or more",
                    "at most " + MAX_DEPTH + ", and " + MAX_SIZE);
        }
        Shape shape = new Shape(deepest, size);
        known.put(value, shape);
        return shape;
    }

    private static List<@Nullable Object> parts(@Nullable Object value) {
        List<@Nullable Object> parts = new ArrayList<>();
        if (value instanceof List<?> list) {
            parts.addAll(list);
        } else if (value instanceof PySet set) {
            parts.addAll(set.items());
        } else if (value instanceof PyTuple tuple) {
            for (int i = 0; i < tuple.size(); i++) {
                parts.add(tuple.get(i));
            }
        } else if (value instanceof PyDict dict) {
            addParts(dict, parts);
        } else if (value instanceof PyInstance instance) {
            parts.add(instance.type());
            parts.add(instance.args());
            parts.add(instance.state());
            parts.addAll(instance.items());
            addParts(instance.entries(), parts);
        }
        return parts;
    }

    private static void addParts(PyDict dict, List<@Nullable Object> parts) {
        for (PyDict.Entry entry : dict.entries()) {
            parts.add(entry.key());
            parts.add(entry.value());
        }
    }
}
