package io.zeolite.it.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.zeolite.it.Encoding;
import io.zeolite.it.Layout;
import io.zeolite.it.Scene;
import io.zeolite.it.ServerKind;
import io.zeolite.it.ZeoServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.extension.RegisterExtension;

@DisabledIfSystemProperty(
        named = ServerKind.PROPERTY,
        matches = ServerKind.PYTHON_VALUE,
        disabledReason = "It is about Zeolite's command line")
final class LauncherIT {
    @RegisterExtension
    final Scene scene = new Scene();

    @Test
    void launcher_throughASymlinkFromAnotherDirectory_serves() throws IOException, InterruptedException {
        Path link = Files.createSymbolicLink(scene.directory().resolve("a link"), Layout.launcher());
        Path linkToLink = Files.createSymbolicLink(scene.directory().resolve("second"), Path.of("a link"));
        ZeoServer server = scene.server(Encoding.PICKLE)
                .command(List.of(linkToLink.toString(), "serve"))
                .start();
        scene.run("quick_start.py", "write", server.address(), 10);
        server.stop();
        assertThat(link).isSymbolicLink();
    }

    @Test
    void launcher_withBlanksInAllPaths_serves() throws IOException, InterruptedException {
        Path tree = scene.directory().resolve("a tree with blanks");
        Path bin = Files.createDirectories(tree.resolve("server/bin"));
        Path original = Layout.launcher();
        Files.copy(original, bin.resolve("zeolite"), StandardCopyOption.COPY_ATTRIBUTES);
        Files.createSymbolicLink(
                tree.resolve("server/target"),
                original.resolveSibling("../target").normalize());
        ZeoServer server = scene.server(scene.directory().resolve("a server's \"directory\""), Encoding.PICKLE)
                .command(List.of(bin.resolve("zeolite").toString(), "serve"))
                .start();
        scene.run("quick_start.py", "write", server.address(), 10);
        server.stop();
    }

    @Test
    void launcher_withoutATemporaryDirectory_usesTheNativeLibraries() throws IOException, InterruptedException {
        ZeoServer server = scene.server(Encoding.PICKLE)
                .environment(
                        "ZEOLITE_JAVA_OPTS",
                        "-Djava.io.tmpdir=" + scene.directory().resolve("absent"))
                .start();
        scene.run("quick_start.py", "write", server.address(), 10);
        Path libraries =
                Layout.launcher().resolveSibling("../target/zeolite/native").toRealPath();
        assertThat(Path.of("/proc", Long.toString(server.pid()), "maps"))
                .content()
                .contains(libraries + "/libnetty_transport_native_epoll");
        server.stop();
    }

    @Test
    void serve_withNothingElse_servesVarAndSaysHowToConnect() throws InterruptedException {
        assumeTrue(isFree(8100), "Port 8100 is taken");
        ZeoServer server = scene.server(Encoding.PICKLE).startPlain(8100);
        scene.run("pasted.py", "session", server.outputFile());
        server.stop();
        assertThat(server.directory().resolve("var/Data.fs")).isRegularFile();
        assertThat(server.directory().resolve("var/blobs/.layout")).isRegularFile();
        scene.run(
                "files.py",
                "examine",
                server.directory().resolve("var/Data.fs"),
                server.directory().resolve("var/blobs"));
    }

    private static boolean isFree(int port) {
        try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
            return socket.isBound();
        } catch (IOException e) {
            return false;
        }
    }
}
