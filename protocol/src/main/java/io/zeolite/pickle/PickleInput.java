package io.zeolite.pickle;

import io.netty.buffer.ByteBuf;

/** The bytes of one pickle. Every length is checked against what is there before memory is taken for it. */
final class PickleInput {
    private static final byte[] NO_BYTES = {};

    private final ByteBuf bytes;
    private final int start;
    private int opcodeIndex;

    PickleInput(ByteBuf bytes) {
        this.bytes = bytes;
        this.start = bytes.readerIndex();
        this.opcodeIndex = start;
    }

    int opcode() throws PickleException {
        opcodeIndex = bytes.readerIndex();
        return uint1();
    }

    int uint1() throws PickleException {
        require(1);
        return bytes.readUnsignedByte();
    }

    int uint2() throws PickleException {
        require(2);
        return bytes.readUnsignedShortLE();
    }

    int int4() throws PickleException {
        require(4);
        return bytes.readIntLE();
    }

    long uint4() throws PickleException {
        return Integer.toUnsignedLong(int4());
    }

    /** A length of eight bytes. */
    long length8() throws PickleException {
        require(8);
        long length = bytes.readLongLE();
        if (length < 0) {
            throw error("a length beyond 63 bits", "a shorter one");
        }
        return length;
    }

    /** Passes over eight bytes. */
    void bytes8() throws PickleException {
        require(8);
        bytes.skipBytes(8);
    }

    double float8() throws PickleException {
        require(8);
        return bytes.readDouble();
    }

    byte[] bytes(long length) throws PickleException {
        require(length);
        if (length == 0) {
            return NO_BYTES;
        }
        byte[] copy = new byte[(int) length];
        bytes.readBytes(copy);
        return copy;
    }

    /** A line without its end, of at most so many bytes. */
    byte[] line(int maxLength) throws PickleException {
        int searched = (int) Math.min(bytes.readableBytes(), maxLength + 1L);
        int length = bytes.bytesBefore(searched, (byte) '\n');
        if (length < 0) {
            throw error(
                    "no end of line in the next " + searched + " bytes", "a line of at most " + maxLength + " bytes");
        }
        byte[] line = bytes(length);
        bytes.skipBytes(1);
        return line;
    }

    /** The failure of the present opcode. */
    PickleException error(String found, String expected) {
        return new PickleException(opcodeIndex - start, found, expected);
    }

    private void require(long length) throws PickleException {
        if (length > bytes.readableBytes()) {
            throw error(bytes.readableBytes() + " bytes left", length + " more bytes");
        }
    }
}
