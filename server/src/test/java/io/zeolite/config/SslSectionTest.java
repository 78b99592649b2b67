package io.zeolite.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.config.ServerConfig.Overrides;
import io.zeolite.tls.TlsSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SslSectionTest {
    private static final String BEFORE = "<zeo>\naddress 8100\n<ssl>\n";
    private static final String AFTER = "</ssl>\n</zeo>\n<mappingstorage/>\n";

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    Path directory;

    @SuppressWarnings("NullAway.Init") // Set before each test.
    private ConfigText text;

    @BeforeEach
    void setUp() {
        text = new ConfigText(directory);
    }

    @Test
    void load_keyInTheCertificateFile_needsTwoKeysOnly() throws Exception {
        TlsSettings tls = tls(text.read(BEFORE + "certificate server.pem\nauthenticate clients\n" + AFTER));

        assertThat(tls.certificate()).isEqualTo(directory.resolve("server.pem"));
        assertThat(tls.key()).isEqualTo(tls.certificate());
        assertThat(tls.authenticate()).isEqualTo(directory.resolve("clients"));
        assertThat(tls.password()).hasToString("none");
        assertThat(tls.checkInterval()).isEqualTo(Duration.ofSeconds(30));
    }

    @Test
    void load_everyKey_isRead() throws Exception {
        TlsSettings tls = tls(text.read(
                BEFORE + "certificate a\nkey b\nauthenticate c\npassword-file d\ncheck-interval 0\n" + AFTER));

        assertThat(tls.key()).isEqualTo(directory.resolve("b"));
        assertThat(tls.password()).hasToString("in " + directory.resolve("d"));
        assertThat(tls.checkInterval()).isZero();
    }

    @Test
    void load_passwordInTheEnvironment_isNeverShown() throws Exception {
        Path file = directory.resolve("zeo.conf");
        Files.writeString(file, BEFORE + "certificate a\nauthenticate c\npassword-env KEY_PASSWORD\n" + AFTER);
        ServerConfig config = ServerConfig.load(
                file, Overrides.NONE, new ConfigEnvironment(Map.of("KEY_PASSWORD", "secret"), directory));

        assertThat(tls(config).password()).hasToString("given");
        assertThat(config.toString()).doesNotContain("secret");
    }

    @Test
    void load_dynamic_trustsNobodyAndSaysSo() throws Exception {
        ServerConfig config = text.read(BEFORE + "certificate a\nauthenticate DYNAMIC\n" + AFTER);

        assertThat(tls(config).authenticate()).isNull();
        assertThat(config.notices()).singleElement().asString().contains("authenticate DYNAMIC trusts no client");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "authenticate c | no key \"certificate\" in <ssl>",
                "certificate a | no key \"authenticate\" in <ssl>",
                "certificate a;authenticate | authenticate is empty (expected a file or a directory)",
                "certificate no/a;authenticate c | certificate: \"no/a\" (expected a path in a directory that exists)",
                "certificate a;authenticate c;password-function a.b | password-function: \"a.b\" names Python code, which"
                        + " this server cannot run (expected password-file with a file, or password-env with an",
                "certificate a;authenticate c;password-env NOT_THERE | password-env: there is no variable \"NOT_THERE\"",
                "certificate a;authenticate c;password-file d;password-env e | password-env beside password-file (expected",
                "certificate a;authenticate c;server-hostname d | unknown key \"server-hostname\" in <ssl>",
                "certificate a;authenticate c;</ssl>;<ssl>;certificate a;authenticate c | a second <ssl> in <zeo>",
            })
    void load_badSection_isRefused(String lines, String message) throws Exception {
        assertThat(text.error(BEFORE + lines.replace(";", "\n") + "\n" + AFTER)).contains(message);
    }

    private static TlsSettings tls(ServerConfig config) {
        return Objects.requireNonNull(config.zeo().tls());
    }
}
