package io.zeolite.it.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.it.Encoding;
import io.zeolite.it.PythonScript;
import io.zeolite.it.Scene;
import io.zeolite.it.ServerKind;
import io.zeolite.it.ZeoServer;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** One process at a time has a Data.fs, whoever it is. */
final class LockIT {
    private static final Duration SHORT = Duration.ofMinutes(2);

    @RegisterExtension
    final Scene scene = new Scene();

    @Test
    void dataFile_servedByOneServer_isRefusedToASecond() throws InterruptedException {
        ZeoServer server = scene.server(Encoding.PICKLE).start();
        ZeoServer second = scene.server(scene.directory().resolve("second"), Encoding.PICKLE)
                .storages("<filestorage 1>\n  path " + server.dataFile() + "\n</filestorage>\n");
        assertThat(second.startInVain()).as("exit code").isNotZero();
        if (ServerKind.underTest() == ServerKind.ZEOLITE) {
            assertThat(second.log()).contains(Long.toString(server.pid()));
        }
        scene.run("quick_start.py", "write", server.address(), 10);
        server.stop();
    }

    @Test
    void dataFile_served_isRefusedToPython() throws InterruptedException {
        ZeoServer server = scene.server(Encoding.PICKLE).start();
        scene.run("locks.py", "refused", server.dataFile());
        server.kill();
        scene.run("locks.py", "granted", server.dataFile());
    }

    @Test
    void dataFile_openInPython_isRefusedToTheServer() throws InterruptedException {
        ZeoServer server = scene.server(Encoding.PICKLE).start();
        server.stop();
        PythonScript python = scene.start("locks.py", "held", server.dataFile());
        String pid = python.awaitLine("held ").substring("held ".length());
        assertThat(server.startInVain()).as("exit code").isNotZero();
        if (ServerKind.underTest() == ServerKind.ZEOLITE) {
            assertThat(server.log()).contains(pid);
        }
        python.say("go");
        python.finish(SHORT);
        server.start().stop();
    }
}
