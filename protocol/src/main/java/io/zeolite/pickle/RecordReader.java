package io.zeolite.pickle;

import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads a record of ZODB, the class of an object and its state, as values: two pickles of protocols 0 to 5, with one memo.
 * Nothing is imported, called or executed; what a pickle would make by a call is a {@link PyInstance}, but for what
 * {@link RecordObjects} knows.
 *
 * <p>Beside the values that {@link io.zeolite.pickle} names there are {@link PyReference}, {@link PyInstance},
 * {@link PySet}, {@link PyGlobal}, and dates and times of {@code java.time}. What the pickle takes from its memo is the same
 * object again. A value that contains itself is refused, and one that is nested too deep, or becomes too large when all
 * that is there twice is counted twice.
 *
 * <p>A {@link PickleException} is all that comes out for any input; memory and time are proportional to its length, which is
 * limited for what was compressed.
 */
public final class RecordReader {
    private static final int HIGHEST_PROTOCOL = 5;
    private static final int MAX_NAME_BYTES = 1024;

    private static final Object MARK = new Object();

    private final PickleInput in;
    private final Map<Long, Remembered> memo = new HashMap<>();
    private final List<@Nullable Object> stack = new ArrayList<>();

    private record Remembered(@Nullable Object value) {}

    /**
     * The two pickles of a record.
     *
     * @param type the class: a {@link PyGlobal}, or a tuple of it and arguments, or what old versions of ZODB wrote
     * @param state what the object holds
     */
    public record Pickles(@Nullable Object type, @Nullable Object state) {}

    private RecordReader(byte[] record) {
        this.in = new PickleInput(Unpooled.wrappedBuffer(record));
    }

    /** Reads both pickles, inflated if need be; what follows them is not looked at. */
    public static Pickles read(byte[] record) throws PickleException {
        boolean isCompressed = CompressedRecord.is(record, 0, record.length);
        RecordReader reader =
                new RecordReader(isCompressed ? CompressedRecord.inflate(record, 0, record.length) : record);
        Object type = reader.pickle();
        Object state = reader.pickle();
        ValueShape.check(reader.in, type);
        ValueShape.check(reader.in, state);
        return new Pickles(type, state);
    }

    private @Nullable Object pickle() throws PickleException {
        stack.clear();
        for (int opcode = in.opcode(); opcode != Opcode.STOP; opcode = in.opcode()) {
            step(opcode);
        }
        return pop();
    }

    private void step(int opcode) throws PickleException {
        switch (opcode) {
            case Opcode.PROTO -> checkProtocol(in.uint1());
            case Opcode.FRAME -> in.bytes8();

            case Opcode.NONE -> stack.add(null);
            case Opcode.NEWTRUE -> stack.add(true);
            case Opcode.NEWFALSE -> stack.add(false);
            case Opcode.BININT1 -> stack.add((long) in.uint1());
            case Opcode.BININT2 -> stack.add((long) in.uint2());
            case Opcode.BININT -> stack.add((long) in.int4());
            case Opcode.LONG1 -> stack.add(PickleText.binaryInteger(in, in.uint1()));
            case Opcode.LONG4 -> stack.add(PickleText.binaryInteger(in, in.uint4()));
            case Opcode.INT -> stack.add(PickleText.intOrBoolean(in));
            case Opcode.LONG -> stack.add(PickleText.longInteger(in));
            case Opcode.BINFLOAT -> stack.add(in.float8());
            case Opcode.FLOAT -> stack.add(PickleText.decimal(in));

            case Opcode.BINUNICODE -> stack.add(PickleText.utf8(in, in.bytes(in.uint4())));
            case Opcode.SHORT_BINUNICODE -> stack.add(PickleText.utf8(in, in.bytes(in.uint1())));
            case Opcode.BINUNICODE8 -> stack.add(PickleText.utf8(in, in.bytes(in.length8())));
            case Opcode.UNICODE -> stack.add(PickleText.rawUnicodeEscape(in, line()));
            case Opcode.SHORT_BINBYTES -> stack.add(in.bytes(in.uint1()));
            case Opcode.BINBYTES -> stack.add(in.bytes(in.uint4()));
            case Opcode.BINBYTES8, Opcode.BYTEARRAY8 -> stack.add(in.bytes(in.length8()));
            case Opcode.SHORT_BINSTRING -> stack.add(PickleText.python2(in.bytes(in.uint1())));
            case Opcode.BINSTRING -> stack.add(PickleText.python2(in.bytes(in.uint4())));
            case Opcode.STRING -> stack.add(PickleText.python2(PickleText.quoted(in, line())));

            case Opcode.EMPTY_TUPLE -> stack.add(PyTuple.EMPTY);
            case Opcode.TUPLE1 -> tuple(1);
            case Opcode.TUPLE2 -> tuple(2);
            case Opcode.TUPLE3 -> tuple(3);
            case Opcode.TUPLE -> stack.add(PyTuple.of(popMark().toArray()));
            case Opcode.EMPTY_LIST -> stack.add(new ArrayList<>());
            case Opcode.LIST -> stack.add(popMark());
            case Opcode.APPEND -> append(top(1), popAll(1));
            case Opcode.APPENDS -> {
                List<@Nullable Object> items = popMark();
                append(top(0), items);
            }
            case Opcode.EMPTY_DICT -> stack.add(new PyDict());
            case Opcode.DICT -> stack.add(putAll(new PyDict(), popMark()));
            case Opcode.SETITEM -> setItems(top(2), popAll(2));
            case Opcode.SETITEMS -> {
                List<@Nullable Object> items = popMark();
                setItems(top(0), items);
            }
            case Opcode.EMPTY_SET -> stack.add(new PySet(new ArrayList<>(), false));
            case Opcode.ADDITEMS -> {
                List<@Nullable Object> items = popMark();
                if (!(top(0) instanceof PySet set)) {
                    throw in.error("items for a " + typeOf(top(0)), "a set below them");
                }
                set.items().addAll(items);
            }
            case Opcode.FROZENSET -> stack.add(new PySet(popMark(), true));

            case Opcode.MARK -> stack.add(MARK);
            case Opcode.POP -> popValueOrMark();
            case Opcode.POP_MARK -> popMark();
            case Opcode.DUP -> stack.add(top(0));

            case Opcode.BINPUT -> put(in.uint1());
            case Opcode.LONG_BINPUT -> put(in.uint4());
            case Opcode.PUT -> put(PickleText.index(in));
            case Opcode.MEMOIZE -> put(memo.size());
            case Opcode.BINGET -> get(in.uint1());
            case Opcode.LONG_BINGET -> get(in.uint4());
            case Opcode.GET -> get(PickleText.index(in));

            case Opcode.GLOBAL -> stack.add(global());
            case Opcode.STACK_GLOBAL -> stackGlobal();
            case Opcode.REDUCE, Opcode.NEWOBJ -> {
                Object args = pop();
                stack.add(RecordObjects.make(in, pop(), args));
            }
            case Opcode.NEWOBJ_EX -> {
                Object keywords = pop();
                Object args = pop();
                Object made = RecordObjects.make(in, pop(), args);
                if (made instanceof PyInstance instance && keywords instanceof PyDict dict && !dict.isEmpty()) {
                    instance.setState(dict);
                }
                stack.add(made);
            }
            case Opcode.BUILD -> {
                Object state = pop();
                stack.add(RecordObjects.build(in, pop(), state));
            }
            case Opcode.INST -> {
                PyGlobal type = global();
                stack.add(RecordObjects.make(in, type, PyTuple.of(popMark().toArray())));
            }
            case Opcode.OBJ -> {
                List<@Nullable Object> typeAndArgs = popMark();
                if (typeAndArgs.isEmpty()) {
                    throw in.error("no value above the mark", "a class");
                }
                stack.add(RecordObjects.make(
                        in,
                        typeAndArgs.get(0),
                        PyTuple.of(typeAndArgs.subList(1, typeAndArgs.size()).toArray())));
            }
            case Opcode.BINPERSID -> stack.add(RecordObjects.reference(in, pop()));
            case Opcode.PERSID -> stack.add(RecordObjects.reference(in, line()));

            default -> throw in.error("opcode 0x" + Integer.toHexString(opcode), "an opcode of protocols 0 to 5");
        }
    }

    private void checkProtocol(int protocol) throws PickleException {
        if (protocol > HIGHEST_PROTOCOL) {
            throw in.error("protocol " + protocol, "at most " + HIGHEST_PROTOCOL);
        }
    }

    private byte[] line() throws PickleException {
        return in.line(Integer.MAX_VALUE);
    }

    private PyGlobal global() throws PickleException {
        String module = PickleText.latin1(in.line(MAX_NAME_BYTES));
        return new PyGlobal(module, PickleText.latin1(in.line(MAX_NAME_BYTES)));
    }

    private void stackGlobal() throws PickleException {
        Object name = pop();
        Object module = pop();
        if (!(module instanceof String first) || !(name instanceof String second)) {
            throw in.error("a class named by a " + typeOf(module) + " and a " + typeOf(name), "two texts");
        }
        stack.add(new PyGlobal(first, second));
    }

    private void tuple(int count) throws PickleException {
        stack.add(PyTuple.of(popAll(count).toArray()));
    }

    private void append(@Nullable Object container, List<@Nullable Object> items) throws PickleException {
        if (container instanceof PyInstance instance) {
            items.forEach(instance::append);
        } else if (container instanceof List<?> found) {
            @SuppressWarnings("unchecked") // every list on this stack was made here
            List<@Nullable Object> list = (List<@Nullable Object>) found;
            list.addAll(items);
        } else {
            throw in.error("items for a " + typeOf(container), "a list below them");
        }
    }

    private void setItems(@Nullable Object container, List<@Nullable Object> items) throws PickleException {
        if (container instanceof PyInstance instance) {
            putAll(instance.entries(), items);
        } else if (container instanceof PyDict dict) {
            putAll(dict, items);
        } else {
            throw in.error("items for a " + typeOf(container), "a dict below them");
        }
    }

    private PyDict putAll(PyDict dict, List<@Nullable Object> items) throws PickleException {
        if (items.size() % 2 != 0) {
            throw in.error(items.size() + " keys and values for a dict", "an even number");
        }
        for (int i = 0; i < items.size(); i += 2) {
            dict.put(items.get(i), items.get(i + 1));
        }
        return dict;
    }

    private void put(long index) throws PickleException {
        memo.put(index, new Remembered(top(0)));
    }

    private void get(long index) throws PickleException {
        Remembered remembered = memo.get(index);
        if (remembered == null) {
            throw in.error("nothing under " + index + " in the memo", "a value that was put there before");
        }
        stack.add(remembered.value());
    }

    private @Nullable Object top(int above) throws PickleException {
        int index = stack.size() - 1 - above;
        if (index < 0 || stack.get(index) == MARK) {
            throw in.error((index + 1) + " values on the stack", "at least one more");
        }
        return stack.get(index);
    }

    private @Nullable Object pop() throws PickleException {
        Object value = top(0);
        stack.remove(stack.size() - 1);
        return value;
    }

    private void popValueOrMark() throws PickleException {
        if (!stack.isEmpty() && stack.get(stack.size() - 1) == MARK) {
            stack.remove(stack.size() - 1);
        } else {
            pop();
        }
    }

    private List<@Nullable Object> popAll(int count) throws PickleException {
        for (int i = 0; i < count; i++) {
            top(i);
        }
        List<@Nullable Object> top = stack.subList(stack.size() - count, stack.size());
        List<@Nullable Object> values = new ArrayList<>(top);
        top.clear();
        return values;
    }

    private List<@Nullable Object> popMark() throws PickleException {
        int mark = stack.lastIndexOf(MARK);
        if (mark < 0) {
            throw in.error("no mark on the stack", "one");
        }
        List<@Nullable Object> values = popAll(stack.size() - mark - 1);
        stack.remove(mark);
        return values;
    }

    static String typeOf(@Nullable Object value) {
        return value instanceof PyInstance || value instanceof PyReference || value instanceof PySet
                ? value.getClass().getSimpleName()
                : PickleStack.typeOf(value);
    }
}
