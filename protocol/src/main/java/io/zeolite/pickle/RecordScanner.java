package io.zeolite.pickle;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;

/**
 * Finds the references in a record of ZODB, and the class of its object, without making values of what it reads: a
 * record is two pickles, the class and the state, of protocols 0 to 5, read by one unpickler, so that the second may
 * take from the memo what the first has put there. One that a client has compressed is inflated first.
 *
 * <p>A pickle is run on a stack that knows of texts, bytes, tuples and lists just enough to tell a reference when it
 * comes. It finds what {@code ZODB.serialize.referencesf} finds. Where it is more lenient: strings of Python 2 may have
 * any bytes in them, and protocols 4 and 5 are read. Anything that it does not understand is a {@link PickleException},
 * never a reference passed over; so is an oid of a strong reference that has not eight bytes.
 *
 * <p>Memory and time are proportional to the length of the record, inflated and then limited if it was compressed. For
 * one thread; it may be used for many records.
 */
public final class RecordScanner {
    private static final int HIGHEST_PROTOCOL = 5;
    private static final int OID_LENGTH = 8;
    private static final String BLOB_CLASS = "ZODB.blob.Blob";

    private final ScanStack stack = new ScanStack();
    private final Visitor visitor;

    private byte[] data = {};
    /** Whether the data is not the record itself, but what it inflates to. */
    private boolean isInflated;

    private int start;
    private int end;
    private int position;
    /** Where the opcode is that is being read. */
    private int opcodeAt;

    // The value of the first pickle, which is kept out of the way of the second.
    private boolean hasClass;
    private byte classKind;
    private int classA;
    private int classB;

    /** The elements of the tuple that the reference being visited has; none is 0. */
    private int visitedCount;

    private int visitedStart;

    /** Hears of the references in the order in which they stand. */
    public interface Visitor {
        /** @param oid 0 if the form of the reference is unknown */
        void reference(ReferenceKind kind, long oid);
    }

    public RecordScanner(Visitor visitor) {
        this.visitor = visitor;
    }

    /**
     * Reads both pickles of a record. The bytes after them are not looked at.
     *
     * @throws PickleException with the offset in the record, if that is not compressed; references before it have been
     *     visited
     */
    public void scan(byte[] record, int offset, int length) throws PickleException {
        scanClass(record, offset, length);
        stack.clearValues();
        scanPickle();
    }

    /** Reads only the first pickle of a record, for {@link #className} and {@link #isBlob}. */
    public void scanClass(byte[] record, int offset, int length) throws PickleException {
        hasClass = false;
        isInflated = CompressedRecord.is(record, offset, length);
        if (isInflated) {
            byte[] inflated = CompressedRecord.inflate(record, offset, length);
            begin(inflated, 0, inflated.length);
        } else {
            begin(record, offset, length);
        }
        stack.clear();
        scanPickle();
        classKind = stack.topKind();
        classA = stack.topA();
        classB = stack.topB();
        hasClass = true;
    }

    private void begin(byte[] record, int offset, int length) {
        data = record;
        start = offset;
        position = offset;
        end = offset + length;
    }

    /**
     * The class of the object whose record was read last, such as {@code persistent.mapping.PersistentMapping}; null if
     * the record does not say it by name.
     */
    public @Nullable String className() {
        if (!hasClass) {
            return null;
        }
        boolean hasArguments = classKind == ScanStack.TUPLE && classB == 2;
        return hasArguments ? elementClassName(classA) : className(classKind, classA, classB);
    }

    /** Whether the object whose record was read last is a blob, which is decided by its class alone, as in ZODB. */
    public boolean isBlob() {
        if (hasClass && classKind == ScanStack.GLOBAL) {
            return isGlobalOfBlobs(classA, classB);
        }
        return hasClass
                && classKind == ScanStack.STACK_GLOBAL
                && BLOB_CLASS.equals(className(classKind, classA, classB));
    }

    /** Reads only the first pickle of a record, and whether it is that of a blob; one that cannot be read is not. */
    public boolean isBlob(byte[] record, int offset, int length) {
        try {
            scanClass(record, offset, length);
            return isBlob();
        } catch (PickleException e) {
            // Whoever has to read it says so.
            return false;
        }
    }

    /** What {@link #className} would say, without a string for each record of a pack. */
    private boolean isGlobalOfBlobs(int offset, int length) {
        int matched = 0;
        for (int i = offset; i < offset + length; i++) {
            char c = data[i] == '\n' ? '.' : (char) (data[i] & 0xff);
            if (c == '\r') {
                continue;
            }
            if (matched == BLOB_CLASS.length() || c != BLOB_CLASS.charAt(matched)) {
                return false;
            }
            matched++;
        }
        return matched == BLOB_CLASS.length();
    }

    /** While a reference is visited: the class that it names; null if it names none. */
    public @Nullable String referencedClass() {
        return visitedCount > 0 ? elementClassName(visitedStart + visitedCount - 1) : null;
    }

    private @Nullable String elementClassName(int element) {
        return className((byte) stack.elementKind(element), stack.elementA(element), stack.elementB(element));
    }

    private @Nullable String className(byte kind, int a, int b) {
        if (kind == ScanStack.GLOBAL) {
            return string(a, b).replace("\r", "").replace('\n', '.');
        }
        if (kind == ScanStack.STACK_GLOBAL || (kind == ScanStack.TUPLE && b == 2)) {
            byte[] module = string((byte) stack.elementKind(a), stack.elementA(a), stack.elementB(a));
            byte[] name = string((byte) stack.elementKind(a + 1), stack.elementA(a + 1), stack.elementB(a + 1));
            if (module != null && name != null) {
                return new String(module, ISO_8859_1) + "." + new String(name, ISO_8859_1);
            }
        }
        return null;
    }

    private String string(int offset, int length) {
        return new String(data, offset, length, ISO_8859_1);
    }

    private void scanPickle() throws PickleException {
        while (true) {
            opcodeAt = position;
            int opcode = uint1();
            if (opcode == Opcode.STOP) {
                if (stack.size() == 0) {
                    throw error("the end of a pickle without a value", "a value");
                }
                return;
            }
            step(opcode);
        }
    }

    private void step(int opcode) throws PickleException {
        switch (opcode) {
            // By how often they occur, first those of protocol 3.
            case Opcode.BINPUT -> put(uint1());
            case Opcode.BINGET -> get(uint1());
            case Opcode.BINUNICODE -> pushBytes(ScanStack.TEXT, int4());
            case Opcode.SHORT_BINBYTES, Opcode.SHORT_BINSTRING -> pushBytes(ScanStack.BYTES, uint1());
            case Opcode.BINPERSID -> reference();
            case Opcode.GLOBAL -> pushGlobal();
            case Opcode.MARK -> stack.push(ScanStack.MARK);
            case Opcode.TUPLE -> stack.collect(ScanStack.TUPLE, countAboveMark(), true);
            case Opcode.TUPLE1 -> pushTuple(1);
            case Opcode.TUPLE2 -> pushTuple(2);
            case Opcode.TUPLE3 -> pushTuple(3);
            case Opcode.EMPTY_TUPLE -> pushTuple(0);
            case Opcode.EMPTY_LIST -> stack.push(ScanStack.LIST);
            case Opcode.LIST -> stack.collect(ScanStack.LIST, countAboveMark(), true);
            case Opcode.APPEND -> append(1, false);
            case Opcode.APPENDS -> append(countAboveMark(), true);
            case Opcode.SETITEM, Opcode.POP_MARK, Opcode.SETITEMS, Opcode.ADDITEMS -> dropItems(opcode);
            case Opcode.NONE -> stack.push(ScanStack.NONE);
            case Opcode.EMPTY_DICT, Opcode.EMPTY_SET, Opcode.NEWTRUE, Opcode.NEWFALSE -> stack.push(ScanStack.OTHER);

            case Opcode.BININT1, Opcode.EXT1 -> pushOther(1);
            case Opcode.BININT2, Opcode.EXT2 -> pushOther(2);
            case Opcode.BININT, Opcode.EXT4 -> pushOther(4);
            case Opcode.BINFLOAT -> pushOther(8);
            case Opcode.LONG1 -> pushOther(uint1());
            case Opcode.LONG4 -> pushOther(int4());
            case Opcode.INT, Opcode.LONG, Opcode.FLOAT -> {
                line();
                stack.push(ScanStack.OTHER);
            }

            case Opcode.BINBYTES, Opcode.BINSTRING -> pushBytes(ScanStack.BYTES, int4());
            case Opcode.BINBYTES8 -> pushBytes(ScanStack.BYTES, int8());
            case Opcode.SHORT_BINUNICODE -> pushBytes(ScanStack.TEXT, uint1());
            case Opcode.BINUNICODE8 -> pushBytes(ScanStack.TEXT, int8());
            case Opcode.BYTEARRAY8 -> pushOther(int8());
            case Opcode.STRING -> pushLine(ScanStack.QUOTED);
            case Opcode.UNICODE -> pushLine(ScanStack.ESCAPED);

            case Opcode.DICT, Opcode.FROZENSET, Opcode.OBJ -> collectOther(countAboveMark() + 1);
            case Opcode.INST -> {
                line();
                line();
                collectOther(countAboveMark() + 1);
            }
            case Opcode.REDUCE, Opcode.NEWOBJ -> collectOther(2);
            case Opcode.NEWOBJ_EX -> collectOther(3);
            case Opcode.BUILD -> dropArgument();
            case Opcode.STACK_GLOBAL -> {
                require(2);
                stack.collect(ScanStack.STACK_GLOBAL, 2, false);
            }

            case Opcode.POP -> {
                require(1);
                stack.drop(1);
            }
            case Opcode.DUP -> {
                require(1);
                stack.duplicate();
            }
            case Opcode.LONG_BINPUT -> put(int4());
            case Opcode.PUT -> put(number(line()));
            case Opcode.MEMOIZE -> put(stack.memoEnd());
            case Opcode.LONG_BINGET -> get(int4());
            case Opcode.GET -> get(number(line()));
            case Opcode.PERSID -> {
                pushLine(ScanStack.TEXT);
                reference();
            }
            case Opcode.PROTO -> checkProtocol(uint1());
            case Opcode.FRAME -> take(Long.BYTES);

            default -> throw error("opcode 0x" + Integer.toHexString(opcode), "an opcode of protocols 0 to 5");
        }
    }

    private void checkProtocol(int protocol) throws PickleException {
        if (protocol > HIGHEST_PROTOCOL) {
            throw error("protocol " + protocol, "at most " + HIGHEST_PROTOCOL);
        }
    }

    // Values

    private void pushBytes(byte kind, long length) throws PickleException {
        int at = take(length);
        stack.push(kind, at, (int) length);
    }

    private void pushOther(long length) throws PickleException {
        take(length);
        stack.push(ScanStack.OTHER);
    }

    private void pushLine(byte kind) throws PickleException {
        int at = line();
        stack.push(kind, at, position - 1 - at);
    }

    private void pushGlobal() throws PickleException {
        int at = line();
        line();
        stack.push(ScanStack.GLOBAL, at, position - 1 - at);
    }

    private void pushTuple(int count) throws PickleException {
        require(count);
        stack.collect(ScanStack.TUPLE, count, false);
    }

    private void append(int count, boolean isMarked) throws PickleException {
        require(count + 1);
        if (!stack.append(count, isMarked)) {
            throw error("nothing to append to", "a value");
        }
    }

    private void dropItems(int opcode) throws PickleException {
        int count = opcode == Opcode.SETITEM ? 2 : countAboveMark() + 1;
        require(opcode == Opcode.POP_MARK ? count : count + 1);
        stack.drop(count);
    }

    private void collectOther(int count) throws PickleException {
        require(count);
        stack.drop(count);
        stack.push(ScanStack.OTHER);
    }

    private void dropArgument() throws PickleException {
        require(2);
        stack.drop(1);
    }

    private int countAboveMark() throws PickleException {
        int count = stack.countAboveMark();
        if (count < 0) {
            throw error("no mark on the stack", "one");
        }
        return count;
    }

    private void require(int count) throws PickleException {
        if (stack.size() < count) {
            throw error(stack.size() + " values on the stack", "at least " + count);
        }
    }

    private void put(long place) throws PickleException {
        require(1);
        // Picklers count from 0, so that there are no more places than bytes.
        if (place > end - start) {
            throw error("place " + place + " in the memo", "at most " + (end - start) + ", the length of the record");
        }
        stack.put((int) place);
    }

    private void get(long place) throws PickleException {
        if (!stack.get(place)) {
            throw error("place " + place + " in the memo, where nothing is", "a place that was filled");
        }
    }

    // References

    private void reference() throws PickleException {
        require(1);
        byte kind = stack.topKind();
        int a = stack.topA();
        int b = stack.topB();
        visitedCount = 0;
        if (kind == ScanStack.LIST) {
            visitList(a, b);
        } else if (kind == ScanStack.TUPLE && b > 0) {
            visitedStart = a;
            visitedCount = b == 2 ? 2 : 0;
            visitor.reference(
                    ReferenceKind.STRONG,
                    requireOid((byte) stack.elementKind(a), stack.elementA(a), stack.elementB(a)));
        } else {
            visitor.reference(ReferenceKind.STRONG, requireOid(kind, a, b));
        }
        visitedCount = 0;
        stack.drop(1);
        stack.push(ScanStack.OTHER);
    }

    private void visitList(int elements, int count) throws PickleException {
        if (count == 1 && isOid(elements)) {
            visitor.reference(ReferenceKind.WEAK, elementOid(elements));
            return;
        }
        int letter = count == 2 ? letter(elements) : 0;
        int arguments = elements + 1;
        if (letter != 0 && stack.elementKind(arguments) == ScanStack.TUPLE) {
            int first = stack.elementA(arguments);
            int length = stack.elementB(arguments);
            if (letter == 'w' && (length == 1 || length == 2) && isOid(first)) {
                visitor.reference(ReferenceKind.WEAK, elementOid(first));
                return;
            }
            if (((letter == 'n' && length == 2) || (letter == 'm' && length == 3)) && isOid(first + 1)) {
                visitedStart = first;
                visitedCount = letter == 'm' ? length : 0;
                visitor.reference(ReferenceKind.OTHER_DATABASE, elementOid(first + 1));
                return;
            }
        }
        visitor.reference(ReferenceKind.UNKNOWN, 0);
    }

    /** The one letter that an element consists of; 0 if it does not. */
    private int letter(int element) {
        byte[] text = string((byte) stack.elementKind(element), stack.elementA(element), stack.elementB(element));
        return text != null && text.length == 1 ? text[0] : 0;
    }

    private boolean isOid(int element) {
        byte[] bytes = string((byte) stack.elementKind(element), stack.elementA(element), stack.elementB(element));
        return bytes != null && bytes.length == OID_LENGTH;
    }

    private long elementOid(int element) throws PickleException {
        return requireOid((byte) stack.elementKind(element), stack.elementA(element), stack.elementB(element));
    }

    private long requireOid(byte kind, int offset, int length) throws PickleException {
        if (kind == ScanStack.BYTES && length == OID_LENGTH) {
            return number(data, offset);
        }
        byte[] bytes = string(kind, offset, length);
        if (bytes == null) {
            throw error("a reference that is neither an oid nor a tuple nor a list", "one of them");
        }
        if (bytes.length != OID_LENGTH) {
            throw error("a reference to an oid of " + bytes.length + " bytes", "" + OID_LENGTH);
        }
        return number(bytes, 0);
    }

    private static long number(byte[] bytes, int offset) {
        long number = 0;
        for (int i = 0; i < OID_LENGTH; i++) {
            number = number << 8 | (bytes[offset + i] & 0xff);
        }
        return number;
    }

    /** The bytes of a text, or of bytes; null if it is neither. Characters beyond ASCII make no oid and no letter. */
    private byte @Nullable [] string(byte kind, int offset, int length) {
        if (kind < ScanStack.BYTES || kind > ScanStack.ESCAPED) {
            return null;
        }
        byte[] bytes = new byte[length];
        System.arraycopy(data, offset, bytes, 0, length);
        try {
            PickleInput none = new PickleInput(Unpooled.EMPTY_BUFFER);
            return switch (kind) {
                case ScanStack.QUOTED -> PickleText.quoted(none, bytes);
                case ScanStack.ESCAPED ->
                    PickleText.rawUnicodeEscape(none, bytes).getBytes(ISO_8859_1);
                default -> bytes;
            };
        } catch (PickleException e) {
            return null;
        }
    }

    // Bytes

    /** Passes over bytes. Returns where they start. */
    private int take(long length) throws PickleException {
        if (length < 0 || length > end - position) {
            throw error(
                    length < 0 ? "a length beyond 63 bits" : length + " bytes announced",
                    "at most " + (end - position) + ", which is what is left");
        }
        int at = position;
        position += (int) length;
        return at;
    }

    /** Passes over a line. Returns where it starts; it ends one byte before the position. */
    private int line() throws PickleException {
        int at = position;
        while (position < end) {
            if (data[position++] == '\n') {
                return at;
            }
        }
        throw error("a line without end", "a line feed");
    }

    private int uint1() throws PickleException {
        if (position >= end) {
            throw error("the end of the record", "more of the pickle");
        }
        return data[position++] & 0xff;
    }

    private long int4() throws PickleException {
        int at = take(Integer.BYTES);
        return littleEndian(at, Integer.BYTES);
    }

    private long int8() throws PickleException {
        int at = take(Long.BYTES);
        return littleEndian(at, Long.BYTES);
    }

    private long littleEndian(int at, int length) {
        long value = 0;
        for (int i = length - 1; i >= 0; i--) {
            value = value << 8 | (data[at + i] & 0xff);
        }
        return value;
    }

    /** The number on the line that ends before the position. */
    private long number(int at) throws PickleException {
        long value = 0;
        int lineEnd = position - 1;
        if (lineEnd > at && data[lineEnd - 1] == '\r') {
            lineEnd--;
        }
        for (int i = at; i < lineEnd; i++) {
            int digit = data[i] - '0';
            if (digit < 0 || digit > 9 || value > Integer.MAX_VALUE) {
                throw error("a place in the memo that is no number", "digits");
            }
            value = value * 10 + digit;
        }
        if (lineEnd == at) {
            throw error("a place in the memo that is no number", "digits");
        }
        return value;
    }

    private PickleException error(String found, String expected) {
        return isInflated
                ? PickleException.inflated(opcodeAt - start, found, expected)
                : new PickleException(opcodeAt - start, found, expected);
    }
}
