package io.zeolite.blob.s3;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BucketProbeTest {
    @ParameterizedTest
    @CsvSource({
        "http://localhost:9000, true",
        "http://LocalHost, true",
        "http://127.0.0.1:9000, true",
        "http://127.3.2.1, true",
        "http://[::1]:9000, true",
        "http://s3.example.com, false",
        "http://127.0.0.1.example.com, false",
        "http://localhost.example.com, false",
        "http://10.0.0.1:9000, false",
        "http://[2001:db8::1]:9000, false",
    })
    void isThisMachine_isToldByTheName(URI endpoint, boolean expected) {
        assertThat(BucketProbe.isThisMachine(endpoint.getHost())).isEqualTo(expected);
    }
}
