package io.zeolite.it.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.it.Encoding;
import io.zeolite.it.Scene;
import io.zeolite.it.ServerKind;
import io.zeolite.it.ZeoServer;
import java.io.IOException;
import java.net.NetworkInterface;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.opentest4j.TestAbortedException;

/** Where a server listens: Unix sockets, IPv6, and addresses in all the ways that they are written. */
final class ListeningIT {
    @RegisterExtension
    final Scene scene = new Scene();

    @Test
    void unixSocket_servesAndIsGoneAfterwards() throws InterruptedException {
        ZeoServer server = scene.server(Encoding.PICKLE).socket("./sock").start();
        scene.run("quick_start.py", "write", server.address(), 100);
        scene.run("blobs.py", "sizes", server.address(), server.directory().resolve("blobs"), "own");
        server.stop();
        assertThat(server.directory().resolve("sock")).doesNotExist();
    }

    @ParameterizedTest
    @CsvSource({"022,rwxr-xr-x", "007,rwxrwx---"})
    void unixSocket_hasThePermissionsThatTheUmaskLeaves(String umask, String mode)
            throws IOException, InterruptedException {
        ZeoServer server = scene.server(Encoding.PICKLE).socket("./sock");
        server.underUmask(umask).start();
        assertThat(PosixFilePermissions.toString(
                        Files.getPosixFilePermissions(server.directory().resolve("sock"))))
                .isEqualTo(mode);
        server.stop();
    }

    @Test
    void unixSocket_ofAKilledServer_isTakenOver() throws InterruptedException {
        ZeoServer server = scene.server(Encoding.PICKLE).socket("./sock").start();
        server.kill();
        assertThat(server.directory().resolve("sock")).exists();
        server.start();
        scene.run("quick_start.py", "write", server.address(), 10);
        server.stop();
    }

    @Test
    @DisabledIfSystemProperty(
            named = ServerKind.PROPERTY,
            matches = ServerKind.PYTHON_VALUE,
            disabledReason = "Exit code and message are Zeolite's")
    void unixSocket_ofALiveServerOrNone_isLeftAlone() throws IOException, InterruptedException {
        Path socket = scene.directory().resolve("shared.sock");
        ZeoServer server =
                scene.server(Encoding.PICKLE).socket("../shared.sock").start();
        ZeoServer second = scene.server(Encoding.PICKLE).socket("../shared.sock");
        assertThat(second.startInVain()).isEqualTo(1);
        assertThat(second.log()).contains("../shared.sock: another server listens there");
        scene.run("quick_start.py", "write", server.address(), 10);
        server.stop();

        assertThat(socket).doesNotExist();
        Files.writeString(socket, "a file of somebody's");
        assertThat(second.startInVain()).isEqualTo(1);
        assertThat(second.log()).contains("../shared.sock: there is a file that is no socket");
        assertThat(socket).hasContent("a file of somebody's");
    }

    @Test
    void ipv6_serves() throws IOException, InterruptedException {
        if (NetworkInterface.networkInterfaces()
                .flatMap(NetworkInterface::inetAddresses)
                .noneMatch(address -> address.getHostAddress().startsWith("0:0:0:0:0:0:0:1"))) {
            System.err.println("\n*** SKIPPED: ListeningIT.ipv6_serves, this machine has no ::1\n");
            throw new TestAbortedException("no ::1 on this machine");
        }
        ZeoServer server = scene.server(Encoding.PICKLE).host("[::1]").start();
        scene.run("quick_start.py", "write", server.address(), 10);
        server.stop();
        if (ServerKind.underTest() == ServerKind.ZEOLITE) {
            assertThat(server.outputFile()).content().contains("serving storage 1 on [0:0:0:0:0:0:0:1]:");
        }
    }

    @ParameterizedTest
    @DisabledIfSystemProperty(
            named = ServerKind.PROPERTY,
            matches = ServerKind.PYTHON_VALUE,
            disabledReason = "Python's server does not tell the port that it got for all interfaces")
    @ValueSource(strings = {"127.0.0.1: 0", ":0", "127.0.0.1"})
    void address_asZeosParserTakesIt_serves(String address) throws InterruptedException {
        ZeoServer server = scene.server(Encoding.PICKLE).addressText(address).start();
        scene.run("quick_start.py", "write", server.address(), 10);
        server.stop();
    }

    @Test
    void storages_several_areServedByTheirNames() throws InterruptedException {
        ZeoServer server = scene.server(Encoding.PICKLE).storages("""
                        <filestorage>
                          path Data.fs
                        </filestorage>
                        <mappingstorage Second>
                        </mappingstorage>
                        <filestorage third>
                          path Third.fs
                          blob-dir third
                        </filestorage>
                        """).start();
        scene.run("several.py", "separate", server.address(), "1", "second", "third");
        server.stop();
        assertThat(List.of("Data.fs", "Third.fs"))
                .allSatisfy(file -> assertThat(server.directory().resolve(file)).isNotEmptyFile());
    }
}
