package io.zeolite.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.zeolite.pickle.ValueLimits;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The first frame in each direction. The server announces an encoding and a version ({@code Z5} or {@code M5}), the
 * client answers with what it will use and goes on without waiting; from there on both use the codec that the answer
 * names. A monitor sends {@code ruok} instead of the answer, gets one frame of JSON and is disconnected.
 */
public final class Handshake {
    private static final char VERSION = '5';
    private static final String STATUS_REQUEST = "ruok";
    private static final int MAX_SHOWN_BYTES = 16;

    private Handshake() {}

    /** Appends the frame with which a client answers: the codec that it will use. */
    public static void write(Codec codec, ByteBuf out) {
        Frames.write(out, frame -> ByteBufUtil.writeAscii(frame, codec.announcement()));
    }

    /** Appends the frame with which a monitor asks for the state of the server. */
    public static void askStatus(ByteBuf out) {
        Frames.write(out, frame -> ByteBufUtil.writeAscii(frame, STATUS_REQUEST));
    }

    /** Appends the frame with which a server announces the encoding that it wants. */
    public static void announce(boolean msgpack, ByteBuf out) {
        Frames.write(out, frame -> ByteBufUtil.writeAscii(frame, msgpack ? "M5" : "Z5"));
    }

    /** Whether a client's first frame asks for the state of the server; the reader index stays. */
    public static boolean isStatusRequest(ByteBuf frame) {
        return textOf(frame).equals(STATUS_REQUEST);
    }

    /**
     * The codec that a client's first frame asks for. It may be another one than was announced.
     *
     * @throws MalformedMessageException if it asks for something else; the connection is to be closed
     */
    public static Codec accept(ByteBuf frame) throws MalformedMessageException {
        String answer = textOf(frame);
        Codec codec = answer.length() == 2 && answer.charAt(1) == VERSION
                ? codecOf(answer.charAt(0), ValueLimits.FROM_CLIENT)
                : null;
        if (codec == null) {
            throw new MalformedMessageException("handshake: " + shown(frame) + " (expected: Z5 or M5)");
        }
        return codec;
    }

    /**
     * The codec with which a client answers a server's announcement. A server of a later version also knows this one,
     * as Python's client takes it.
     *
     * @throws MalformedMessageException if the server is older, or is none; the connection is to be closed
     */
    public static Codec answer(ByteBuf frame) throws MalformedMessageException {
        String announcement = textOf(frame);
        Codec codec = announcement.length() >= 2 && announcement.charAt(1) >= VERSION
                ? codecOf(announcement.charAt(0), ValueLimits.FROM_SERVER)
                : null;
        if (codec == null) {
            throw new MalformedMessageException(
                    "announcement of the server: " + shown(frame) + " (expected: Z5 or M5, or a later version)");
        }
        return codec;
    }

    private static @Nullable Codec codecOf(char letter, ValueLimits limits) {
        return switch (letter) {
            case 'Z' -> new PickleCodec(limits);
            case 'M' -> new MsgpackCodec(limits);
            default -> null;
        };
    }

    private static String textOf(ByteBuf frame) {
        int length = Math.min(frame.readableBytes(), MAX_SHOWN_BYTES);
        return frame.toString(frame.readerIndex(), length, StandardCharsets.ISO_8859_1);
    }

    /** The beginning of a frame for a message: as text if it is one, otherwise in hex. */
    private static String shown(ByteBuf frame) {
        String text = textOf(frame);
        String start = text.chars().allMatch(c -> c > ' ' && c < 0x7f)
                ? '"' + text + '"'
                : ByteBufUtil.hexDump(frame, frame.readerIndex(), text.length());
        int more = frame.readableBytes() - text.length();
        return more == 0 ? start : start + " and " + more + " more bytes";
    }
}
