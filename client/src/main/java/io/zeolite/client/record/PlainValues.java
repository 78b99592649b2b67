package io.zeolite.client.record;

import io.zeolite.pickle.PyDict;
import io.zeolite.pickle.PyReference;
import io.zeolite.pickle.PyTuple;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Between the values that Java programs have at hand and those of {@link io.zeolite.pickle}, which the wire and records
 * carry.
 *
 * <table>
 * <caption>What becomes of what</caption>
 * <tr><th>Java</th><th>Python</th></tr>
 * <tr><td>null, Boolean, String, byte[]</td><td>None, bool, str, bytes</td></tr>
 * <tr><td>Byte, Short, Integer, Long, BigInteger</td><td>int</td></tr>
 * <tr><td>Float, Double</td><td>float</td></tr>
 * <tr><td>List</td><td>list</td></tr>
 * <tr><td>Map, {@link PyDict}</td><td>dict</td></tr>
 * <tr><td>{@link PyTuple}</td><td>tuple</td></tr>
 * <tr><td>{@link PyReference}</td><td>a reference to an object, in records only</td></tr>
 * </table>
 */
public final class PlainValues {
    private PlainValues() {}

    /**
     * The Python value of a Java value, a copy of it.
     *
     * @throws IllegalArgumentException if it, or something in it, is none of the above
     */
    public static @Nullable Object of(@Nullable Object value) {
        if (value == null
                || value instanceof Boolean
                || value instanceof Long
                || value instanceof Double
                || value instanceof String
                || value instanceof byte[]
                || value instanceof BigInteger
                || value instanceof PyReference) {
            return value;
        } else if (value instanceof Integer || value instanceof Short || value instanceof Byte) {
            return ((Number) value).longValue();
        } else if (value instanceof Float number) {
            return number.doubleValue();
        } else if (value instanceof Map<?, ?> map) {
            return dict(map);
        } else if (value instanceof List<?> list) {
            List<@Nullable Object> copy = new ArrayList<>(list.size());
            list.forEach(item -> copy.add(of(item)));
            return copy;
        } else if (value instanceof PyDict dict) {
            PyDict copy = new PyDict();
            dict.entries().forEach(entry -> copy.put(of(entry.key()), of(entry.value())));
            return copy;
        } else if (value instanceof PyTuple tuple) {
            List<@Nullable Object> items = new ArrayList<>(tuple.size());
            for (int i = 0; i < tuple.size(); i++) {
                items.add(of(tuple.get(i)));
            }
            return PyTuple.of(items.toArray());
        }
        throw new IllegalArgumentException("value: " + value.getClass().getName()
                + " (expected: null, Boolean, a number, String, byte[], List, Map, PyTuple, PyDict or PyReference)");
    }

    /** The dict of a map. */
    public static PyDict dict(Map<?, ?> map) {
        PyDict dict = new PyDict();
        map.forEach((key, value) -> dict.put(of(key), of(value)));
        return dict;
    }

    /** The entries of a dict whose keys are texts, in their order; others are left out. The values stay as they are. */
    public static Map<String, @Nullable Object> map(PyDict dict) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        dict.entries().forEach(entry -> {
            if (entry.key() instanceof String key) {
                map.put(key, entry.value());
            }
        });
        return map;
    }
}
