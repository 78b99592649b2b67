package io.zeolite.pickle;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BlobPickleTest {
    private static final String CLASS = "635a4f44422e626c6f620a426c6f620a";
    private static final String STACK_CLASS = "8c095a4f44422e626c6f62948c04426c6f629493";

    private static byte[] bytes(String hex) {
        return HexFormat.of().parseHex(hex);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "8003" + CLASS + "71002e80034e2e", // as ZODB writes it
                "8003" + CLASS + "71002e", // without a state
                "8003" + CLASS + "2e80034e2e",
                CLASS + "70300a2e4e2e", // protocol 0
                CLASS + "71012e7d71022e", // protocol 1
                "8002" + CLASS + "72000100002e4e2e",
                "8004" + STACK_CLASS + "2e80044e2e",
                "80049516000000000000008c095a4f44422e626c6f62948c04426c6f6294932e80044e2e",
            })
    void isBlob_theClassAlone_itIs(String hex) {
        assertThat(BlobPickle.isBlob(bytes(hex))).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "80",
                "8003",
                "8003" + CLASS,
                "8003" + CLASS + "7100",
                "8003" + CLASS + "710029862e80034e2e", // with arguments
                "8003635a4f44422e626c6f620a426c6f62320a71002e80034e2e", // another class
                "8003580900" + "00005a4f44422e626c6f622e", // a text
            })
    void isBlob_somethingElse_itIsNot(String hex) {
        assertThat(BlobPickle.isBlob(bytes(hex))).isFalse();
    }

    @Test
    void isBlob_startOfALongerRecord_isEnough() {
        byte[] start = bytes("8003" + CLASS + "71002e80037d");
        assertThat(BlobPickle.isBlob(Arrays.copyOf(start, BlobPickle.MAX_LENGTH)))
                .isTrue();
    }
}
