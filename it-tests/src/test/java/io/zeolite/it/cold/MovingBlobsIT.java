package io.zeolite.it.cold;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.blob.s3.S3Server;
import io.zeolite.it.Encoding;
import io.zeolite.it.Layout;
import io.zeolite.it.PythonScript;
import io.zeolite.it.Scene;
import io.zeolite.it.ServerKind;
import io.zeolite.it.Tool;
import io.zeolite.it.ZeoServer;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Blobs on their way between the blob directory and a bucket, with real clients, servers and kills. */
@DisabledIfSystemProperty(
        named = ServerKind.PROPERTY,
        matches = ServerKind.PYTHON_VALUE,
        disabledReason = "Python's server has no bucket")
final class MovingBlobsIT {
    private static final Duration SCRIPT_TIME = Duration.ofMinutes(8);
    private static final int BLOBS = 50 * Math.min(2, Layout.scale());
    private static final int ROUNDS = 1 + Math.min(2, Layout.scale());

    @RegisterExtension
    final Scene scene = new Scene();

    @SuppressWarnings("NullAway.Init") // Set before each test.
    private S3Server bucket;

    @BeforeEach
    void startBucket() throws Exception {
        bucket = S3Server.start(Files.createDirectories(scene.directory().resolve("s3")));
    }

    @AfterEach
    void stopBucket() throws Exception {
        bucket.close();
    }

    private String storages(String data, String more) {
        return storages(bucket.endpoint(), data, more);
    }

    private static String storages(URI endpoint, String data, String more) {
        return "<s3blobs 1>\n  cache-dir cache\n  bucket " + S3Server.BUCKET + "\n  prefix site\n  endpoint " + endpoint
                + "\n  access-key-variable BUCKET_KEY\n  secret-key-variable BUCKET_SECRET\n" + more
                + "  <filestorage>\n    path " + data + "\n    blob-dir blobs\n  </filestorage>\n</s3blobs>\n";
    }

    private ZeoServer server() {
        ZeoServer server = scene.server(Encoding.MSGPACK).storages(storages("Data.fs", ""));
        ColdSite.KEYS.forEach(server::environment);
        return server;
    }

    private static Tool start(ZeoServer server, String... words) {
        String[] all = Stream.concat(
                        Stream.of(words[0], "-C", "zeo.conf"), Stream.of(words).skip(1))
                .toArray(String[]::new);
        return Tool.start(server.directory(), ColdSite.KEYS, all);
    }

    private static String run(ZeoServer server, String... words) throws InterruptedException {
        return start(server, words).finish(0);
    }

    private static void verify(ZeoServer server) throws InterruptedException {
        run(server, "verify-blobs", "--deep");
    }

    private static List<Path> localBlobs(ZeoServer server) throws IOException {
        try (Stream<Path> files = Files.walk(server.directory().resolve("blobs"))) {
            return files.filter(file -> file.toString().endsWith(".blob")).toList();
        }
    }

    @Test
    void archiveAndRestore_besideClientsThatReadAndCommit_areNotNoticed() throws Exception {
        ZeoServer server = server().start();
        scene.run("moving.py", "write", server.address(), 0, BLOBS);
        PythonScript readers = scene.start("moving.py", "read_on", server.address(), BLOBS);
        readers.awaitLine("reading");
        for (int round = 0; round < ROUNDS; round++) {
            Tool archive = start(server, "archive-blobs", "-a", "0", "-d", "--parallel", "3");
            scene.run("moving.py", "write", server.address(), 1000 * (round + 1), 20);
            archive.finish(0);
            run(server, "verify-blobs");
            if (round < ROUNDS - 1) {
                run(server, "restore-blobs");
            }
        }
        readers.say("stop");
        assertThat(readers.finish(SCRIPT_TIME).number("rounds")).isGreaterThanOrEqualTo(2);
        verify(server);
        run(server, "archive-blobs", "-a", "0", "-d");
        assertThat(localBlobs(server)).isEmpty();
        scene.run("moving.py", "read_at_once", server.address(), 0, BLOBS, 8);
        server.stop();
        assertThat(server.log()).doesNotContain(" ERROR ");
    }

    @Test
    void restoreAll_plainRunzeoServesEverything() throws Exception {
        ZeoServer server = server().start();
        scene.run("moving.py", "write", server.address(), 0, BLOBS);
        scene.run("moving.py", "write", server.address(), 0, 10, 1);
        run(server, "archive-blobs", "-a", "0", "-d");
        assertThat(localBlobs(server)).isEmpty();
        server.stop();
        assertThat(run(server, "restore-blobs")).contains((BLOBS + 10) + " of " + (BLOBS + 10) + " blobs restored");
        Path conf = server.directory().resolve("zeo.conf");
        ZeoServer python = scene.server(server.directory(), Encoding.MSGPACK).kind(ServerKind.PYTHON);
        bucket.close();
        python.start();
        assertThat(Files.readString(conf)).doesNotContain("s3blobs");
        scene.run("moving.py", "read", python.address(), 0, 10, 1);
        scene.run("moving.py", "read", python.address(), 10, BLOBS - 10);
        // It commits to what was restored, too.
        scene.run("moving.py", "write", python.address(), 5, 1, 2);
        scene.run("moving.py", "read", python.address(), 5, 1, 2);
        python.stop();
    }

    /** With -Psoak there are fifty. */
    @Test
    void archiverKilledAtRandomMoments_neverLeavesABlobWithoutItsBytes() throws Exception {
        ZeoServer server = server().start();
        long seed = Long.getLong("zeolite.it.seed", ThreadLocalRandom.current().nextLong());
        System.err.println("MovingBlobsIT: -Dzeolite.it.seed=" + seed);
        Random random = new Random(seed);
        long longest = 2000;
        int rounds = Layout.scale() == 1 ? 4 : 50;
        int interrupted = 0;
        int round = 0;
        for (; round < rounds || interrupted == 0; round++) {
            assertThat(round).as("rounds without an archiver that was killed").isLessThan(Math.max(rounds, 20));
            scene.run("moving.py", "write", server.address(), 1000 * round, 40);
            long start = System.nanoTime();
            Tool archive = start(server, "archive-blobs", "-a", "0", "-d", "--parallel", "2");
            long moment = TimeUnit.MILLISECONDS.toNanos(random.nextLong(longest / 4, longest));
            while (archive.isAlive() && System.nanoTime() - start < moment) {
                Thread.sleep(1);
            }
            if (archive.isAlive()) {
                archive.kill();
                interrupted++;
            } else {
                // Sooner the next time.
                longest = Math.max(100, longest * 3 / 4);
            }
            verify(server);
        }
        run(server, "archive-blobs", "-a", "0", "-d");
        assertThat(localBlobs(server)).isEmpty();
        for (int written = 0; written < round; written++) {
            scene.run("moving.py", "read", server.address(), 1000 * written, 40);
        }
        server.stop();
    }

    /** A store in another language, by other authors, that takes a wrong checksum without a word. */
    @Test
    void anotherStore_isReadBackMirroredAndBroughtBack() throws Exception {
        try (OtherProgram moto = OtherProgram.serve(scene.directory(), S3Server.BUCKET)) {
            URI endpoint = URI.create(moto.line("http"));
            ZeoServer server =
                    scene.server(Encoding.MSGPACK).storages(storages(endpoint, "Data.fs", "  checksums on\n"));
            ColdSite.KEYS.forEach(server::environment);
            server.start();
            scene.run("moving.py", "write", server.address(), 0, BLOBS);
            assertThat(start(server, "bucket-check").finish(1))
                    .contains("checksums: a wrong one is taken without a word", "ok       deleting");
            assertThat(run(server, "archive-blobs", "-a", "0", "-d")).contains(BLOBS + " read back");
            assertThat(localBlobs(server)).isEmpty();
            scene.run("moving.py", "read", server.address(), 0, BLOBS);
            Files.writeString(
                    server.directory().resolve("mirror.conf"),
                    "<zeo>\n  address 127.0.0.1:0\n</zeo>\n" + storages("Data.fs", ""));
            assertThat(run(server, "mirror-blobs", "--to", "mirror.conf"))
                    .contains(BLOBS + " of " + BLOBS + " objects copied");
            Tool.start(server.directory(), ColdSite.KEYS, "verify-blobs", "-C", "mirror.conf", "--deep")
                    .finish(0);
            run(server, "restore-blobs");
            assertThat(localBlobs(server)).hasSize(BLOBS);
            verify(server);
            server.stop();
        }
    }

    /** What docs/s3.md tells a developer to do. */
    @Test
    void readOnlyCopy_ofARunningServer_showsAllBlobsAndChangesNothing() throws Exception {
        ZeoServer production = server().start();
        scene.run("moving.py", "write", production.address(), 0, BLOBS);
        run(production, "archive-blobs", "-a", "0", "-d");
        Path home = Files.createDirectories(scene.directory().resolve("copy"));
        Files.copy(production.dataFile(), home.resolve("Data.fs"));
        List<String> before = objects();
        ZeoServer copy =
                scene.server(home, Encoding.MSGPACK).storages(storages("Data.fs", "  read-only-bucket true\n"));
        ColdSite.KEYS.forEach(copy::environment);
        copy.start();
        scene.run("moving.py", "read", copy.address(), 0, BLOBS);
        // What the copy commits stays there.
        scene.run("moving.py", "write", copy.address(), 0, 5, 1);
        scene.run("moving.py", "read", copy.address(), 0, 5, 1);
        assertThat(start(copy, "archive-blobs", "-a", "0", "-d").finish(1)).contains("read-only-bucket is on");
        assertThat(start(copy, "gc-bucket", "--delete", "--force").finish(1)).contains("read-only-bucket is on");
        assertThat(start(copy, "bucket-check").finish(1)).contains("can write, though read-only-bucket is on");
        verify(copy);
        assertThat(objects()).isEqualTo(before);
        // What was not archived yet is not in the copy, and the error says so.
        scene.run("moving.py", "write", production.address(), 500, 1);
        copy.stop();
        Files.copy(production.dataFile(), home.resolve("Data.fs"), StandardCopyOption.REPLACE_EXISTING);
        Files.delete(home.resolve("Data.fs.index"));
        assertThat(start(copy, "verify-blobs").finish(2)).contains("ERROR missing ");
        scene.run("moving.py", "read", production.address(), 0, BLOBS);
        production.stop();
    }

    private List<String> objects() throws IOException {
        try (Stream<Path> files = Files.walk(scene.directory().resolve("s3"))) {
            return files.map(Path::toString).sorted().toList();
        }
    }
}
