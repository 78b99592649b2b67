package io.zeolite.it.pack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

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
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Packs of a file storage. */
@DisabledIfSystemProperty(
        named = ServerKind.PROPERTY,
        matches = ServerKind.PYTHON_VALUE,
        disabledReason = "compares with what Python does, and is strict where Python is not")
final class PackIT {
    private static final int WRITERS = 8;
    private static final int KILLS = 10 * Layout.scale();
    private static final Duration PROGRESS = Duration.ofMinutes(5);
    private static final Duration END = Duration.ofMinutes(8);

    @RegisterExtension
    final Scene scene = new Scene();

    /** At the end of the file, Python's rules and ours are the same; in between, we keep more. */
    @ParameterizedTest
    @CsvSource({"true, 2", "false, 2", "true, 1", "false, 1", "true, 0"})
    void pack_ofAFileOfPython_leavesWhatPythonLeaves(boolean gc, int moment) throws InterruptedException, IOException {
        Path source = Files.createDirectory(scene.directory().resolve("source"));
        String when = scene.run("pack.py", "make", source).text("times").split(" ", -1)[moment];
        Path expected = scene.directory().resolve("expected");
        scene.run("pack.py", "python_pack", source, expected, gc, when);
        ZeoServer server = scene.server(Encoding.MSGPACK).storages(storage("pack-gc " + gc));
        scene.run("pack.py", "copy", source, server.directory());
        server.start();
        scene.run("pack.py", "pack", server.address(), when);
        server.stop();
        PythonResult result = scene.run("pack.py", "compare", server.directory(), expected, moment > 0);
        assertThat(result.number("records")).isGreaterThan(300);
    }

    @Test
    void pack_underLoad_losesNothing() throws InterruptedException, IOException {
        ZeoServer server = scene.server(Encoding.MSGPACK).start();
        scene.run("pack.py", "setup", server.address(), WRITERS);
        List<PythonScript> writers = startWriters(server);
        PythonScript packer = scene.start("pack.py", "pack_on", server.address());
        packer.awaitLine("packing");

        Await.until(PROGRESS, () -> "packs and writers get on", () -> packs(server) >= 10 && journalBytes() > 2000);
        finish(writers);
        assertThat(packer.finish(END).number("packs")).isGreaterThanOrEqualTo(10);
        server.stop();
        System.err.println("PackIT load: "
                + scene.run("pack.py", "left", server.directory(), WRITERS).json());
        assertNothingLeft(server);
    }

    @Test
    void pack_killedAtAnyMoment_leavesTheStorageAsItWasOrPacked() throws InterruptedException, IOException {
        long seed = Long.getLong("zeolite.it.seed", ThreadLocalRandom.current().nextLong());
        System.err.println("PackIT: -Dzeolite.it.seed=" + seed);
        Random random = new Random(seed);
        ZeoServer server = scene.server(Encoding.MSGPACK).start();
        scene.run("pack.py", "setup", server.address(), 2);
        List<PythonScript> writers = startWriters(server, 2);
        PythonScript packer = scene.start("pack.py", "pack_on", server.address());
        packer.awaitLine("packing");
        for (int kill = 0; kill < KILLS; kill++) {
            // So many packs later, somewhere in the next.
            int enough = started(server) + 1 + random.nextInt(3);
            Await.until(PROGRESS, () -> "packs get on", () -> started(server) >= enough);
            LockSupport.parkNanos(random.nextInt(1_000_000_000));
            server.kill();
            server.start();
        }
        finish(writers);
        // It waits for one pack after the other, so all but a few kills come while it waits.
        long interrupted = packer.finish(END).number("failures");
        assertThat(interrupted).as("packs that were interrupted").isPositive();
        server.stop();
        System.err.println("PackIT " + KILLS + " kills, " + interrupted + " packs interrupted: "
                + scene.run("pack.py", "left", server.directory(), 2).json());
        assertNothingLeft(server);
    }

    @Test
    void pack_thatDoesNotFit_isRefusedAndEverythingGoesOn() throws InterruptedException, IOException {
        Path disk = Files.createDirectory(scene.directory().resolve("disk"));
        String refusal = run("mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", disk.toString());
        if (!refusal.isEmpty()) {
            System.err.println("\n*** SKIPPED: PackIT cannot mount a small file system: " + refusal + "\n");
        }
        assumeTrue(refusal.isEmpty(), refusal);
        try {
            ZeoServer server =
                    scene.server(disk.resolve("server"), Encoding.MSGPACK).storages(storage("pack-keep-old false"));
            server.start();
            scene.run("pack.py", "full", server.address());
            server.stop();
            scene.run("pack.py", "intact", server.directory());
            assertNothingLeft(server);
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

    private static String storage(String key) {
        return "<filestorage 1>\n  path Data.fs\n  blob-dir blobs\n  " + key + "\n</filestorage>\n";
    }

    private List<PythonScript> startWriters(ZeoServer server) {
        return startWriters(server, WRITERS);
    }

    private List<PythonScript> startWriters(ZeoServer server, int count) {
        List<PythonScript> writers = new ArrayList<>();
        for (int n = 0; n < count; n++) {
            writers.add(scene.start("pack.py", "write", server.address(), "writer" + n));
        }
        writers.forEach(writer -> writer.awaitLine("writing"));
        return writers;
    }

    private void finish(List<PythonScript> writers) throws IOException, InterruptedException {
        Files.createFile(scene.directory().resolve("enough"));
        for (PythonScript writer : writers) {
            writer.finish(END);
        }
    }

    private static void assertNothingLeft(ZeoServer server) {
        assertThat(server.directory().resolve("Data.fs.pack")).doesNotExist();
        assertThat(server.directory().resolve("Data.fs.pack.index")).doesNotExist();
        assertThat(server.directory().resolve("blobs/.removed")).doesNotExist();
    }

    private static int packs(ZeoServer server) {
        return count(server, "commits waited");
    }

    private static int started(ZeoServer server) {
        return count(server, "started...");
    }

    private static int count(ZeoServer server, String what) {
        return server.log().split(java.util.regex.Pattern.quote(what), -1).length - 1;
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
