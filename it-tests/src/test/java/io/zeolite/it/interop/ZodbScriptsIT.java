package io.zeolite.it.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.it.Encoding;
import io.zeolite.it.PythonResult;
import io.zeolite.it.PythonScript;
import io.zeolite.it.Scene;
import io.zeolite.it.ZeoServer;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The scripts with which the operators of ZODB look after their files. */
final class ZodbScriptsIT {
    private static final Duration SHORT = Duration.ofMinutes(2);
    private static final int INCREMENTS = 3;

    @RegisterExtension
    final Scene scene = new Scene();

    @Test
    void repozo_whileTheServerCommits_savesStatesBetweenTransactions() throws InterruptedException {
        ZeoServer server = scene.server(Encoding.PICKLE).start();
        Path repository = scene.directory().resolve("repository");
        PythonScript writer = scene.start("zodb_scripts.py", "commit", server.address());
        writer.awaitLine("committed");
        PythonResult full = scene.run("zodb_scripts.py", "backup", server.dataFile(), repository);
        assertThat(full.text("kind")).isEqualTo("fs");
        long commits = recover(server, repository);
        for (int i = 0; i < INCREMENTS; i++) {
            writer.awaitLine("committed");
            PythonResult increment = scene.run("zodb_scripts.py", "backup", server.dataFile(), repository);
            assertThat(increment.text("kind")).isEqualTo("deltafs");
            assertThat(increment.number("bytes")).isPositive();
            long after = recover(server, repository);
            assertThat(after).isGreaterThan(commits);
            commits = after;
        }
        writer.say("stop");
        long all = writer.finish(SHORT).number("commits");
        scene.run("zodb_scripts.py", "backup", server.dataFile(), repository);
        assertThat(recover(server, repository)).isEqualTo(all);
        server.stop();
    }

    private long recover(ZeoServer server, Path repository) throws InterruptedException {
        Path output = scene.directory().resolve("recovered.fs");
        return scene.run("zodb_scripts.py", "recover", repository, server.dataFile(), output)
                .number("commits");
    }

    @Test
    void checkingScripts_onServedFile_findNothingWrong() throws InterruptedException {
        ZeoServer server = scene.server(Encoding.MSGPACK).start();
        scene.run("zodb_scripts.py", "fill", server.address());
        server.stop();
        assertThat(scene.run("zodb_scripts.py", "inspect", server.dataFile()).number("objects"))
                .isGreaterThan(2000);
    }

    @Test
    void fsrecover_onDamagedCopy_savesTheRestAndItIsServed() throws InterruptedException {
        ZeoServer server = scene.server(Encoding.PICKLE).start();
        scene.run("zodb_scripts.py", "fill", server.address());
        server.stop();
        Path rescued = scene.directory().resolve("rescued.fs");
        scene.run(
                "zodb_scripts.py",
                "rescue",
                server.dataFile(),
                scene.directory().resolve("damaged.fs"),
                rescued);
        ZeoServer second = scene.server(Encoding.MSGPACK)
                .storages("<filestorage 1>\n  path " + rescued + "\n</filestorage>\n")
                .start();
        scene.run("zodb_scripts.py", "compare", second.address(), rescued);
        second.stop();
    }
}
