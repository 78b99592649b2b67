package io.zeolite.client.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.handler.ssl.SslContextBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.interfaces.ECPrivateKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Keys that OpenSSL has made, those of the server's tests. */
class KeyFileTest {
    private static final Path KEYS = Path.of("..", "server", "src", "test", "resources", "tls");

    private static PrivateKey key(String algorithm, String file, String password) throws Exception {
        String text = KeyFile.read(KEYS.resolve(file), password).pem().replaceAll("-----[A-Z ]+-----", "");
        return KeyFactory.getInstance(algorithm)
                .generatePrivate(new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(text)));
    }

    @ParameterizedTest
    @CsvSource({"server-pkcs1.pem", "server-all.pem", "server-pkcs1-des3.pem", "server-pkcs1-aes256.pem"})
    void rsa_everyForm_isTheSameKey(String file) throws Exception {
        assertThat(key("RSA", file, "1234")).isEqualTo(key("RSA", "server-key.pem", "1234"));
    }

    @ParameterizedTest
    @CsvSource({"ec-key.pem", "ec-aes128.pem"})
    void curve_everyForm_isTheSameKey(String file) throws Exception {
        ECPrivateKey found = (ECPrivateKey) key("EC", file, "1234");
        ECPrivateKey expected = (ECPrivateKey) key("EC", "ec-pkcs8.pem", "1234");
        assertThat(found.getS()).isEqualTo(expected.getS());
        assertThat(found.getParams().getOrder()).isEqualTo(expected.getParams().getOrder());
    }

    @ParameterizedTest
    @CsvSource({
        "server.pem, server-key.pem",
        "server.pem, server-pkcs1.pem",
        "server.pem, server-pkcs1-des3.pem",
        "server.pem, server-pkcs8-aes256.pem",
        "ec.pem, ec-key.pem",
        "ec.pem, ec-aes128.pem",
    })
    void everyForm_isGoodForTls(String certificate, String file) throws Exception {
        SslContextBuilder builder = SslContextBuilder.forClient();
        KeyFile.use(builder, KEYS.resolve(certificate), KEYS.resolve(file), "1234");
        assertThat(builder.build()).isNotNull();
    }

    @Test
    void passwordThatIsWrong_isSaidWithTheFile() {
        Path key = KEYS.resolve("server-pkcs8-aes256.pem");
        assertThatThrownBy(() -> KeyFile.use(SslContextBuilder.forClient(), KEYS.resolve("server.pem"), key, "12345"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("server.pem and its key in " + key);
    }

    @Test
    void certificateThatIsNotThere_isSaidWithTheFile() {
        Path absent = KEYS.resolve("absent.pem");
        assertThatThrownBy(
                        () -> KeyFile.use(SslContextBuilder.forClient(), absent, KEYS.resolve("server-key.pem"), null))
                .isInstanceOf(IOException.class)
                .hasMessage(absent + ": no such file");
    }

    @ParameterizedTest
    @CsvSource({
        "server-pkcs1-des3.pem, , is encrypted",
        "ec-aes128.pem, , is encrypted",
        "server-pkcs8-aes256.pem, , is encrypted",
        "server-pkcs1-aes256.pem, 12345, cannot be decrypted",
        "server.pem, , no private key",
        "absent.pem, , no such file",
    })
    void whatIsWrong_isSaidWithTheFile(String file, @Nullable String password, String why) {
        assertThatThrownBy(() -> KeyFile.read(KEYS.resolve(file), password))
                .isInstanceOf(IOException.class)
                .hasMessageContainingAll(KEYS.resolve(file) + ": ", why);
    }

    @Test
    void otherKinds_areNamed(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("key");
        Files.writeString(file, "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n");
        assertThatThrownBy(() -> KeyFile.read(file, null))
                .hasMessageContaining(file + ": found BEGIN OPENSSH PRIVATE KEY (expected: ");
        Files.writeString(file, "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n");
        assertThatThrownBy(() -> KeyFile.read(file, null)).hasMessageContaining(file + ": ");
    }
}
