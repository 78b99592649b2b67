package io.zeolite.storage.index;

import io.zeolite.disk.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Reads an index file. It knows the few opcodes that can stand there and executes nothing; whatever Python would not
 * have written is refused.
 */
final class IndexReader {
    private static final int MAX_PROTOCOL = 3;
    private static final int MAX_BUCKET_LENGTH = 8 << 16;
    private static final int BUFFER_LENGTH = 256 << 10;
    /** The magic bytes and the header of a transaction come before every record. */
    private static final long MIN_POSITION = 4 + 23;

    private static final long NO_PREFIX = -1;

    private final DiskFile file;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_LENGTH)
            .order(ByteOrder.LITTLE_ENDIAN)
            .limit(0);
    /** The offset in the file of the end of the buffer. */
    private long bufferEnd;

    private byte[] bucket = {};

    IndexReader(DiskFile file) {
        this.file = file;
    }

    IndexFile.Contents read() throws IOException {
        PositionIndex index = new PositionIndex();
        long end = readEnd();
        long lastPrefix = NO_PREFIX;
        while (true) {
            int opcode = readFirstOpcode();
            if (opcode == Opcodes.NONE) {
                expect(Opcodes.STOP, "the end of a pickle");
                return new IndexFile.Contents(end, index);
            }
            long prefix = readPrefix(opcode);
            if (prefix <= lastPrefix) {
                throw malformed("prefix " + Long.toHexString(prefix), "more than " + Long.toHexString(lastPrefix));
            }
            lastPrefix = prefix;
            readBucket(prefix, end, index);
            expect(Opcodes.TUPLE2, "the end of a pair");
            expect(Opcodes.STOP, "the end of a pickle");
        }
    }

    private long readEnd() throws IOException {
        int opcode = readFirstOpcode();
        long end =
                switch (opcode) {
                    case Opcodes.BININT1 -> take(1).get() & 0xff;
                    case Opcodes.BININT2 -> take(2).getShort() & 0xffff;
                    case Opcodes.BININT -> take(4).getInt();
                    case Opcodes.LONG1 -> readLong1();
                    default -> throw malformed("opcode " + opcode, "an int (an index of the current form)");
                };
        expect(Opcodes.STOP, "the end of a pickle");
        if (end < 0 || end >= PositionIndex.POSITION_LIMIT) {
            throw malformed("data length " + end, "less than 2^48");
        }
        return end;
    }

    private long readLong1() throws IOException {
        int length = take(1).get() & 0xff;
        if (length > 8) {
            throw malformed("an int of " + length + " bytes", "at most 8");
        }
        ByteBuffer bytes = take(length);
        long value = 0;
        for (int i = 0; i < length; i++) {
            value |= (bytes.get() & 0xffL) << (8 * i);
        }
        return value;
    }

    private long readPrefix(int opcode) throws IOException {
        int length = readBytesLength(opcode);
        if (length != 6) {
            throw malformed("a prefix of " + length + " bytes", "6");
        }
        ByteBuffer bytes = take(6).order(ByteOrder.BIG_ENDIAN);
        return (bytes.getShort() & 0xffffL) << 32 | (bytes.getInt() & 0xffffffffL);
    }

    private void readBucket(long prefix, long end, PositionIndex index) throws IOException {
        int length = readBytesLength(readOpcode());
        if (length % 8 != 0 || length > MAX_BUCKET_LENGTH) {
            throw malformed("a bucket of " + length + " bytes", "a multiple of 8 up to " + MAX_BUCKET_LENGTH);
        }
        int count = length / 8;
        if (count < PackedBuckets.MIN_OBJECTS) {
            if (bucket.length < length) {
                bucket = new byte[length];
            }
            readFully(bucket, length);
            addBucket(prefix, count, end, index);
        } else {
            byte[] packed = new byte[length];
            readFully(packed, length);
            index.addPacked(prefix, packed, count, check(packed, count, end));
        }
    }

    /** Checks a bucket that stays as it is; returns its last suffix. */
    private int check(byte[] packed, int count, long end) throws IOException {
        int last = -1;
        int at = 2 * count;
        for (int i = 0; i < count; i++, at += 6) {
            int suffix = PackedBuckets.suffix(packed, i);
            if (suffix <= last) {
                throw notAfter(suffix, last);
            }
            last = suffix;
            requirePosition(position(packed, at), end);
        }
        return last;
    }

    private MalformedIndexException notAfter(int suffix, int last) {
        return malformed("suffix " + suffix, "more than " + last);
    }

    private void requirePosition(long position, long end) throws MalformedIndexException {
        if (position < MIN_POSITION || position >= end) {
            throw malformed("position " + position, MIN_POSITION + " to " + end);
        }
    }

    private void addBucket(long prefix, int count, long end, PositionIndex index) throws IOException {
        long[] page = new long[PositionIndex.PAGE_SIZE];
        int i = 0;
        while (i < count) {
            long oid = prefix << 16 | suffix(i);
            Arrays.fill(page, 0);
            i = readPage(i, count, end, page);
            index.putPage(oid, page);
        }
    }

    /**
     * Reads the entries of a page from the bucket; returns the first one that is not of it. A server reads its index
     * before anything is compiled: this is short, called often and does with plain bytes, so that it is compiled soon.
     */
    private int readPage(int first, int count, long end, long[] page) throws IOException {
        int number = suffix(first) >> PositionIndex.PAGE_BITS;
        int last = first == 0 ? -1 : suffix(first - 1);
        int i = first;
        for (; i < count; i++) {
            int suffix = suffix(i);
            if (suffix <= last) {
                throw notAfter(suffix, last);
            }
            if (suffix >> PositionIndex.PAGE_BITS != number) {
                break;
            }
            long position = position(bucket, 2 * count + 6 * i);
            requirePosition(position, end);
            page[suffix & PositionIndex.PAGE_SIZE - 1] = position;
            last = suffix;
        }
        return i;
    }

    private int suffix(int entry) {
        return PackedBuckets.suffix(bucket, entry);
    }

    private static long position(byte[] bytes, int at) {
        return (long) ((bytes[at] & 0xff) << 8 | (bytes[at + 1] & 0xff)) << 32
                | (bytes[at + 2] & 0xffL) << 24
                | (bytes[at + 3] & 0xff) << 16
                | (bytes[at + 4] & 0xff) << 8
                | (bytes[at + 5] & 0xff);
    }

    private int readBytesLength(int opcode) throws IOException {
        return switch (opcode) {
            case Opcodes.SHORT_BINBYTES -> take(1).get() & 0xff;
            case Opcodes.BINBYTES -> {
                int length = take(4).getInt();
                if (length < 0) {
                    throw malformed("a length of more than 2 GB", "at most " + MAX_BUCKET_LENGTH);
                }
                yield length;
            }
            default -> throw malformed("opcode " + opcode, "bytes");
        };
    }

    /** The first opcode of a pickle, after the protocol. */
    private int readFirstOpcode() throws IOException {
        int opcode = readOpcode();
        if (opcode != Opcodes.PROTO) {
            return opcode;
        }
        int protocol = take(1).get() & 0xff;
        if (protocol > MAX_PROTOCOL) {
            throw malformed("pickle protocol " + protocol, "at most " + MAX_PROTOCOL);
        }
        return readOpcode();
    }

    /** The next opcode that means something here; nothing ever refers to the memo. */
    private int readOpcode() throws IOException {
        while (true) {
            int opcode = take(1).get() & 0xff;
            switch (opcode) {
                case Opcodes.BINPUT -> take(1).get();
                case Opcodes.LONG_BINPUT -> take(4).getInt();
                default -> {
                    return opcode;
                }
            }
        }
    }

    private void expect(int expected, String meaning) throws IOException {
        int opcode = readOpcode();
        if (opcode != expected) {
            throw malformed("opcode " + opcode, meaning);
        }
    }

    /** The buffer with at least this many bytes (at most 8) to be taken from it, little-endian. */
    private ByteBuffer take(int length) throws IOException {
        if (buffer.remaining() < length) {
            fill();
            if (buffer.remaining() < length) {
                throw malformed("the end of the file", length - buffer.remaining() + " more bytes");
            }
        }
        return buffer.order(ByteOrder.LITTLE_ENDIAN);
    }

    private void readFully(byte[] target, int length) throws IOException {
        int done = Math.min(length, buffer.remaining());
        buffer.get(target, 0, done);
        int read = file.read(ByteBuffer.wrap(target, done, length - done), bufferEnd);
        bufferEnd += read;
        if (done + read < length) {
            throw malformed("the end of the file", length - done - read + " more bytes");
        }
    }

    private void fill() throws IOException {
        buffer.compact();
        bufferEnd += file.read(buffer, bufferEnd);
        buffer.flip();
    }

    private MalformedIndexException malformed(String found, String expected) {
        return new MalformedIndexException(file.path(), bufferEnd - buffer.remaining(), found, expected);
    }
}
