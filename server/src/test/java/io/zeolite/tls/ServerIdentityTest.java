package io.zeolite.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ServerIdentityTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    Path directory;

    @ParameterizedTest
    @CsvSource({
        "server.pem, server-key.pem",
        "server.pem, server-pkcs1.pem",
        "server.pem, server-pkcs1-des3.pem",
        "server.pem, server-pkcs1-aes256.pem",
        "server.pem, server-pkcs8-aes256.pem",
        "server.pem, server-pkcs8-des3.pem",
        "server.pem, server-pkcs8-v1.pem",
        "server.pem, server-pkcs8-scrypt.pem",
        "server-all.pem, server-all.pem",
        "ec.pem, ec-key.pem",
        "ec.pem, ec-aes128.pem",
        "ec.pem, ec-pkcs8.pem",
        "ed25519.pem, ed25519-key.pem",
        "below-chain.pem, below-key.pem",
    })
    void load_everyFormOfKey_isThatOfTheCertificate(String certificate, String key) throws Exception {
        // Which is checked by a signature.
        ServerIdentity identity = ServerIdentity.load(TestFiles.settings(certificate, key, TestFiles.PASSWORD));

        assertThat(identity.chain()).hasSize(certificate.equals("below-chain.pem") ? 2 : 1);
        assertThat(Names.of(identity.certificate())).startsWith("CN=");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "server-pkcs1-des3.pem",
                "server-pkcs1-aes256.pem",
                "server-pkcs8-aes256.pem",
                "server-pkcs8-des3.pem",
                "server-pkcs8-v1.pem",
                "server-pkcs8-scrypt.pem"
            })
    void load_encryptedKey_needsItsPassword(String key) {
        assertThatThrownBy(() -> ServerIdentity.load(TestFiles.settings("server.pem", key, KeyPassword.NONE)))
                .isInstanceOf(IOException.class)
                .hasMessageContainingAll(key, "is encrypted", "password-file", "password-env");
        assertThatThrownBy(() -> ServerIdentity.load(TestFiles.settings("server.pem", key, KeyPassword.of("12345"))))
                .isInstanceOf(IOException.class)
                .hasMessageContainingAll(key, "cannot be decrypted", "may be wrong")
                .message()
                .doesNotContain("12345");
    }

    @Test
    void load_passwordInAFile_isItsFirstLine() throws Exception {
        Path file = directory.resolve("password");
        Files.writeString(file, "1234\nand more\n");
        KeyPassword password = KeyPassword.inFile(file);

        assertThat(ServerIdentity.load(TestFiles.settings("server.pem", "server-pkcs8-aes256.pem", password)))
                .isNotNull();
        assertThat(password).hasToString("in " + file);
        Files.delete(file);
        assertThatThrownBy(() ->
                        ServerIdentity.load(TestFiles.settings("server.pem", "server-pkcs8-aes256.pem", password)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(file.toString());
    }

    @ParameterizedTest
    @CsvSource({
        "server.pem, client-key.pem, client-key.pem: not the key of the certificate in",
        "server.pem, ec-key.pem, ec-key.pem: not the key of the certificate in",
        "server.pem, server.pem, server.pem: no private key",
        "server-key.pem, server-key.pem, server-key.pem: no certificate",
        "server.pem, nothing.pem, nothing.pem: no such file",
        "make, make, make: no private key",
    })
    void load_filesThatDoNotFit_areNamed(String certificate, String key, String message) {
        assertThatThrownBy(() -> ServerIdentity.load(TestFiles.settings(certificate, key, KeyPassword.NONE)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(message);
    }

    @Test
    void load_damagedFile_isNamed() throws Exception {
        String text = Files.readString(TestFiles.path("server.pem"));
        Path damaged = directory.resolve("damaged.pem");
        for (String broken : new String[] {
            text.substring(0, text.length() / 2), text.replace("MII", "MIX"), text.replace("\n", "!\n")
        }) {
            Files.writeString(damaged, broken);
            assertThatThrownBy(() -> ServerIdentity.load(
                            TestFiles.settings(damaged, TestFiles.path("server-key.pem"), KeyPassword.NONE, null)))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("damaged.pem");
        }
    }
}
