package io.zeolite.pickle;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The stack of values, with its marks, on which a pickle builds its value, and the keeper of the limits: how many values
 * there may be, and how deep each is nested.
 *
 * <p>Only what cannot change any more may be taken a second time ({@link #pushAgain}). A list or dict could be put into
 * itself that way, and the depth that is noted beside it would be wrong.
 */
final class PickleStack {
    private static final int BYTES_PER_VALUE = 16;

    private static final Map<Class<?>, String> TYPES = Map.ofEntries(
            Map.entry(Boolean.class, "bool"),
            Map.entry(Long.class, "int"),
            Map.entry(BigInteger.class, "int"),
            Map.entry(Double.class, "float"),
            Map.entry(String.class, "str"),
            Map.entry(byte[].class, "bytes"),
            Map.entry(PyTuple.class, "tuple"),
            Map.entry(List.class, "list"),
            Map.entry(PyDict.class, "dict"),
            Map.entry(PyGlobal.class, "class"),
            Map.entry(PyCall.class, "object"),
            Map.entry(PyPrefix.class, "Prefix"));

    private final PickleInput in;
    private final ValueLimits limits;
    private int valuesLeft;

    private @Nullable Object[] values = new @Nullable Object[16];
    private int[] depths = new int[16];
    private int size;

    private int[] marks = new int[4];
    private int markCount;

    PickleStack(PickleInput in, ValueLimits limits) {
        this.in = in;
        this.limits = limits;
        this.valuesLeft = limits.values();
    }

    /** Pushes a new value that holds no others. */
    void push(@Nullable Object value) throws PickleException {
        push(value, 0);
    }

    /** Pushes a value that is elsewhere already; it counts as if it were written out here. */
    void pushAgain(@Nullable Object value) throws PickleException {
        if (value instanceof List || value instanceof PyDict || value instanceof PyCall || value instanceof PyPrefix) {
            throw in.error(
                    "a " + typeOf(value) + " that is taken from the memo or duplicated", "a plain value or a tuple");
        }
        place(value, countAgain(value));
    }

    private void push(@Nullable Object value, int depth) throws PickleException {
        count(weight(value));
        place(value, depth);
    }

    private void place(@Nullable Object value, int depth) throws PickleException {
        checkDepth(depth);
        if (size == values.length) {
            values = Arrays.copyOf(values, size * 2);
            depths = Arrays.copyOf(depths, size * 2);
        }
        values[size] = value;
        depths[size++] = depth;
    }

    @Nullable
    Object pop() throws PickleException {
        Object value = top();
        values[--size] = null;
        return value;
    }

    @Nullable
    Object top() throws PickleException {
        return fromTop(0);
    }

    /** The value that has so many others above it. */
    @Nullable
    Object fromTop(int above) throws PickleException {
        requireAboveFloor(above + 1);
        return values[size - above - 1];
    }

    /** The only value, at the end of the pickle. */
    @Nullable
    Object only() throws PickleException {
        if (size != 1 || markCount != 0) {
            throw in.error(size + " values and " + markCount + " marks at the end", "one value");
        }
        return values[0];
    }

    /** Counts something that takes memory although it is no value. */
    void count(int number) throws PickleException {
        if (number > valuesLeft) {
            throw in.error("too many values", "at most " + limits.values());
        }
        valuesLeft -= number;
    }

    void mark() throws PickleException {
        if (markCount == limits.depth()) {
            throw in.error("more than " + markCount + " marks", "at most as many as containers may be nested");
        }
        if (markCount == marks.length) {
            marks = Arrays.copyOf(marks, markCount * 2);
        }
        marks[markCount++] = size;
    }

    /** How many values are above the top mark, which goes away. */
    int popMark() throws PickleException {
        if (markCount == 0) {
            throw in.error("no mark on the stack", "one");
        }
        return size - marks[--markCount];
    }

    /** Drops the top value, or the mark if that is on top. */
    void popValueOrMark() throws PickleException {
        if (markCount > 0 && floor() == size) {
            popMark();
        } else {
            pop();
        }
    }

    void drop(int count) {
        Arrays.fill(values, size - count, size, null);
        size -= count;
    }

    /** Replaces the top values by a tuple of them. */
    void pushTuple(int count) throws PickleException {
        requireAboveFloor(count);
        int depth = 1 + deepest(count);
        PyTuple tuple = PyTuple.of(Arrays.copyOfRange(values, size - count, size));
        drop(count);
        push(tuple, depth);
    }

    /** Replaces the top values by a list of them. */
    void pushList(int count) throws PickleException {
        int depth = 1 + deepest(count);
        List<@Nullable Object> list = new ArrayList<>(Arrays.asList(values).subList(size - count, size));
        drop(count);
        push(list, depth);
    }

    /** Replaces the top values, keys and values in turn, by a dict of them. */
    void pushDict(int count) throws PickleException {
        int depth = 1 + deepest(count);
        PyDict dict = new PyDict();
        putAll(dict, count);
        push(dict, depth);
    }

    /** Replaces the top values, a function and its arguments, by the result, which is made of the arguments. */
    void replaceTop(int count, Object result) throws PickleException {
        int depth = 1 + deepest(count);
        drop(count);
        push(result, depth);
    }

    /** Moves the top values into the list below them. */
    void append(int count) throws PickleException {
        requireAboveFloor(count + 1);
        if (!(values[size - count - 1] instanceof List<?> found)) {
            throw in.error("items for a " + typeOf(values[size - count - 1]), "a list below them");
        }
        @SuppressWarnings("unchecked") // every list on this stack was made here
        List<@Nullable Object> list = (List<@Nullable Object>) found;
        deepen(count);
        for (int i = size - count; i < size; i++) {
            list.add(values[i]);
        }
        drop(count);
    }

    /** Moves the top values, keys and values in turn, into the dict below them. */
    void setItems(int count) throws PickleException {
        requireAboveFloor(count + 1);
        if (!(values[size - count - 1] instanceof PyDict dict)) {
            throw in.error("items for a " + typeOf(values[size - count - 1]), "a dict below them");
        }
        deepen(count);
        putAll(dict, count);
    }

    private void putAll(PyDict dict, int count) throws PickleException {
        if (count % 2 != 0) {
            throw in.error(count + " keys and values for a dict", "an even number");
        }
        for (int i = size - count; i < size; i += 2) {
            if (!isHashable(values[i])) {
                throw in.error("a key of type " + typeOf(values[i]), "something that Python can hash");
            }
            dict.put(values[i], values[i + 1]);
        }
        drop(count);
    }

    static boolean isHashable(@Nullable Object key) {
        if (key instanceof PyTuple tuple) {
            for (int i = 0; i < tuple.size(); i++) {
                if (!isHashable(tuple.get(i))) {
                    return false;
                }
            }
            return true;
        }
        return !(key instanceof List || key instanceof PyDict || key instanceof PyCall || key instanceof PyPrefix);
    }

    /** Notes that the container below the top values holds them too. */
    private void deepen(int count) throws PickleException {
        int container = size - count - 1;
        depths[container] = Math.max(depths[container], 1 + deepest(count));
        checkDepth(depths[container]);
    }

    private void checkDepth(int depth) throws PickleException {
        if (depth > limits.depth()) {
            throw in.error("containers nested " + depth + " deep", "at most " + limits.depth());
        }
    }

    private int deepest(int count) {
        int deepest = 0;
        for (int i = size - count; i < size; i++) {
            deepest = Math.max(deepest, depths[i]);
        }
        return deepest;
    }

    private int floor() {
        return markCount == 0 ? 0 : marks[markCount - 1];
    }

    private void requireAboveFloor(int count) throws PickleException {
        if (size - floor() < count) {
            throw in.error((size - floor()) + " values on the stack", "at least " + count);
        }
    }

    /** Counts a value with all that is in it, and returns its depth. Recursion ends, as no deeper value was ever built. */
    private int countAgain(@Nullable Object value) throws PickleException {
        count(weight(value) + ValueLimits.OTHERS * (lengthOf(value) / BYTES_PER_VALUE));
        int depth = 0;
        if (value instanceof PyTuple tuple) {
            depth = 1;
            for (int i = 0; i < tuple.size(); i++) {
                depth = Math.max(depth, 1 + countAgain(tuple.get(i)));
            }
        } else if (value instanceof List<?> list) {
            depth = 1;
            for (Object item : list) {
                depth = Math.max(depth, 1 + countAgain(item));
            }
        } else if (value instanceof PyDict dict) {
            depth = 1;
            for (PyDict.Entry entry : dict.entries()) {
                depth = Math.max(depth, 1 + countAgain(entry.key()));
                depth = Math.max(depth, 1 + countAgain(entry.value()));
            }
        } else if (value instanceof PyCall call) {
            depth = 1 + countAgain(call.args());
        }
        return depth;
    }

    private static int weight(@Nullable Object value) {
        boolean isSmall = value == null || value instanceof Number || value instanceof Boolean;
        return isSmall ? 1 : ValueLimits.OTHERS;
    }

    private static int lengthOf(@Nullable Object value) {
        if (value instanceof String text) {
            return text.length();
        }
        if (value instanceof byte[] bytes) {
            return bytes.length;
        }
        return value instanceof BigInteger number ? number.bitLength() / 8 : 0;
    }

    /** What Python calls the type of a value. */
    static String typeOf(@Nullable Object value) {
        if (value == null) {
            return "None";
        }
        for (Map.Entry<Class<?>, String> type : TYPES.entrySet()) {
            if (type.getKey().isInstance(value)) {
                return type.getValue();
            }
        }
        return value.getClass().getName();
    }
}
