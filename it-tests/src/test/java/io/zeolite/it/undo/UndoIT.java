package io.zeolite.it.undo;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.it.Await;
import io.zeolite.it.Encoding;
import io.zeolite.it.Layout;
import io.zeolite.it.PythonResult;
import io.zeolite.it.PythonScript;
import io.zeolite.it.Scene;
import io.zeolite.it.ServerKind;
import io.zeolite.it.ZeoServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class UndoIT {
    private static final int KILLS = 6 * Layout.scale();
    private static final Duration PROGRESS = Duration.ofMinutes(3);
    private static final Duration END = Duration.ofMinutes(5);

    @RegisterExtension
    final Scene scene = new Scene();

    @ParameterizedTest
    @EnumSource
    @DisabledIfSystemProperty(
            named = ServerKind.PROPERTY,
            matches = ServerKind.PYTHON_VALUE,
            disabledReason = "an unknown transaction has no class of its own there")
    void changesCreationsAndDeletions_areUndone(Encoding encoding) throws InterruptedException {
        run(encoding, "objects");
    }

    @ParameterizedTest
    @EnumSource
    @DisabledIfSystemProperty(
            named = ServerKind.PROPERTY,
            matches = ServerKind.PYTHON_VALUE,
            disabledReason = "an extension can take the place of the id there")
    void undoLogAndHistory_pagesAndFilters(Encoding encoding) throws InterruptedException {
        run(encoding, "log");
    }

    @ParameterizedTest
    @EnumSource
    void undoWhileOthersCommit_losesNothing(Encoding encoding) throws InterruptedException {
        run(encoding, "busy");
    }

    @ParameterizedTest
    @EnumSource
    @DisabledIfSystemProperty(
            named = ServerKind.PROPERTY,
            matches = ServerKind.PYTHON_VALUE,
            disabledReason = "newer revisions of a blob are lost there")
    void blobs_areUndoneWithTheirFiles(Encoding encoding) throws InterruptedException {
        ZeoServer server = scene.server(encoding).start();
        scene.run("undo.py", "blobs", server.address(), blobs(server));
        examine(server);
    }

    @ParameterizedTest
    @EnumSource
    @DisabledIfSystemProperty(
            named = ServerKind.PROPERTY,
            matches = ServerKind.PYTHON_VALUE,
            disabledReason = "a hint to an unknown transaction is an error there")
    void copiesWithWrongHints_areWritten(Encoding encoding) throws InterruptedException {
        run(encoding, "hints");
    }

    /** What Python wrote, undone transactions and a deletion in it, copied record by record, is the same file. */
    @ParameterizedTest
    @EnumSource
    @DisabledIfSystemProperty(
            named = ServerKind.PROPERTY,
            matches = ServerKind.PYTHON_VALUE,
            disabledReason = "a tid may be earlier than the last one there")
    void copyOfAStorage_isTheSameFile(Encoding encoding) throws InterruptedException, IOException {
        Path source = Files.createDirectories(scene.directory().resolve("source"));
        scene.run("files.py", "make", source);
        ZeoServer server = scene.server(encoding).start();
        scene.run("undo.py", "copies", server.address(), source);
        server.stop();
        assertThat(server.dataFile()).hasSameBinaryContentAs(source.resolve("Data.fs"));
    }

    @ParameterizedTest
    @EnumSource
    void kills_duringUndo_leaveItWholeOrNotThere(Encoding encoding) throws InterruptedException, IOException {
        long seed = Long.getLong("zeolite.it.seed", ThreadLocalRandom.current().nextLong());
        System.err.println("UndoIT " + encoding + ": -Dzeolite.it.seed=" + seed);
        Random random = new Random(seed);
        ZeoServer server = scene.server(encoding).start();
        PythonScript client = scene.start("undo.py", "flip", server.address(), seed);
        client.awaitLine("flipping");
        for (int kill = 0; kill < KILLS; kill++) {
            long enough = undos() + 10 + random.nextInt(50);
            Await.until(PROGRESS, () -> "the client undoes", () -> undos() > enough);
            LockSupport.parkNanos(random.nextInt(20_000_000));
            server.kill();
            server.start();
        }
        Files.createFile(scene.directory().resolve("enough"));
        client.finish(END);
        server.stop();
        PythonResult result = scene.run("undo.py", "flipped", server.dataFile(), blobs(server));
        System.err.println(
                "UndoIT " + encoding + ": " + KILLS + " kills, " + undos() / 5 + " undone, " + result.json());
        assertThat(result.number("states")).isGreaterThan(KILLS);
    }

    /** The bytes that the client has noted of them. */
    private long undos() {
        return scene.directory().resolve("undos").toFile().length();
    }

    private void run(Encoding encoding, String command) throws InterruptedException {
        ZeoServer server = scene.server(encoding).start();
        scene.run("undo.py", command, server.address());
        examine(server);
    }

    private void examine(ZeoServer server) throws InterruptedException {
        server.stop();
        scene.run("undo.py", "left", server.dataFile(), blobs(server));
    }

    private static Path blobs(ZeoServer server) {
        return server.directory().resolve("blobs");
    }
}
