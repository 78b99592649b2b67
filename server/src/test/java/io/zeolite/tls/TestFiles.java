package io.zeolite.tls;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The certificates and keys of the tests, which {@code make} beside them has made. */
final class TestFiles {
    static final KeyPassword PASSWORD = KeyPassword.of("1234");

    private TestFiles() {}

    static Path path(String name) {
        return Path.of("src/test/resources/tls", name);
    }

    static TlsSettings settings(Path certificate, Path key, KeyPassword password, @Nullable Path authenticate) {
        return new TlsSettings(certificate, key, password, authenticate, Duration.ZERO);
    }

    static TlsSettings settings(String certificate, String key, KeyPassword password) {
        return settings(path(certificate), path(key), password, path("client.pem"));
    }
}
