package io.zeolite.pickle;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An object that is part of a record and has no counterpart here: what it is made of, as the pickle says it. Nothing was
 * called to make it.
 */
public final class PyInstance {
    private final Object type;
    private final PyTuple args;
    private @Nullable Object state;
    private final List<@Nullable Object> items = new ArrayList<>();
    private final PyDict entries = new PyDict();

    PyInstance(Object type, PyTuple args) {
        this.type = type;
        this.args = args;
    }

    /** The class or function that makes it: a {@link PyGlobal}, mostly. */
    public Object type() {
        return type;
    }

    /** What it is made with. */
    public PyTuple args() {
        return args;
    }

    /** Its attributes, a {@link PyDict} mostly; null if it has none. */
    public @Nullable Object state() {
        return state;
    }

    /** What was appended to it, if it is some kind of list. */
    public List<@Nullable Object> items() {
        return Collections.unmodifiableList(items);
    }

    /** What was put into it, if it is some kind of dict. */
    public PyDict entries() {
        return entries;
    }

    void setState(@Nullable Object value) {
        state = value;
    }

    void append(@Nullable Object item) {
        items.add(item);
    }

    @Override
    public String toString() {
        return type + args.toString() + (state == null ? "" : " " + state);
    }
}
