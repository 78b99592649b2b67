package io.zeolite.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.config.StorageConfig.ClientStorage;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ClientSectionTest {
    private static final String ZEO = "<zeo>\naddress 8100\n</zeo>\n";

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    private Path directory;

    @SuppressWarnings("NullAway.Init") // Set before each test.
    private ConfigText text;

    @BeforeEach
    void setUp() {
        text = new ConfigText(directory);
    }

    private ClientStorage read(String sections) throws Exception {
        return (ClientStorage) text.read(ZEO + sections).storages().get(0).storage();
    }

    @ParameterizedTest
    @ValueSource(strings = {"zeoclient", "clientstorage"})
    void section_leastOfAll_hasPythonsDefaults(String type) throws Exception {
        ClientStorage storage = read("<" + type + ">\nserver 8200\n</" + type + ">\n");

        assertThat(storage.client().addresses()).containsExactly(InetSocketAddress.createUnresolved("127.0.0.1", 8200));
        assertThat(storage.client().storage()).isEqualTo("1");
        assertThat(storage.readOnly()).isFalse();
        assertThat(storage.waits()).isTrue();
    }

    @Test
    void section_severalServers_inTheirOrder() throws Exception {
        ClientStorage storage = read("""
                <zeoclient main>
                server one.example.com:8200
                storage theirs
                server [::1]:8300
                server run/zeo.sock
                </zeoclient>
                """);

        assertThat(storage.client().addresses())
                .containsExactly(
                        InetSocketAddress.createUnresolved("one.example.com", 8200),
                        InetSocketAddress.createUnresolved("::1", 8300),
                        UnixDomainSocketAddress.of(directory.resolve("run/zeo.sock")));
        assertThat(storage.client().storage()).isEqualTo("theirs");
        assertThat(storage.label()).isEqualTo("[one.example.com:8200, [::1]:8300, run/zeo.sock]");
    }

    @Test
    void section_allKeysOfPython_isRead() throws Exception {
        Files.createFile(directory.resolve("client.pem"));
        ClientStorage storage = read("""
                <zeoclient>
                server 8200
                storage 1
                name shown
                cache-size 1GB
                client main
                var var
                blob-dir blobs
                blob-cache-size 10GB
                blob-cache-size-check 10
                shared-blob-dir no
                wait off
                wait-timeout 5
                read-only true
                read-only-fallback false
                client-label edge
                server-sync true
                drop-cache-rather-verify true
                min-disconnect-poll 5
                max-disconnect-poll 300
                username user
                password secret
                realm realm
                <ssl>
                certificate client.pem
                authenticate client.pem
                check-hostname no
                server-hostname zeo
                </ssl>
                </zeoclient>
                """);

        assertThat(storage.label()).isEqualTo("shown");
        assertThat(storage.readOnly()).isTrue();
        assertThat(storage.waits()).isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "storage 1                 | 4: no key \"server\" in <zeoclient> (expected server and PORT, HOST:PORT,",
                "server here               | 5: server: \"here:0\" has no port (expected HOST:PORT)",
                "server 1;storage 1;storage 2 | 7: key \"storage\" is given twice (expected once)",
                "server 1;read-only on;read-only-fallback on | 7: read-only-fallback beside read-only (expected one of",
                "server 1;blob-cache-size 1GB | 6: blob-cache-size without blob-dir (expected both)",
                "server 1;shared-blob-dir on | 6: shared-blob-dir without blob-dir (expected both)",
                "server 1;cache-path c;client d | 6: cache-path beside client (expected one of them)",
                "server 1;cache 1          | 6: unknown key \"cache\" in <zeoclient>",
                "server 1;<ssl>;certificate c;password-function a.b;</ssl> | 8: password-function: \"a.b\" names Python",
                "server 1;<ssl>;certificate c;authenticate .;</ssl> | 8: authenticate: ",
                "server 1;<ssl>;key c;</ssl> | 6: no key \"certificate\" in <ssl>"
            })
    void section_mistake_isNamedWithItsLine(String lines, String expected) throws Exception {
        String section = "<zeoclient>\n" + lines.replace(';', '\n') + "\n</zeoclient>\n";

        assertThat(text.error(ZEO + section)).startsWith("zeo.conf:" + expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "demostorage | a storage of another server in <demostorage>",
                "blobstorage>;blob-dir b;# | a storage of another server in <blobstorage>"
            })
    void section_withinAnother_isRefused(String outer, String expected) throws Exception {
        String type = outer.replaceAll(">.*", "");
        String section = "<" + outer.replace(';', '\n') + ">\n<zeoclient>\nserver 1\n</zeoclient>\n</" + type + ">\n";

        assertThat(text.error(ZEO + section)).contains(expected);
    }
}
