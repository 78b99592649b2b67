package io.zeolite.it.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.it.Encoding;
import io.zeolite.it.Layout;
import io.zeolite.it.PythonScript;
import io.zeolite.it.Scene;
import io.zeolite.it.ServerKind;
import io.zeolite.it.ZeoServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Python's clients over TLS. */
final class TlsIT {
    private static final String CLIENT = "client@";
    private static final int BIG_MEGABYTES = 300;

    @RegisterExtension
    final Scene scene = new Scene();

    private static String keys(String certificate, String key, String authenticate) {
        return "certificate " + Layout.tls().resolve(certificate) + "\n"
                + "key " + Layout.tls().resolve(key) + "\n"
                + "authenticate " + Layout.tls().resolve(authenticate) + "\n";
    }

    private ZeoServer server(String keys) {
        return scene.server(Encoding.PICKLE).tls(keys);
    }

    @ParameterizedTest
    @EnumSource
    void client_withItsCertificate_getsInAndNobodyElse(Encoding encoding) throws InterruptedException {
        ZeoServer server = scene.server(encoding)
                .tls(keys("server.pem", "server-pkcs1.pem", "client.pem"))
                .start();
        scene.run("tls.py", "works", CLIENT + server.address());
        scene.run("tls.py", "refused", CLIENT + server.address(), "example.org");
        scene.run("tls.py", "refused", "stranger@" + server.address());
        scene.run("tls.py", "refused", "none@" + server.address());
        scene.run("tls.py", "works", CLIENT + server.address());
        scene.run("tls.py", "quick_close", server.address());
        server.stop();
        if (ServerKind.underTest() == ServerKind.ZEOLITE) {
            assertThat(server.log())
                    .contains(
                            "TLS by BoringSSL",
                            "the certificate of CN=stranger is not trusted: ",
                            "has no certificate");
        }
    }

    @Test
    void client_signedByAnAuthority_getsInUnlessRevoked() throws InterruptedException {
        ZeoServer server =
                server(keys("ec.pem", "ec-key.pem", "ca-with-crl.pem")).start();
        server.stop();
        server = server(keys("server.pem", "server-key.pem", "ca-with-crl.pem")).start();
        scene.run("tls.py", "works", "signed@" + server.address());
        scene.run("tls.py", "refused", "revoked@" + server.address());
        scene.run("tls.py", "refused", "expired@" + server.address());
        server.stop();
    }

    @Test
    @DisabledIfSystemProperty(
            named = ServerKind.PROPERTY,
            matches = ServerKind.PYTHON_VALUE,
            disabledReason = "The password's key, the fallback and the check of files are Zeolite's own")
    void javasTls_whereOpenSslIsNot_servesTheSame() throws InterruptedException {
        ZeoServer server = server(keys("server.pem", "server-pkcs1-des3.pem", "hashed") + "password-env KEY_PASSWORD\n")
                .environment("KEY_PASSWORD", "1234")
                .environment("ZEOLITE_JAVA_OPTS", "-Dio.netty.handler.ssl.noOpenSsl=true")
                .start();
        scene.run("tls.py", "works", CLIENT + server.address());
        scene.run("tls.py", "refused", "stranger@" + server.address());
        scene.run("tls.py", "refused", "none@" + server.address());
        scene.run("tls.py", "quick_close", server.address());
        scene.run(
                "blobs.py",
                "sizes",
                CLIENT + server.address(),
                server.directory().resolve("blobs"),
                "own");
        server.stop();
        assertThat(server.log())
                .contains("TLS by Java, ", "the certificate of CN=stranger is not trusted: ", "has no certificate");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @DisabledIfSystemProperty(
            named = ServerKind.PROPERTY,
            matches = ServerKind.PYTHON_VALUE,
            disabledReason = "Python's server ends on SIGHUP")
    void certificates_replaced_areShownToNewClientsWhileOldOnesStay(boolean signal)
            throws IOException, InterruptedException {
        Path certificate = scene.directory().resolve("certificate.pem");
        Path key = scene.directory().resolve("key.pem");
        Path clients = scene.directory().resolve("clients.pem");
        copy("server.pem", certificate);
        copy("server-key.pem", key);
        copy("client.pem", clients);
        ZeoServer server = server("certificate " + certificate + "\nkey " + key + "\nauthenticate " + clients
                        + "\ncheck-interval " + (signal ? 0 : 1) + "\n")
                .start();
        PythonScript client = scene.start("tls.py", "stay", CLIENT + server.address());
        client.awaitLine("ready");
        client.say("before");
        client.awaitLine("shown first");

        // A certificate without its key, as there is for a moment in every replacement, or for longer.
        copy("server2.pem", certificate);
        reload(server, signal);
        server.awaitLog("certificates not reloaded");
        assertThat(server.log()).contains("key.pem: not the key of the certificate in");
        client.say("broken");
        client.awaitLine("shown first");

        copy("server2-key.pem", key);
        reload(server, signal);
        server.awaitLog("certificates reloaded");
        client.say("after");
        client.awaitLine("shown second");

        scene.run("tls.py", "refused", "stranger@" + server.address());
        Files.writeString(
                clients,
                Files.readString(clients) + Files.readString(Layout.tls().resolve("stranger.pem")));
        reload(server, signal);
        server.awaitLog("clients by 2 certificates");
        scene.run("tls.py", "works", "stranger@" + server.address());
        client.say("end");
        client.finish(Duration.ofMinutes(2));
        server.stop();
    }

    private static void reload(ZeoServer server, boolean signal) throws InterruptedException {
        if (signal) {
            server.signal("HUP");
        }
    }

    @Test
    @DisabledIfSystemProperty(
            named = ServerKind.PROPERTY,
            matches = ServerKind.PYTHON_VALUE,
            disabledReason = "Python's server waits for a handshake for a minute")
    void clients_ofTheOtherKind_noticeOrAreDropped() throws InterruptedException {
        ZeoServer secure = server(keys("server.pem", "server-key.pem", "client.pem"))
                .option("handshake-timeout", "2s")
                .start();
        ZeoServer plain = scene.server(Encoding.PICKLE).start();
        scene.run("tls.py", "mismatch", secure.address(), plain.address());
        secure.stop();
        plain.stop();
        assertThat(secure.log()).contains("TLS handshake failed: the client does not speak TLS");
        assertThat(secure.log()).contains("dropped: it did not end the TLS handshake within 2 s");
    }

    @Test
    void prefetch_ofMoreThanIsKeptForAClient_isAnswered() throws InterruptedException {
        ZeoServer server =
                server(keys("server.pem", "server-key.pem", "client.pem")).start();
        scene.run("tls.py", "prefetch", CLIENT + server.address());
        server.stop();
    }

    @Test
    void bigBlob_upAndDown_letsSmallTransactionsPass() throws InterruptedException {
        ZeoServer server =
                server(keys("server.pem", "server-key.pem", "client.pem")).start();
        var blobs = server.directory().resolve("blobs");
        System.err.println("TlsIT "
                + scene.start("blobs.py", "big", CLIENT + server.address(), blobs, BIG_MEGABYTES)
                        .finish(Duration.ofMinutes(8))
                        .json());
        scene.run("blobs.py", "sizes", CLIENT + server.address(), blobs, "own");
        server.stop();
    }

    @Test
    @DisabledIfSystemProperty(
            named = ServerKind.PROPERTY,
            matches = ServerKind.PYTHON_VALUE,
            disabledReason = "Its messages are Zeolite's")
    void start_filesThatDoNotFit_isRefusedWithTheirNames() throws InterruptedException {
        ZeoServer server = server(keys("server.pem", "client-key.pem", "client.pem"));
        assertThat(server.startInVain()).isEqualTo(1);
        assertThat(server.log()).contains("client-key.pem: not the key of the certificate in ");
        server = server(keys("server.pem", "server-pkcs8-aes256.pem", "client.pem"));
        assertThat(server.startInVain()).isEqualTo(1);
        assertThat(server.log())
                .contains("server-pkcs8-aes256.pem: the private key is encrypted (expected: password-file");
        server = server(keys("server.pem", "server-key.pem", "nobody.pem"));
        assertThat(server.startInVain()).isEqualTo(1);
        assertThat(server.log()).contains("nobody.pem: no such file");
    }

    private static void copy(String name, Path target) throws IOException {
        Files.copy(Layout.tls().resolve(name), target, StandardCopyOption.REPLACE_EXISTING);
    }
}
