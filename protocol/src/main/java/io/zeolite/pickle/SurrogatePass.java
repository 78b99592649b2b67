package io.zeolite.pickle;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * UTF-8 as Python's pickles use it, with the error handler {@code surrogatepass}: half of a surrogate pair that stands
 * alone, which no other UTF-8 can hold, is written in three bytes as if it were a character.
 */
final class SurrogatePass {
    private SurrogatePass() {}

    /** The text, or null if the bytes are none. */
    static @Nullable String decode(byte[] utf8) {
        char[] text = new char[utf8.length];
        int length = 0;
        int i = 0;
        while (i < utf8.length) {
            int lead = utf8[i++];
            if (lead >= 0) {
                text[length++] = (char) lead;
                continue;
            }
            int more = continuationBytes(lead);
            if (more == 0 || utf8.length - i < more) {
                return null;
            }
            int codePoint = lead & (0x3f >> more);
            for (int end = i + more; i < end; i++) {
                if ((utf8[i] & 0xc0) != 0x80) {
                    return null;
                }
                codePoint = codePoint << 6 | (utf8[i] & 0x3f);
            }
            if (codePoint < leastIn(more) || codePoint > Character.MAX_CODE_POINT) {
                return null;
            }
            length += Character.toChars(codePoint, text, length);
        }
        return new String(text, 0, length);
    }

    /** How many bytes {@link #write} writes. */
    static long length(String text) {
        long length = text.length();
        for (int i = 0; i < text.length(); i++) {
            int c = text.codePointAt(i);
            if (c >= 0x10000) {
                // Four bytes for two characters.
                length += 2;
                i++;
            } else if (c >= 0x80) {
                length += c < 0x800 ? 1 : 2;
            }
        }
        return length;
    }

    static void write(String text, ByteBuf out) {
        for (int i = 0; i < text.length(); i++) {
            int c = text.codePointAt(i);
            if (c >= 0x10000) {
                i++;
            }
            if (c < 0x80) {
                out.writeByte(c);
            } else if (c < 0x800) {
                out.writeByte(0xc0 | (c >> 6));
                writeContinuation(c, 1, out);
            } else if (c < 0x10000) {
                out.writeByte(0xe0 | (c >> 12));
                writeContinuation(c, 2, out);
            } else {
                out.writeByte(0xf0 | (c >> 18));
                writeContinuation(c, 3, out);
            }
        }
    }

    private static void writeContinuation(int codePoint, int bytes, ByteBuf out) {
        for (int shift = 6 * (bytes - 1); shift >= 0; shift -= 6) {
            out.writeByte(0x80 | ((codePoint >> shift) & 0x3f));
        }
    }

    private static int continuationBytes(int lead) {
        return (lead & 0xe0) == 0xc0 ? 1 : (lead & 0xf0) == 0xe0 ? 2 : (lead & 0xf8) == 0xf0 ? 3 : 0;
    }

    /** The first code point that needs so many continuation bytes; one below it must be written shorter. */
    private static int leastIn(int continuationBytes) {
        return switch (continuationBytes) {
            case 1 -> 0x80;
            case 2 -> 0x800;
            default -> 0x10000;
        };
    }
}
