package io.zeolite.it.crash;

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
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Kills of the server under load, and what is there after them. */
final class CrashIT {
    private static final int KILLS = 8 * Layout.scale();
    private static final int WRITERS = 4;
    private static final Duration PROGRESS = Duration.ofMinutes(3);
    private static final Duration END = Duration.ofMinutes(5);

    @RegisterExtension
    final Scene scene = new Scene();

    @ParameterizedTest
    @EnumSource
    void transactions_afterKillsOfTheServer_areThereIfTheyWereFinished(Encoding encoding)
            throws InterruptedException, IOException {
        long seed = Long.getLong("zeolite.it.seed", ThreadLocalRandom.current().nextLong());
        System.err.println("CrashIT " + encoding + ": -Dzeolite.it.seed=" + seed);
        Random random = new Random(seed);
        ZeoServer server = scene.server(encoding).start();
        scene.run("crash.py", "setup", server.address());
        List<PythonScript> writers = new ArrayList<>();
        for (int n = 0; n < WRITERS; n++) {
            writers.add(scene.start("crash.py", "write", server.address(), "writer" + n, seed));
        }
        writers.forEach(writer -> writer.awaitLine("writing"));

        for (int kill = 0; kill < KILLS; kill++) {
            // So many lines later there was load since the last start, and a few microseconds more put it anywhere in a
            // commit.
            long enough = journalBytes() + random.nextInt(20_000);
            Await.until(PROGRESS, () -> "the writers get on", () -> journalBytes() > enough);
            LockSupport.parkNanos(random.nextInt(20_000_000));
            server.kill();
            Instant killed = Instant.now();
            server.start();
            if (ServerKind.underTest() == ServerKind.ZEOLITE) {
                assertThat(server.temporaryBlobsFromBefore(killed))
                        .as("uploads that the kill broke off")
                        .isEmpty();
            }
        }
        Files.createFile(scene.directory().resolve("enough"));
        for (PythonScript writer : writers) {
            writer.finish(END);
        }
        PythonResult served = scene.run("crash.py", "served", server.address());
        server.stop();
        PythonResult left = scene.run(
                "crash.py", "left", server.dataFile(), server.directory().resolve("blobs"));
        System.err.println("CrashIT " + encoding + ": " + served.json() + " " + left.json());
        assertThat(served.number("finished")).isGreaterThan(KILLS);
        scene.run("files.py", "examine", server.dataFile(), server.directory().resolve("blobs"));
    }

    private long journalBytes() {
        try (var files = Files.list(scene.directory())) {
            return files.filter(file -> file.toString().endsWith(".journal"))
                    .mapToLong(file -> file.toFile().length())
                    .sum();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
