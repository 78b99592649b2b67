package io.zeolite.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ServerAddressTest {
    /** As ZConfig's socket-binding-address has them, where no port is 0. */
    @ParameterizedTest
    @CsvSource({
        "8100, '', 8100",
        ":8100, '', 8100",
        ":, '', 0",
        "127.0.0.1, 127.0.0.1, 0",
        "LocalHost, localhost, 0",
        "127.0.0.1:, 127.0.0.1, 0",
        "127.0.0.1:0, 127.0.0.1, 0",
        "127.0.0.1: 38291, 127.0.0.1, 38291",
        "DB.example:8_100, db.example, 8100",
        "[::1]:8100, ::1, 8100",
        "[::]:0, ::, 0",
        "::1, ::1, 0",
        "[fe80::1], fe80::1, 0",
    })
    void parse_tcp(String text, String host, int port) {
        assertThat(ServerAddress.parse(text)).isEqualTo(new ServerAddress.Tcp(host, port));
    }

    @ParameterizedTest
    @ValueSource(strings = {"./sock", "/run/zeo.sock", "a/b:80"})
    void parse_pathWithSlash_isUnixSocketAsWritten(String text) {
        assertThat(ServerAddress.parse(text)).isEqualTo(new ServerAddress.Unix(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "65536", "host:65536", "host:-1", "host:x", "two words", "two words:1"})
    void parse_anythingElse_isNull(String text) {
        assertThat(ServerAddress.parse(text)).isNull();
    }

    @Test
    void toString_isParsedAgain() {
        ServerAddress address = new ServerAddress.Tcp("::1", 8100);

        assertThat(address).hasToString("[::1]:8100");
        assertThat(ServerAddress.parse(address.toString())).isEqualTo(address);
    }
}
