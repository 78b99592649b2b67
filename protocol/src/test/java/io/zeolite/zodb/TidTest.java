package io.zeolite.zodb;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TidTest {
    @ParameterizedTest
    @CsvSource({
        "0000000000000000, 0x00",
        "0000000000000001, 0x01",
        "0000000000000100, 0x0100",
        "03e9000200000000, 0x03e9000200000000",
        "fffffffffffffffe, 0xfffffffffffffffe"
    })
    void id_printed_isZodbsForm(String hex, String shortest) {
        long id = Long.parseUnsignedLong(hex, 16);
        assertThat(Oid.toString(id)).isEqualTo(shortest);
        assertThat(Tid.toString(id)).isEqualTo(shortest);
        assertThat(Tid.toHex(id)).isEqualTo(hex);
    }

    @Test
    void tids_compared_areUnsigned() {
        assertThat(Tid.isAfter(Long.MIN_VALUE, Long.MAX_VALUE)).isTrue();
        assertThat(Tid.isAfter(1, 1)).isFalse();
        assertThat(Tid.isAfter(Tid.NONE, -1)).isFalse();
    }
}
