package io.zeolite.it.cold;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.blob.BlobRevision;
import io.zeolite.blob.KeyLayout;
import io.zeolite.blob.StoredObject;
import io.zeolite.blob.s3.S3Server;
import io.zeolite.blob.s3.S3Store;
import io.zeolite.blob.tier.FaultProxy.Fault;
import io.zeolite.blob.tier.FileChecksum;
import io.zeolite.it.Await;
import io.zeolite.it.Encoding;
import io.zeolite.it.Layout;
import io.zeolite.it.PythonScript;
import io.zeolite.it.Scene;
import io.zeolite.it.Tool;
import io.zeolite.it.ZeoServer;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What servers do with a bucket over time: undo, pack, archive by themselves, share, and read what others have written. */
final class TierIT {
    private static final Duration MOVE_TIME = Duration.ofMinutes(3);
    /** Time enough for it. */
    private static final Duration AFTER_THE_PACK = Duration.ofSeconds(15);

    private static final int REVISIONS = 10;

    @RegisterExtension
    final Scene scene = new Scene();

    @SuppressWarnings("NullAway.Init") // Set before each test.
    private ColdSite site;

    @BeforeEach
    void startBucket() throws Exception {
        site = ColdSite.start(scene);
    }

    @AfterEach
    void stopBucket() throws Exception {
        site.close();
    }

    /** A running server whose blobs are all in the bucket and nowhere else. */
    private ZeoServer archived(Encoding encoding, String keys) throws Exception {
        ZeoServer server = site.start(site.server(encoding, keys));
        scene.run("cold.py", "write", server.address());
        site.archive(server, "-a", "0", "-d");
        assertThat(ColdSite.localBlobs(server)).isZero();
        return server;
    }

    private List<String> objects() throws IOException {
        List<String> keys = new ArrayList<>();
        try (S3Store store = site.store()) {
            store.list("0", (StoredObject object) -> keys.add(object.key()));
        }
        return keys;
    }

    @Test
    void undo_ofArchivedBlobs_bringsThemBack() throws Exception {
        ZeoServer server = archived(Encoding.MSGPACK, "");
        scene.run("cold.py", "undo", server.address());
        assertThat(ColdSite.localBlobs(server)).isEqualTo(5);
        server.stop();
    }

    /** Which needs what the pack has removed. */
    private static void deleteOld(ZeoServer server) throws IOException {
        Files.delete(server.dataFile().resolveSibling("Data.fs.old"));
    }

    /** Something that nobody refers to, and that a sweep deletes some time after the pack. */
    private void listOrphan(ZeoServer server, Instant since) throws IOException {
        BlobRevision orphan = new BlobRevision(0x1000, 0x10);
        Path file = Files.writeString(server.directory().resolve("orphan"), "orphan");
        try (S3Store store = site.store()) {
            String key = KeyLayout.FLAT.key(orphan.oid(), orphan.tid());
            store.put(key, file, FileChecksum.crc32c(file), "text/plain");
        }
        Files.writeString(
                server.directory().resolve("blobs/.bucket-garbage"),
                Tid.toHex(orphan.oid()) + Tid.toHex(orphan.tid()) + " " + since.getEpochSecond() + "\n");
        assertThat(objects()).hasSize(REVISIONS + 1);
    }

    @Test
    void pack_removesFromTheBucketAfterTheGrace() throws Exception {
        ZeoServer server = archived(Encoding.PICKLE, "  gc-grace 1s\n");
        listOrphan(server, Instant.now().plus(AFTER_THE_PACK));
        scene.run("cold.py", "pack", server.address());
        Await.until(MOVE_TIME, () -> "what is due after the pack is in the bucket", () -> {
            try {
                return objects().size() == REVISIONS;
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        deleteOld(server);
        Await.until(MOVE_TIME, () -> "the superseded revisions are in the bucket", () -> {
            try {
                return objects().size() == REVISIONS / 2;
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        scene.run("cold.py", "read", server.address());
        server.stop();
    }

    @Test
    void serverWithAPolicy_archivesByItself() throws Exception {
        ZeoServer server = site.start(site.server(
                Encoding.MSGPACK, "  archive-age 0s\n  archive-size 1000\n  archive-interval 1s\n  archive-rate 0\n"));
        scene.run("cold.py", "write", server.address());
        // Of the two revisions of each blob, three are larger than that.
        Await.until(MOVE_TIME, () -> "large blobs are still here", () -> {
            try {
                return ColdSite.localBlobs(server) == REVISIONS - 3;
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        assertThat(objects()).hasSize(3);
        scene.run("cold.py", "read", server.address());
        server.stop();
        assertThat(server.log()).doesNotContain(" ERROR ", " WARNING ");
    }

    /** As docs/s3.md describes it. */
    @Test
    void copyWithTheProductionBucket_readsEverythingAndWritesNothing() throws Exception {
        ZeoServer production = archived(Encoding.PICKLE, "");
        List<String> before = objects();
        ZeoServer copy = site.withBucket(
                scene.server(Encoding.PICKLE),
                ColdSite.bucketKeys(site.proxy().endpoint()) + "  cache-dir cache\n  read-only-bucket true\n");
        Files.createDirectories(copy.directory());
        Files.copy(production.dataFile(), copy.dataFile());
        copy.start();
        copy.awaitLog("is read only for this server, but its credentials could write there");
        scene.run("cold.py", "read", copy.address());
        scene.run("cold.py", "add", copy.address());
        scene.run("cold.py", "read_added", copy.address());
        Process archiver = site.archiver(copy, "-a", "0", "-d");
        String said = new String(archiver.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(archiver.waitFor()).as(said).isNotZero();
        assertThat(said).contains("read-only-bucket is on");
        scene.run("cold.py", "pack", copy.address());
        copy.stop();
        assertThat(ColdSite.localBlobs(copy)).isEqualTo(1);
        assertThat(objects()).containsExactlyInAnyOrderElementsOf(before);
        production.stop();
    }

    @Test
    void copyOfADatabase_withABlobThatWasNotArchived_saysSo() throws Exception {
        ZeoServer production = archived(Encoding.PICKLE, "");
        scene.run("cold.py", "add", production.address());
        ZeoServer copy = site.withBucket(
                scene.server(Encoding.PICKLE),
                ColdSite.bucketKeys(site.proxy().endpoint()) + "  cache-dir cache\n  read-only-bucket true\n");
        Files.createDirectories(copy.directory());
        Files.copy(production.dataFile(), copy.dataFile());
        copy.start();
        scene.run("cold.py", "missing", copy.address());
        copy.stop();
        production.stop();
    }

    @Test
    void copyThatMayWrite_isRefusedByTheOwner() throws Exception {
        ZeoServer production = archived(Encoding.PICKLE, "");
        List<String> before = objects();
        ZeoServer copy = site.server(Encoding.PICKLE, "  archive-age 0s\n  archive-interval 1s\n  gc-grace 0s\n");
        Files.createDirectories(copy.directory());
        Files.copy(production.dataFile(), copy.dataFile());
        copy.start();
        copy.awaitLog("it belongs to another database");
        scene.run("cold.py", "add", copy.address());
        scene.run("cold.py", "pack", copy.address());
        deleteOld(copy);
        copy.awaitLog("cannot delete what packs have made superfluous");
        copy.awaitLog("cannot archive blobs: s3://");
        scene.run("cold.py", "read", copy.address());
        copy.stop();
        production.stop();
        assertThat(objects()).containsExactlyInAnyOrderElementsOf(before);
    }

    @Test
    void twoServersWithOneCache_fetchABlobOnce() throws Exception {
        ZeoServer first = archived(Encoding.PICKLE, "");
        Path cache = first.directory().resolve("cache");
        ZeoServer second = site.withBucket(
                scene.server(Encoding.PICKLE),
                ColdSite.bucketKeys(site.proxy().endpoint()) + "  cache-dir " + cache + "\n  read-only-bucket true\n");
        Files.createDirectories(second.directory());
        Files.copy(first.dataFile(), second.dataFile());
        second.start();
        second.awaitLog("is read only for this server");
        CountDownLatch latch = new CountDownLatch(1);
        int before = site.proxy().requests();
        site.proxy().set(new Fault.Hold(100_000, latch));
        PythonScript one = scene.start("cold.py", "read_one", first.address(), 3_000_000);
        Await.until(MOVE_TIME, () -> "the first server has not begun to fetch", () -> isArriving(cache));
        site.proxy().set(new Fault.None());
        PythonScript other = scene.start("cold.py", "read_one", second.address(), 3_000_000);
        second.awaitLog(") registered with storage 1");
        latch.countDown();
        one.finish(MOVE_TIME);
        other.finish(MOVE_TIME);
        assertThat(site.proxy().requests() - before).isEqualTo(1);
        first.stop();
        second.stop();
    }

    /** The section is the one that the package documents, word for word but for the server's own cache directory. */
    @Test
    void bucketThatZodbS3blobsWrote_isReadAsItIs() throws Exception {
        ZeoServer server = scene.server(Encoding.PICKLE);
        Files.createDirectories(server.directory());
        OtherProgram.write(
                scene.directory(),
                site.bucket().endpoint().toString(),
                S3Server.ACCESS_KEY,
                S3Server.SECRET_KEY,
                S3Server.BUCKET,
                server.dataFile().toString(),
                scene.directory().resolve("package-cache").toString());
        server.storages(ColdSite.zodbS3blobs(site.proxy().endpoint(), "Data.fs", "cache"));
        server.start();
        scene.run("cold.py", "read", server.address());
        scene.run("cold.py", "undo", server.address());
        scene.run("cold.py", "add", server.address());
        Process archiver = site.archiver(server, "-a", "0");
        String said = new String(archiver.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(archiver.waitFor()).as(said).isNotZero();
        assertThat(said).contains("it has objects, and no owner");
        server.stop();
        assertThat(server.log()).doesNotContain(S3Server.SECRET_KEY);
    }

    /** The texts of the packages' documentation, whole: only what they leave to the reader is filled in. */
    @Test
    void sectionsThatThePackagesDocument_areServed() throws Exception {
        site.bucket().createBucket("your-s3-bucket");
        site.bucket().createBucket("my-zodb-blobs");
        serve(
                """
                %import collective.s3blobs
                <s3blobcache>
                  cache-dir ${buildout:directory}/var/blobcache
                  cache-size 100000000
                  bucket-name your-s3-bucket
                  %s
                </s3blobcache>
                """.replace("${buildout:directory}", scene.directory().toString())
                        .replace("%s", "<filestorage>\npath Data.fs\nblob-dir blobs\n</filestorage>"),
                Map.of(
                        "aws_access_key_id", S3Server.ACCESS_KEY,
                        "aws_secret_access_key", S3Server.SECRET_KEY,
                        "AWS_ENDPOINT_URL_S3", site.proxy().endpoint().toString()));
        serve(
                """
                %import zodb_s3blobs
                <s3blobstorage>
                    bucket-name my-zodb-blobs
                    s3-endpoint-url http://minio:9000
                    s3-access-key $(S3_ACCESS_KEY)
                    s3-secret-key $(S3_SECRET_KEY)
                    cache-dir /var/cache/zodb-s3-blobs
                    cache-size 2GB
                    <filestorage>
                        path /var/lib/zodb/Data.fs
                    </filestorage>
                </s3blobstorage>
                """.replace("http://minio:9000", site.proxy().endpoint().toString())
                        .replace(
                                "/var/cache", scene.directory().resolve("cache").toString())
                        .replace("/var/lib/zodb/", ""),
                Map.of("S3_ACCESS_KEY", S3Server.ACCESS_KEY, "S3_SECRET_KEY", S3Server.SECRET_KEY));
    }

    /** Commits blobs to a server of this configuration, moves them into its bucket, and reads them from there. */
    private void serve(String storages, Map<String, String> environment) throws Exception {
        ZeoServer server = scene.server(Encoding.MSGPACK).storages(storages);
        environment.forEach(server::environment);
        server.start();
        scene.run("cold.py", "write", server.address());
        Tool.start(server.directory(), environment, "archive-blobs", "-C", "zeo.conf", "-a", "0", "-d")
                .finish(0);
        assertThat(ColdSite.localBlobs(server)).isZero();
        int before = site.proxy().requests();
        scene.run("cold.py", "read", server.address());
        assertThat(site.proxy().requests() - before).isEqualTo(5);
        server.stop();
    }

    private static boolean isArriving(Path cache) {
        try (var files = Files.walk(cache)) {
            return files.anyMatch(file -> file.toString().endsWith(".blob.part"));
        } catch (IOException | UncheckedIOException e) {
            return false;
        }
    }

    @Test
    void overTls_blobsComeWhileTheyArrive() throws Exception {
        ZeoServer server = site.server(Encoding.MSGPACK, "")
                .tls("certificate " + Layout.tls().resolve("server.pem") + "\nkey "
                        + Layout.tls().resolve("server-pkcs1.pem") + "\nauthenticate "
                        + Layout.tls().resolve("client.pem") + "\n");
        site.start(server);
        scene.run("cold.py", "write", "client@" + server.address());
        site.archive(server, "-a", "0", "-d");
        int before = site.proxy().requests();
        scene.run("cold.py", "read", "client@" + server.address());
        assertThat(site.proxy().requests() - before).isEqualTo(5);
        server.stop();
    }

    @Test
    void storeThatIsKilled_isAnErrorForWhatIsOnlyThere() throws Exception {
        ZeoServer server = archived(Encoding.PICKLE, "");
        site.proxy().close();
        scene.run("cold.py", "away", server.address());
        server.stop();
        assertThat(server.log().lines().filter(line -> line.contains(" is away: ")))
                .as("lines that say so")
                .hasSize(1);
    }

    @Test
    void storeThatAnswers503_isAnErrorForWhatIsOnlyThere() throws Exception {
        ZeoServer server = archived(Encoding.PICKLE, "");
        site.proxy().set(new Fault.Status(503));
        scene.run("cold.py", "away", server.address());
        site.proxy().set(new Fault.None());
        server.stop();
    }
}
