package io.zeolite.pickle;

import java.util.Arrays;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * Records as clients with {@code zc.zlibstorage} store them: {@code .z}, and what zlib makes of the record, where that is
 * shorter. No pickle begins so: its first instruction would end it, without a value.
 */
final class CompressedRecord {
    /** How long a record may become; a few bytes inflate to a thousand times as many. */
    static final int MAX_LENGTH = (int) Math.min(1L << 30, Runtime.getRuntime().maxMemory() / 8);

    private static final int PREFIX_LENGTH = 2;

    private CompressedRecord() {}

    static boolean is(byte[] record, int offset, int length) {
        return length >= PREFIX_LENGTH && record[offset] == '.' && record[offset + 1] == 'z';
    }

    /**
     * The record that was compressed. What follows it is not looked at, as in Python.
     *
     * @throws PickleException with the offset 0, if that cannot be told or is longer than {@link #MAX_LENGTH}
     */
    static byte[] inflate(byte[] record, int offset, int length) throws PickleException {
        return inflate(record, offset, length, MAX_LENGTH);
    }

    static byte[] inflate(byte[] record, int offset, int length, int maxLength) throws PickleException {
        Inflater inflater = new Inflater();
        try {
            inflater.setInput(record, offset + PREFIX_LENGTH, length - PREFIX_LENGTH);
            byte[] inflated = new byte[(int) Math.min(maxLength + 1L, 4L * length)];
            int count = inflater.inflate(inflated);
            while (!inflater.finished()) {
                if (count > maxLength) {
                    throw tooLong(maxLength);
                }
                if (count < inflated.length) {
                    throw new PickleException(0, "a compressed record without its end", "all of it");
                }
                inflated = Arrays.copyOf(inflated, (int) Math.min(maxLength + 1L, 2L * inflated.length));
                count += inflater.inflate(inflated, count, inflated.length - count);
            }
            if (count > maxLength) {
                throw tooLong(maxLength);
            }
            return Arrays.copyOf(inflated, count);
        } catch (DataFormatException e) {
            throw new PickleException(0, "a compressed record that is damaged: " + e.getMessage(), "what zlib writes");
        } finally {
            // It has memory beside the heap, which would otherwise stay until a collection.
            inflater.end();
        }
    }

    private static PickleException tooLong(int maxLength) {
        return new PickleException(
                0,
                "a compressed record of more than " + maxLength + " bytes",
                "at most an eighth of the Java heap, and 1 GB");
    }
}
