package io.zeolite.it.cold;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.blob.BlobStore;
import io.zeolite.blob.KeyLayout;
import io.zeolite.blob.file.DirectoryStore;
import io.zeolite.blob.s3.S3Server;
import io.zeolite.blob.s3.S3Store;
import io.zeolite.blob.tier.FaultProxy;
import io.zeolite.blob.tier.FaultProxy.Fault;
import io.zeolite.it.Encoding;
import io.zeolite.it.PythonScript;
import io.zeolite.it.Scene;
import io.zeolite.it.ZeoServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class ColdBlobIT {
    private static final Duration SCRIPT_TIME = Duration.ofMinutes(5);

    @RegisterExtension
    final Scene scene = new Scene();

    @SuppressWarnings("NullAway.Init") // Set before each test.
    private ColdSite site;

    @SuppressWarnings("NullAway.Init")
    private FaultProxy proxy;

    @BeforeEach
    void startBucket() throws Exception {
        site = ColdSite.start(scene);
        proxy = site.proxy();
    }

    @AfterEach
    void stopBucket() throws Exception {
        site.close();
    }

    /** Moves all blobs of a stopped server into a store. */
    private static void move(ZeoServer server, BlobStore store, KeyLayout layout) throws IOException {
        Path blobs = server.directory().resolve("blobs");
        List<Path> files;
        try (Stream<Path> found = Files.walk(blobs)) {
            files = found.filter(file -> file.toString().endsWith(".blob")).toList();
        }
        assertThat(files).hasSize(10);
        for (Path file : files) {
            StringBuilder oid = new StringBuilder();
            for (Path level : Objects.requireNonNull(blobs.relativize(file).getParent())) {
                oid.append(level.toString().substring(2));
            }
            String tid = file.getFileName().toString().replaceAll("^0x|\\.blob$", "");
            CRC32C crc = new CRC32C();
            crc.update(Files.readAllBytes(file));
            store.put(
                    layout.key(Long.parseUnsignedLong(oid.toString(), 16), Long.parseUnsignedLong(tid, 16)),
                    file,
                    (int) crc.getValue(),
                    "application/octet-stream");
            Files.delete(file);
        }
    }

    private ZeoServer serverOfMovedBlobs(Encoding encoding, String keys) throws Exception {
        ZeoServer server = site.start(site.server(encoding, keys));
        scene.run("cold.py", "write", server.address());
        server.stop();
        try (S3Store store = site.store()) {
            move(server, store, KeyLayout.FLAT);
        }
        return site.start(server);
    }

    @ParameterizedTest
    @EnumSource
    void blobsInABucket_areReadByClients(Encoding encoding) throws Exception {
        ZeoServer server = serverOfMovedBlobs(encoding, "");
        int before = proxy.requests();
        scene.run("cold.py", "read", server.address());
        assertThat(proxy.requests() - before).isEqualTo(5);
        server.stop();
        site.start(server);
        before = proxy.requests();
        scene.run("cold.py", "read", server.address());
        assertThat(proxy.requests() - before).as("requests after a restart").isZero();
        server.stop();
        assertThat(server.log()).doesNotContain(S3Server.SECRET_KEY, " ERROR ", " WARNING ");
    }

    @Test
    void blobsInADirectory_areReadByClients() throws Exception {
        Path cold = scene.directory().resolve("cold");
        Files.createDirectories(cold);
        ZeoServer server = site.serverOf(Encoding.MSGPACK, "  bucket " + cold.toUri() + "\n  key-layout zodb-s3blobs\n")
                .start();
        scene.run("cold.py", "write", server.address());
        server.stop();
        move(server, new DirectoryStore(cold), KeyLayout.NESTED);
        server.start();
        scene.run("cold.py", "read", server.address());
        server.stop();
    }

    @Test
    void blobsArchivedBesideARunningServer_areReadByClients() throws Exception {
        ZeoServer server = site.start(site.server(Encoding.PICKLE, ""));
        scene.run("cold.py", "write", server.address());
        int started = proxy.requests();
        scene.run("cold.py", "read", server.address());
        assertThat(proxy.requests()).as("requests for local blobs").isEqualTo(started);
        String said = site.archive(server, "-a", "0", "-s", "100000", "-d");
        assertThat(said).contains("2 of 2 blobs are proven to be in s3://blobs/site/, 2 of them written now");
        int before = proxy.requests();
        scene.run("cold.py", "read", server.address());
        assertThat(proxy.requests() - before).isEqualTo(2);
        server.stop();
    }

    @Test
    void storeBreaksOffInTheMiddle_isAnErrorAndLaterTheRightBytes() throws Exception {
        ZeoServer server = serverOfMovedBlobs(Encoding.MSGPACK, "");
        proxy.set(new Fault.Cut(300_000));
        PythonScript client = scene.start("cold.py", "broken", server.address());
        client.awaitLine("failed");
        proxy.set(new Fault.None());
        client.say("healed");
        client.finish(SCRIPT_TIME);
        server.stop();
    }

    @Test
    void storeHangs_everythingElseGoesOn() throws Exception {
        ZeoServer server = serverOfMovedBlobs(Encoding.PICKLE, "  read-timeout 2s\n");
        proxy.set(new Fault.Hang());
        int before = proxy.requests();
        PythonScript client = scene.start("cold.py", "others", server.address());
        client.awaitLine("asking");
        while (proxy.requests() == before) {
            Thread.onSpinWait();
        }
        client.say("hanging");
        client.awaitLine("done");
        client.say("go on");
        client.finish(SCRIPT_TIME);
        server.stop();
    }
}
