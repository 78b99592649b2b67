package io.zeolite.pickle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBufUtil;
import org.junit.jupiter.api.Test;

class ExtensionPickleTest {
    /** {@code {'s': {1}, 'f': frozenset([1]), 'b': bytearray(b'a'), 'c': 1j, 't': int}} as Python stores it. */
    private static final String OBJECTS =
            "80037d7100285801000000737101636275696c74696e730a7365740a71025d71034b01618571045271055801000000667106636275696c"
                    + "74696e730a66726f7a656e7365740a71075d71084b016185710952710a580100000062710b636275696c74696e730a6279746561"
                    + "727261790a710c430161710d85710e52710f5801000000637110636275696c74696e730a636f6d706c65780a71114700000000"
                    + "00000000473ff00000000000008671125271135801000000747114636275696c74696e730a696e740a7115752e";

    @Test
    void extension_encoded_isTheExampleOfTheFormat() throws PickleException {
        PyDict extension = new PyDict().put("k", 1L);
        assertThat(ByteBufUtil.hexDump(ExtensionPickle.encode(extension)))
                .isEqualTo("80037d710058010000006b71014b01732e");
        assertThat(ExtensionPickle.decode(ByteBufUtil.decodeHexDump("80037d710058010000006b71014b01732e")))
                .isEqualTo(extension);
    }

    @Test
    void emptyExtension_isNoBytes() throws PickleException {
        assertThat(ExtensionPickle.encode(new PyDict())).isEmpty();
        assertThat(ExtensionPickle.decode(new byte[0])).isEqualTo(new PyDict());
    }

    @Test
    void objectsWithoutCounterpart_surviveAsTheyCame() throws PickleException {
        PyDict extension = ExtensionPickle.decode(ByteBufUtil.decodeHexDump(OBJECTS));
        assertThat(extension.size()).isEqualTo(5);
        assertThat(ByteBufUtil.hexDump(ExtensionPickle.encode(extension))).isEqualTo(OBJECTS);
    }

    @Test
    void textOfPython2_thatIsNotAscii_isBytes() throws PickleException {
        assertThat(ExtensionPickle.decode(ByteBufUtil.decodeHexDump("7d55016b5502c3a9732e")))
                .isEqualTo(new PyDict().put("k", new byte[] {(byte) 0xc3, (byte) 0xa9}));
    }

    @Test
    void pickle_ofSomethingElse_isRefused() {
        assertThatThrownBy(() -> ExtensionPickle.decode(ByteBufUtil.decodeHexDump("80034b012e")))
                .isInstanceOf(PickleException.class)
                .hasMessageContaining("an extension of type int");
    }
}
