package io.zeolite.client.record;

import io.zeolite.client.Revision;
import io.zeolite.pickle.PickleException;
import io.zeolite.pickle.PyDict;
import io.zeolite.pickle.PyGlobal;
import io.zeolite.pickle.PyReference;
import io.zeolite.pickle.PyTuple;
import io.zeolite.pickle.RecordReader;
import io.zeolite.pickle.RecordScanner;
import io.zeolite.pickle.RecordWriter;
import io.zeolite.pickle.ReferenceKind;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The record of an object, as values: its class by name, and its state as a tree. Nothing that the record names is run, so
 * records of anybody can be read; and no Python is needed. Records of all versions of Python and ZODB are read; the strings
 * of Python 2 are texts if they are ASCII, and bytes otherwise.
 *
 * <p>The state is made of the values that {@link io.zeolite.pickle} names, and of {@link PyReference},
 * {@link io.zeolite.pickle.PySet}, {@link io.zeolite.pickle.PyInstance}, {@link PyGlobal}, {@link java.math.BigDecimal}, and
 * {@link java.time.LocalDateTime}, {@link java.time.LocalDate}, {@link java.time.LocalTime} and {@link java.time.Duration}.
 *
 * <p>Simple records can be written: {@link #of}, {@link #mapping}, {@link #list}. Immutable, if nobody changes the lists in
 * its state.
 */
public final class ObjectRecord {
    /** The class of a dict that is an object of its own. */
    public static final PyGlobal MAPPING = new PyGlobal("persistent.mapping", "PersistentMapping");

    /** The class of a list that is an object of its own. */
    public static final PyGlobal LIST = new PyGlobal("persistent.list", "PersistentList");

    /** The class of a blob. */
    public static final PyGlobal BLOB = new PyGlobal("ZODB.blob", "Blob");

    private final PyGlobal type;
    private final PyTuple args;
    private final @Nullable Object state;

    private ObjectRecord(PyGlobal type, PyTuple args, @Nullable Object state) {
        this.type = type;
        this.args = args;
        this.state = state;
    }

    /**
     * Reads the record of a revision.
     *
     * @throws BadRecordException if it is none
     */
    public static ObjectRecord of(Revision revision) {
        return read(revision.data());
    }

    /**
     * Reads a record.
     *
     * @throws BadRecordException if these bytes are none
     */
    public static ObjectRecord read(byte[] record) {
        try {
            RecordReader.Pickles pickles = RecordReader.read(record);
            PyTuple args = PyTuple.EMPTY;
            Object type = pickles.type();
            if (type instanceof PyTuple pair && pair.size() == 2) {
                type = pair.get(0);
                args = pair.get(1) instanceof PyTuple given ? given : PyTuple.EMPTY;
            }
            if (type instanceof PyTuple names
                    && names.size() == 2
                    && names.get(0) instanceof String module
                    && names.get(1) instanceof String name) {
                type = new PyGlobal(module, name);
            }
            if (type instanceof PyGlobal global) {
                return new ObjectRecord(global, args, pickles.state());
            }
            throw new BadRecordException("record: its class is " + type + " (expected: a name)", null);
        } catch (PickleException e) {
            throw new BadRecordException("record: " + e.getMessage(), e);
        }
    }

    /**
     * A record to be written.
     *
     * @param state values of {@link PlainValues}
     */
    public static ObjectRecord of(PyGlobal type, @Nullable Object state) {
        return new ObjectRecord(type, PyTuple.EMPTY, PlainValues.of(state));
    }

    /** A {@code PersistentMapping}, such as the root object, with these entries. */
    public static ObjectRecord mapping(Map<?, ?> entries) {
        return of(MAPPING, new PyDict().put("data", PlainValues.dict(entries)));
    }

    /** A {@code PersistentList} with these items. */
    public static ObjectRecord list(List<?> items) {
        return of(LIST, new PyDict().put("data", PlainValues.of(items)));
    }

    /** The record of every blob. */
    public static ObjectRecord blob() {
        return of(BLOB, null);
    }

    /** The class, such as {@code persistent.mapping.PersistentMapping}. */
    public String className() {
        return type.toString();
    }

    /** The class. */
    public PyGlobal type() {
        return type;
    }

    /** What Python makes the object with before it gives it its state; empty for most. */
    public PyTuple args() {
        return args;
    }

    /** What the object holds. */
    public @Nullable Object state() {
        return state;
    }

    /** The attributes, of an object whose state is a dict, as most are; empty for others. */
    public Map<String, @Nullable Object> attributes() {
        return PlainValues.map(state instanceof PyDict dict ? dict : new PyDict());
    }

    /** The entries of a {@code PersistentMapping}; empty for other objects. */
    public PyDict entries() {
        return attributes().get("data") instanceof PyDict entries ? entries : new PyDict();
    }

    /** The items of a {@code PersistentList}; empty for other objects. */
    public List<@Nullable Object> items() {
        List<@Nullable Object> items = new ArrayList<>();
        if (attributes().get("data") instanceof List<?> found) {
            items.addAll(found);
        }
        return items;
    }

    /** A reference to an object with this class. */
    public PyReference reference(long oid) {
        return PyReference.to(oid, type);
    }

    /**
     * The bytes to be stored.
     *
     * @throws IllegalArgumentException if there is something in it that only Python can write
     */
    public byte[] toBytes() {
        if (args.size() > 0) {
            throw new IllegalArgumentException("record: " + type + " is made with arguments (expected: none)");
        }
        return RecordWriter.write(type, PlainValues.of(state));
    }

    /**
     * Finds the objects that a record refers to strongly, each once, in their order, without making values: many times as
     * fast as {@link #read}.
     *
     * @throws BadRecordException if these bytes are no record
     */
    public static Set<Long> references(byte[] record) {
        Set<Long> found = new LinkedHashSet<>();
        references(record, found::add);
        return found;
    }

    /** The same for those who count themselves: an object is named as often as it is referred to. */
    public static void references(byte[] record, LongConsumer each) {
        RecordScanner scanner = new RecordScanner((kind, oid) -> {
            if (kind == ReferenceKind.STRONG) {
                each.accept(oid);
            }
        });
        try {
            scanner.scan(record, 0, record.length);
        } catch (PickleException e) {
            throw new BadRecordException("record: " + e.getMessage(), e);
        }
    }

    @Override
    public String toString() {
        return type + " " + state;
    }
}
