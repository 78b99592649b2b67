package io.zeolite.pickle;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads pickles of protocols 0 to 3 that hold nothing but plain values, and the few classes that ZEO lets a client name
 * ({@link Globals}). Nothing is imported, called or executed.
 *
 * <p>Differences to Python, all of them on the safe side: a list, dict or object may not be taken from the memo, which
 * would allow a value that contains itself; depth, number of values and the size of an int are limited; persistent ids
 * and extension codes are refused. Strings of Python 2 become a str if they are ASCII and bytes otherwise, as
 * {@code ZODB} reads them.
 *
 * <p>A {@link PickleException} is all that comes out for any input; memory and time are proportional to the length of
 * the input and the limits.
 */
public final class PickleReader {
    private static final int HIGHEST_PROTOCOL = 3;

    private static final int MAX_NAME_BYTES = 256;

    private final PickleInput in;
    private final PickleStack stack;
    private @Nullable Map<Long, Remembered> memo;

    private record Remembered(@Nullable Object value) {}

    private PickleReader(ByteBuf in, ValueLimits limits) {
        this.in = new PickleInput(in);
        this.stack = new PickleStack(this.in, limits);
    }

    /**
     * Reads one pickle and leaves the reader index behind it; the buffer stays the caller's, and the value does not
     * refer to it. After a failure the index is somewhere inside the pickle.
     */
    public static @Nullable Object read(ByteBuf in, ValueLimits limits) throws PickleException {
        return new PickleReader(in, limits).read();
    }

    /** Reads the pickle that is all of these bytes. */
    public static @Nullable Object read(byte[] pickle) throws PickleException {
        ByteBuf in = Unpooled.wrappedBuffer(pickle);
        Object value = read(in, ValueLimits.FROM_CLIENT);
        if (in.isReadable()) {
            throw new PickleException(in.readerIndex(), in.readableBytes() + " bytes after the end", "none");
        }
        return value;
    }

    private @Nullable Object read() throws PickleException {
        for (int opcode = in.opcode(); opcode != Opcode.STOP; opcode = in.opcode()) {
            step(opcode);
        }
        return stack.only();
    }

    private void step(int opcode) throws PickleException {
        switch (opcode) {
            case Opcode.PROTO -> checkProtocol(in.uint1());

            case Opcode.NONE -> stack.push(null);
            case Opcode.NEWTRUE -> stack.push(true);
            case Opcode.NEWFALSE -> stack.push(false);
            case Opcode.BININT1 -> stack.push((long) in.uint1());
            case Opcode.BININT2 -> stack.push((long) in.uint2());
            case Opcode.BININT -> stack.push((long) in.int4());
            case Opcode.LONG1 -> stack.push(PickleText.binaryInteger(in, in.uint1()));
            case Opcode.LONG4 -> stack.push(PickleText.binaryInteger(in, in.uint4()));
            case Opcode.INT -> stack.push(PickleText.intOrBoolean(in));
            case Opcode.LONG -> stack.push(PickleText.longInteger(in));
            case Opcode.BINFLOAT -> stack.push(in.float8());
            case Opcode.FLOAT -> stack.push(PickleText.decimal(in));

            case Opcode.BINUNICODE -> stack.push(PickleText.utf8(in, in.bytes(in.uint4())));
            case Opcode.UNICODE -> stack.push(PickleText.rawUnicodeEscape(in, line()));
            case Opcode.SHORT_BINBYTES -> stack.push(in.bytes(in.uint1()));
            case Opcode.BINBYTES -> stack.push(in.bytes(in.uint4()));
            case Opcode.SHORT_BINSTRING -> stack.push(PickleText.python2(in.bytes(in.uint1())));
            case Opcode.BINSTRING -> stack.push(PickleText.python2(in.bytes(in.uint4())));
            case Opcode.STRING -> stack.push(PickleText.python2(PickleText.quoted(in, line())));

            case Opcode.EMPTY_TUPLE -> stack.pushTuple(0);
            case Opcode.TUPLE1 -> stack.pushTuple(1);
            case Opcode.TUPLE2 -> stack.pushTuple(2);
            case Opcode.TUPLE3 -> stack.pushTuple(3);
            case Opcode.TUPLE -> stack.pushTuple(stack.popMark());
            case Opcode.EMPTY_LIST -> stack.pushList(0);
            case Opcode.LIST -> stack.pushList(stack.popMark());
            case Opcode.APPEND -> stack.append(1);
            case Opcode.APPENDS -> stack.append(stack.popMark());
            case Opcode.EMPTY_DICT -> stack.pushDict(0);
            case Opcode.DICT -> stack.pushDict(stack.popMark());
            case Opcode.SETITEM -> stack.setItems(2);
            case Opcode.SETITEMS -> stack.setItems(stack.popMark());

            case Opcode.MARK -> stack.mark();
            case Opcode.POP -> stack.popValueOrMark();
            case Opcode.POP_MARK -> stack.drop(stack.popMark());
            case Opcode.DUP -> stack.pushAgain(stack.top());

            case Opcode.BINPUT -> put(in.uint1());
            case Opcode.LONG_BINPUT -> put(in.uint4());
            case Opcode.PUT -> put(PickleText.index(in));
            case Opcode.BINGET -> get(in.uint1());
            case Opcode.LONG_BINGET -> get(in.uint4());
            case Opcode.GET -> get(PickleText.index(in));

            case Opcode.GLOBAL -> stack.push(global());
            case Opcode.REDUCE -> stack.replaceTop(2, Globals.call(in, stack.fromTop(1), stack.top()));
            case Opcode.NEWOBJ -> stack.replaceTop(2, Globals.newObject(in, stack.fromTop(1), stack.top()));
            case Opcode.BUILD -> stack.replaceTop(2, Globals.build(in, stack.fromTop(1), stack.top()));
            case Opcode.INST -> {
                PyGlobal function = global();
                stack.pushTuple(stack.popMark());
                stack.replaceTop(1, Globals.call(in, function, stack.top()));
            }
            case Opcode.OBJ -> {
                int functionAndArguments = stack.popMark();
                if (functionAndArguments == 0) {
                    throw in.error("no value above the mark", "a class");
                }
                stack.pushTuple(functionAndArguments - 1);
                stack.replaceTop(2, Globals.call(in, stack.fromTop(1), stack.top()));
            }

            default ->
                throw in.error(
                        "opcode 0x" + Integer.toHexString(opcode),
                        "an opcode of protocols 0 to 3 that makes plain values");
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
        return Globals.find(in, module, PickleText.latin1(in.line(MAX_NAME_BYTES)));
    }

    private void put(long index) throws PickleException {
        if (memo == null) {
            memo = new HashMap<>();
        }
        if (memo.put(index, new Remembered(stack.top())) == null) {
            stack.count(ValueLimits.OTHERS);
        }
    }

    private void get(long index) throws PickleException {
        Remembered remembered = memo == null ? null : memo.get(index);
        if (remembered == null) {
            throw in.error("nothing under " + index + " in the memo", "a value that was put there before");
        }
        stack.pushAgain(remembered.value());
    }
}
