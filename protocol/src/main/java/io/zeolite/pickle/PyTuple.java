package io.zeolite.pickle;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A Python tuple: an immutable sequence of values, see {@link io.zeolite.pickle} for what a value is.
 *
 * <p>Equality compares elements deeply, byte strings by content.
 */
public final class PyTuple {
    /** The empty tuple. */
    public static final PyTuple EMPTY = new PyTuple();

    private final @Nullable Object[] items;

    private PyTuple(@Nullable Object... items) {
        this.items = items;
    }

    /** A tuple of these items; the array belongs to the tuple afterwards. */
    public static PyTuple of(@Nullable Object... items) {
        return items.length == 0 ? EMPTY : new PyTuple(items);
    }

    public int size() {
        return items.length;
    }

    public @Nullable Object get(int i) {
        return items[i];
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof PyTuple tuple && Arrays.deepEquals(items, tuple.items);
    }

    @Override
    public int hashCode() {
        return Arrays.deepHashCode(items);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("(");
        for (Object item : items) {
            text.append(item instanceof byte[] bytes ? Arrays.toString(bytes) : Objects.toString(item))
                    .append(", ");
        }
        return text.append(')').toString();
    }
}
