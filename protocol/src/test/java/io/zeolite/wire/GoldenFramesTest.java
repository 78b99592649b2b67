package io.zeolite.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.message.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whatever Python sent in a recorded conversation is understood, and would be sent as the same bytes. */
class GoldenFramesTest {
    @ParameterizedTest
    @CsvSource({"Z", "M"})
    void recordedFrame_decodedAndEncoded_isTheSame(String letter) throws MalformedMessageException {
        Codec codec = letter.equals("Z") ? Wire.PICKLE : Wire.MSGPACK;
        int compared = 0;
        for (Recording.Frame frame : Recording.frames(letter)) {
            if (!frame.isHandshake()) {
                assertThat(Wire.encode(codec, Wire.decode(codec, frame.hex()))).isEqualTo(frame.hex());
                compared++;
            }
        }
        assertThat(compared).isGreaterThan(250);
    }

    @ParameterizedTest
    @CsvSource({"Z", "M"})
    void recordedHandshake_accepted_isTheCodecOfTheRecording(String letter) throws MalformedMessageException {
        List<Recording.Frame> handshakes = Recording.frames(letter).stream()
                .filter(frame -> frame.hex().length() == 4)
                .toList();
        assertThat(handshakes).isNotEmpty();
        for (Recording.Frame frame : handshakes) {
            assertThat(Handshake.accept(Wire.frame(frame.hex())).announcement()).isEqualTo(letter + "5");
            assertThat(Handshake.answer(Wire.frame(frame.hex())).announcement()).isEqualTo(letter + "5");
        }
    }

    /** The two conversations differ in ids, times, addresses, and in how the frames of connections are interleaved. */
    @Test
    void recordings_inBothEncodings_holdTheSameMessages() throws MalformedMessageException {
        assertThat(shapes("M", Wire.MSGPACK)).isEqualTo(shapes("Z", Wire.PICKLE));
    }

    private static Map<String, List<String>> shapes(String letter, Codec codec) throws MalformedMessageException {
        Map<String, List<String>> shapes = new TreeMap<>();
        for (Recording.Frame frame : Recording.frames(letter)) {
            if (!frame.isHandshake()) {
                shapes.computeIfAbsent(frame.connection() + " " + frame.direction(), key -> new ArrayList<>())
                        .add(shape(Wire.decode(codec, frame.hex())));
            }
        }
        return shapes;
    }

    private static String shape(Message message) {
        if (message instanceof Message.Call call) {
            return "call " + call.method() + "/" + call.args().size();
        }
        if (message instanceof Message.OneWay oneWay) {
            return "one way " + oneWay.method() + "/" + oneWay.args().size();
        }
        if (message instanceof Message.ErrorReply error) {
            return "error " + error.pythonClass();
        }
        return message.getClass().getSimpleName();
    }
}
