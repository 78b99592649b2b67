package io.zeolite.it.crash;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.it.Encoding;
import io.zeolite.it.PythonScript;
import io.zeolite.it.Scene;
import io.zeolite.it.ServerKind;
import io.zeolite.it.ZeoServer;
import java.time.Duration;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Clients that have what others wait for, and die or hang. */
final class StuckClientIT {
    private static final Duration LESS_THAN_THE_TIMEOUT = Duration.ofSeconds(20);

    @RegisterExtension
    final Scene scene = new Scene();

    @ParameterizedTest
    @EnumSource
    void client_killedBetweenVoteAndFinish_holdsUpNobody(Encoding encoding) throws InterruptedException {
        ZeoServer server =
                scene.server(encoding).option("transaction-timeout", "60").start();
        scene.run("crash.py", "setup", server.address());
        PythonScript holder = scene.start("crash.py", "hold", server.address(), 0);
        holder.awaitLine("voted");
        if (ServerKind.underTest() == ServerKind.ZEOLITE) {
            // Python's server has one lock for all objects.
            scene.run("crash.py", "other_object", server.address(), 1);
        }
        PythonScript waiting = scene.start("crash.py", "want", server.address(), 0);
        waiting.awaitLine("waiting");
        holder.kill();
        waiting.finish(LESS_THAN_THE_TIMEOUT);
        server.stop();
    }

    @ParameterizedTest
    @EnumSource
    @DisabledIfSystemProperty(
            named = ServerKind.PROPERTY,
            matches = ServerKind.PYTHON_VALUE,
            disabledReason = "Python's server keeps the lock of a client that it drops")
    void client_hangingAfterItsVote_isDroppedAfterTheTimeout(Encoding encoding) throws InterruptedException {
        ZeoServer server =
                scene.server(encoding).option("transaction-timeout", "1").start();
        scene.run("crash.py", "timeout", server.address());
        server.stop();
        assertThat(server.log().lines())
                .anyMatch(line -> line.contains("CRITICAL ZEO.StorageServer")
                        && line.contains("Transaction timeout after 1 seconds"));
    }

    @ParameterizedTest
    @EnumSource
    void server_stoppedWhileALockIsHeld_letsEverybodyGo(Encoding encoding) throws InterruptedException {
        ZeoServer server =
                scene.server(encoding).option("transaction-timeout", "60").start();
        scene.run("crash.py", "setup", server.address());
        PythonScript holder = scene.start("crash.py", "hold_until_closed", server.address(), 0);
        holder.awaitLine("voted");
        PythonScript waiting = scene.start("crash.py", "want_until_closed", server.address(), 0);
        waiting.awaitLine("waiting");
        server.stop();
        holder.finish(LESS_THAN_THE_TIMEOUT);
        waiting.finish(LESS_THAN_THE_TIMEOUT);
        server.start();
        scene.run("crash.py", "want_alone", server.address(), 0);
        server.stop();
    }
}
