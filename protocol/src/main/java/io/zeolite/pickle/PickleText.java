package io.zeolite.pickle;

import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/** What pickles write as text: all strings, and the numbers of protocol 0; and the ints of the later ones. */
final class PickleText {
    /** As long as a number may be that was written as text: its conversion takes quadratic time. */
    static final int MAX_NUMBER_DIGITS = 1000;

    private static final int MAX_INT_BYTES = 1024;
    private static final Pattern INTEGER = Pattern.compile("[+-]?[0-9]+");
    private static final Pattern INDEX = Pattern.compile("[0-9]{1,10}");
    private static final Pattern DECIMAL = Pattern.compile("[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?");

    private PickleText() {}

    /** UTF-8 in which halves of surrogate pairs may stand alone. */
    static String utf8(PickleInput in, byte[] bytes) throws PickleException {
        if (isAscii(bytes)) {
            return latin1(bytes);
        }
        String text = SurrogatePass.decode(bytes);
        if (text == null) {
            throw in.error("a str of " + bytes.length + " bytes that are not UTF-8", "UTF-8");
        }
        return text;
    }

    /** A string of Python 2, which does not say whether it is a text. */
    static Object python2(byte[] bytes) {
        return isAscii(bytes) ? latin1(bytes) : bytes;
    }

    /** The bytes of a string literal as Python 2 writes it. */
    static byte[] quoted(PickleInput in, byte[] line) throws PickleException {
        int end = line.length - 1;
        if (end < 1 || line[0] != line[end] || (line[0] != '\'' && line[0] != '"')) {
            throw in.error("a string without quotes", "a string in quotes");
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream(line.length);
        for (int i = 1; i < end; i++) {
            if (line[i] != '\\') {
                out.write(line[i]);
                continue;
            }
            if (++i == end) {
                throw in.error("a string that ends in a backslash", "an escape sequence");
            }
            int simple = "\\'\"abfnrtv".indexOf(line[i]);
            if (simple >= 0) {
                out.write("\\'\"\u0007\b\f\n\r\t\u000b".charAt(simple));
            } else if (line[i] == 'x') {
                out.write(hex(in, line, i + 1, 2, end));
                i += 2;
            } else if (isOctal(line[i])) {
                int value = 0;
                int digits = 0;
                while (digits < 3 && i + digits < end && isOctal(line[i + digits])) {
                    value = value * 8 + line[i + digits++] - '0';
                }
                out.write(value);
                i += digits - 1;
            } else {
                out.write('\\');
                out.write(line[i]);
            }
        }
        return out.toByteArray();
    }

    /** Latin-1, in which a backslash with u and four hex digits, or U and eight, stands for another character. */
    static String rawUnicodeEscape(PickleInput in, byte[] line) throws PickleException {
        StringBuilder text = new StringBuilder(line.length);
        for (int i = 0; i < line.length; i++) {
            char c = (char) (line[i] & 0xff);
            if (c != '\\' || i + 1 == line.length) {
                text.append(c);
                continue;
            }
            char kind = (char) (line[++i] & 0xff);
            if (kind == 'u' || kind == 'U') {
                int digits = kind == 'u' ? 4 : 8;
                int codePoint = hex(in, line, i + 1, digits, line.length);
                if (!Character.isValidCodePoint(codePoint)) {
                    throw in.error("character " + Integer.toHexString(codePoint), "at most 10ffff");
                }
                text.appendCodePoint(codePoint);
                i += digits;
            } else {
                text.append(c).append(kind);
            }
        }
        return text.toString();
    }

    static Object intOrBoolean(PickleInput in) throws PickleException {
        String text = number(in);
        return switch (text) {
            case "00" -> false;
            case "01" -> true;
            default -> integer(in, text);
        };
    }

    /** A {@code long} of Python 2, which ends in an L. */
    static Object longInteger(PickleInput in) throws PickleException {
        String text = number(in);
        return integer(in, text.endsWith("L") ? text.substring(0, text.length() - 1) : text);
    }

    private static Object integer(PickleInput in, String text) throws PickleException {
        if (!INTEGER.matcher(text).matches()) {
            throw in.error("not an int", "digits");
        }
        return shortest(new BigInteger(text));
    }

    static double decimal(PickleInput in) throws PickleException {
        String text = number(in);
        return switch (text) {
            case "inf" -> Double.POSITIVE_INFINITY;
            case "-inf" -> Double.NEGATIVE_INFINITY;
            case "nan", "-nan" -> Double.NaN;
            default -> {
                if (!DECIMAL.matcher(text).matches()) {
                    throw in.error("not a float", "digits, a point, an exponent");
                }
                yield Double.parseDouble(text);
            }
        };
    }

    /** A place in the memo. */
    static long index(PickleInput in) throws PickleException {
        String text = number(in);
        if (!INDEX.matcher(text).matches()) {
            throw in.error("not a place in the memo", "at most ten digits");
        }
        return Long.parseLong(text);
    }

    private static String number(PickleInput in) throws PickleException {
        return latin1(in.line(MAX_NUMBER_DIGITS));
    }

    /** Two's complement, the least byte first; no bytes at all are zero. */
    static Object binaryInteger(PickleInput in, long length) throws PickleException {
        if (length > MAX_INT_BYTES) {
            throw in.error("an int of " + length + " bytes", "at most " + MAX_INT_BYTES);
        }
        byte[] bytes = in.bytes(length);
        if (bytes.length <= Long.BYTES) {
            return littleEndian(bytes);
        }
        for (int i = 0, j = bytes.length - 1; i < j; i++, j--) {
            byte swapped = bytes[i];
            bytes[i] = bytes[j];
            bytes[j] = swapped;
        }
        return shortest(new BigInteger(bytes));
    }

    private static long littleEndian(byte[] bytes) {
        long value = bytes.length == 0 ? 0 : bytes[bytes.length - 1];
        for (int i = bytes.length - 2; i >= 0; i--) {
            value = value << 8 | (bytes[i] & 0xff);
        }
        return value;
    }

    /** A {@code Long} wherever that is enough, so that equal ints are equal objects. */
    private static Object shortest(BigInteger value) {
        return value.bitLength() < Long.SIZE ? (Object) value.longValue() : value;
    }

    static String latin1(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    static boolean isAscii(String text) {
        return text.chars().allMatch(c -> c < 0x80);
    }

    private static boolean isAscii(byte[] bytes) {
        for (byte b : bytes) {
            if (b < 0) {
                return false;
            }
        }
        return true;
    }

    private static boolean isOctal(byte digit) {
        return '0' <= digit && digit <= '7';
    }

    private static int hex(PickleInput in, byte[] line, int from, int digits, int end) throws PickleException {
        int value = 0;
        for (int i = from; i < from + digits; i++) {
            int digit = i < end ? Character.digit(line[i], 16) : -1;
            if (digit < 0) {
                throw in.error("an incomplete escape sequence", digits + " hex digits");
            }
            value = value << 4 | digit;
        }
        return value;
    }
}
