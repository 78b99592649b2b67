package io.zeolite.it.crash;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.it.Await;
import io.zeolite.it.Encoding;
import io.zeolite.it.Scene;
import io.zeolite.it.ServerKind;
import io.zeolite.it.ZeoServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** More connections than the server may have files open. */
final class FileDescriptorsIT {
    private static final int LIMIT = 200;
    private static final int CONNECTIONS = 300;

    @RegisterExtension
    final Scene scene = new Scene();

    @Test
    void connectionsThatTakeAllDescriptors_haveGone_othersAreServed() throws Exception {
        ZeoServer server = scene.server(Encoding.PICKLE);
        server.command(Stream.concat(
                        Stream.of("sh", "-c", "ulimit -n " + LIMIT + "; exec \"$@\"", "sh"),
                        ServerKind.underTest().command().stream())
                .toList());
        server.start();
        if (ServerKind.underTest() == ServerKind.ZEOLITE) {
            Await.until(Duration.ofMinutes(2), () -> "the server has opened its jars", () -> openFiles(server)
                    .anyMatch(file -> file.contains("logback-core")));
        }
        int port = Integer.parseInt(server.address().replaceAll(".*:", ""));
        List<Socket> idle = new ArrayList<>();
        try {
            for (int i = 0; i < CONNECTIONS; i++) {
                idle.add(new Socket(InetAddress.getLoopbackAddress(), port));
            }
            server.awaitLog("Too many open files");
        } finally {
            for (Socket socket : idle) {
                socket.close();
            }
        }
        scene.run("crash.py", "setup", server.address());
        server.stop();
        assertThat(server.log()).doesNotContain("NoClassDefFoundError");
        if (ServerKind.underTest() == ServerKind.ZEOLITE) {
            assertThat(server.log())
                    .containsPattern("cannot accept connections to .*: Too many open files")
                    .doesNotContain("exceptionCaught");
        }
    }

    private static Stream<String> openFiles(ZeoServer server) {
        Path descriptors = Path.of("/proc", Long.toString(server.pid()), "fd");
        try (Stream<Path> all = Files.list(descriptors)) {
            return all.map(FileDescriptorsIT::target).toList().stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String target(Path link) {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (IOException e) {
            // It has been closed since.
            return "";
        }
    }
}
