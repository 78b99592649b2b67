package io.zeolite.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HandshakeTest {
    @ParameterizedTest
    @ValueSource(strings = {"Z5", "M5"})
    void clientsAnswer_thatIsKnown_isTaken(String answer) throws MalformedMessageException {
        assertThat(Handshake.accept(frame(answer)).announcement()).isEqualTo(answer);
    }

    @ParameterizedTest
    @CsvSource({
        "Z4, '\"Z4\"'",
        "Z6, '\"Z6\"'",
        "Z51, '\"Z51\"'",
        "X5, '\"X5\"'",
        "Z, '\"Z\"'",
        "'', '\"\"'",
        "ruok?, '\"ruok?\"'",
        "'GET / HTTP/1.1 Host: x', '474554202f20485454502f312e312048 and 6 more bytes'",
        "'Z\r\n', 5a0d0a"
    })
    void clientsAnswer_thatIsUnknown_isShown(String answer, String shown) {
        assertThatThrownBy(() -> Handshake.accept(frame(answer)))
                .isInstanceOf(MalformedMessageException.class)
                .hasMessage("handshake: " + shown + " (expected: Z5 or M5)");
    }

    @ParameterizedTest
    @CsvSource({"Z5, Z5", "M5, M5", "Z6, Z5", "M7, M5", "Z51, Z5"})
    void serversAnnouncement_ofThisVersionOrLater_isAnswered(String announced, String answer)
            throws MalformedMessageException {
        assertThat(Handshake.answer(frame(announced)).announcement()).isEqualTo(answer);
    }

    @ParameterizedTest
    @ValueSource(strings = {"Z4", "Z310", "Z309", "X5", "5", ""})
    void serversAnnouncement_thatIsOlderOrUnknown_isRefused(String announced) {
        assertThatThrownBy(() -> Handshake.answer(frame(announced))).isInstanceOf(MalformedMessageException.class);
    }

    @Test
    void statusRequest_isRecognised() {
        assertThat(Handshake.isStatusRequest(frame("ruok"))).isTrue();
        assertThat(Handshake.isStatusRequest(frame("ruok "))).isFalse();
        assertThat(Handshake.isStatusRequest(frame("Z5"))).isFalse();
    }

    @Test
    void announcement_isAFrameOfTwoBytes() {
        ByteBuf out = Unpooled.buffer();
        Handshake.write(Wire.PICKLE, out);
        Handshake.write(Wire.MSGPACK, out);
        assertThat(ByteBufUtil.hexDump(out)).isEqualTo("000000025a35" + "000000024d35");
    }

    private static ByteBuf frame(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.ISO_8859_1);
    }
}
