package io.zeolite.it.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.it.Encoding;
import io.zeolite.it.Scene;
import io.zeolite.it.ServerKind;
import io.zeolite.it.ZeoServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What operators and their tools see in the log. */
final class LogIT {
    @RegisterExtension
    final Scene scene = new Scene();

    @Test
    void usr2_afterTheFileWasRenamed_beginsANewOne() throws IOException, InterruptedException {
        ZeoServer server = scene.server(Encoding.PICKLE).start();
        server.awaitLog("listening on");
        Path log = server.directory().resolve("server.log");
        Path renamed = server.directory().resolve("server.log.1");
        Files.move(log, renamed);
        String old = Files.readString(renamed);
        server.signal("USR2");
        server.awaitLog("Log files reopened successfully");
        scene.run("quick_start.py", "write", server.address(), 10);
        server.stop();
        assertThat(renamed).hasContent(old);
        assertThat(log).content().contains("Log files reopened successfully");
    }

    @Test
    void label_ofAClient_isInItsLines() throws InterruptedException {
        ZeoServer server = scene.server(Encoding.PICKLE).start();
        scene.run("noise.py", "label", server.address(), "test-label-1");
        server.awaitLog("test-label-1");
        server.stop();
        // As ZEO's own test of labels splits it.
        String line = server.log()
                .lines()
                .filter(text -> text.contains("test-label-1"))
                .findFirst()
                .orElseThrow();
        assertThat(line).matches("\\S+ INFO ZEO\\.StorageServer \\(test-label-1 \\S+\\) disconnected");
    }

    @Test
    @DisabledIfSystemProperty(
            named = ServerKind.PROPERTY,
            matches = ServerKind.PYTHON_VALUE,
            disabledReason = "Python's server writes a line or more for each")
    void flood_ofBadPeersAndDisconnects_isSummedUp() throws InterruptedException {
        ZeoServer server = scene.server(Encoding.PICKLE).start();
        scene.run("noise.py", "flood", server.address(), 1000);
        server.awaitLog("more messages like this in");
        server.stop();
        assertThat(server.log().lines().count())
                .as("lines for 2000 connections")
                .isLessThan(600);
        assertThat(server.log().lines())
                .anyMatch(
                        line -> line.matches(".*INFO ZEO.StorageServer \\d+ more messages like this .*disconnected.*"))
                .anyMatch(line ->
                        line.matches(".*WARNING ZEO.StorageServer \\d+ more messages like this .*no message.*"));
    }
}
