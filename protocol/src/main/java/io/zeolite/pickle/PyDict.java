package io.zeolite.pickle;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A Python dict as it was written: its entries in order.
 *
 * <p>A list instead of a hash table, since keys may be byte strings or tuples, dicts on the wire are small, and a peer
 * cannot make a list slow by choosing keys. An entry that is put twice is there twice; {@link #get} finds the last.
 */
public final class PyDict {
    /** One entry. */
    public record Entry(@Nullable Object key, @Nullable Object value) {}

    private final List<Entry> entries = new ArrayList<>();

    /** Adds an entry and returns this dict. */
    public PyDict put(@Nullable Object key, @Nullable Object value) {
        entries.add(new Entry(key, value));
        return this;
    }

    /** The value of the last entry with this key; null if there is none, or if it is None. */
    public @Nullable Object get(Object key) {
        for (int i = entries.size() - 1; i >= 0; i--) {
            if (Objects.deepEquals(entries.get(i).key(), key)) {
                return entries.get(i).value();
            }
        }
        return null;
    }

    /** The entries in the order they came. */
    public List<Entry> entries() {
        return Collections.unmodifiableList(entries);
    }

    public int size() {
        return entries.size();
    }

    public boolean isEmpty() {
        return entries.isEmpty();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        if (!(other instanceof PyDict dict) || dict.size() != size()) {
            return false;
        }
        for (int i = 0; i < size(); i++) {
            Entry a = entries.get(i);
            Entry b = dict.entries.get(i);
            if (!Objects.deepEquals(a.key(), b.key()) || !Objects.deepEquals(a.value(), b.value())) {
                return false;
            }
        }
        return true;
    }

    @Override
    public int hashCode() {
        return entries.size();
    }

    @Override
    public String toString() {
        return entries.toString();
    }
}
