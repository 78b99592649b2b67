package io.zeolite.it.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.zeolite.it.Encoding;
import io.zeolite.it.Scene;
import io.zeolite.it.ServerKind;
import io.zeolite.it.ZeoServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A small file system of its own, which only root can make. */
@DisabledIfSystemProperty(
        named = ServerKind.PROPERTY,
        matches = ServerKind.PYTHON_VALUE,
        disabledReason = "Python's server keeps the space that a refused transaction took")
final class DiskFullIT {
    @RegisterExtension
    final Scene scene = new Scene();

    @ParameterizedTest
    @EnumSource
    void transaction_thatDoesNotFit_isRefusedAtTheVoteAndOthersGoOn(Encoding encoding)
            throws InterruptedException, IOException {
        Path disk = Files.createDirectory(scene.directory().resolve("disk"));
        String refusal = run("mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", disk.toString());
        if (!refusal.isEmpty()) {
            System.err.println("\n*** SKIPPED: DiskFullIT cannot mount a small file system: " + refusal + "\n");
        }
        assumeTrue(refusal.isEmpty(), refusal);
        try {
            ZeoServer server = scene.server(disk.resolve("server"), encoding).start();
            scene.run("crash.py", "full", server.address());
            assertThat(server.isAlive()).as("the server lives").isTrue();
            server.stop();
            scene.run("crash.py", "kept", server.dataFile());
        } finally {
            scene.killServers();
            assertThat(run("umount", disk.toString())).isEmpty();
        }
    }

    /** What the command says, when it fails. */
    private static String run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return process.waitFor() == 0 ? "" : "failed: " + output.strip();
    }
}
