package io.zeolite.it.cold;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.it.Await;
import io.zeolite.it.Encoding;
import io.zeolite.it.Layout;
import io.zeolite.it.PythonScript;
import io.zeolite.it.Scene;
import io.zeolite.it.Tool;
import io.zeolite.it.ZeoServer;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Many blobs, many clients, and servers that die; more of them at a larger scale. */
final class ColdCrowdIT {
    private static final int CLIENTS = 8;
    private static final int LARGE_BYTES = 5_000_000;
    private static final int SMALL = Layout.scale() == 1 ? 300 : 1000 * Layout.scale();
    private static final int LARGE = 2 * Layout.scale();
    private static final int KILLS = Math.min(50, 4 * Layout.scale() * Layout.scale());

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

    @Test
    void manyBlobs_archivedAndReadByEightClients_areRight() throws Exception {
        ZeoServer server = site.start(site.server(Encoding.PICKLE, ""));
        int count = SMALL + LARGE;
        scene.start("cold.py", "write_many", server.address(), count, LARGE)
                .finish(Duration.ofMinutes(6L * Layout.scale()));
        site.archive(server, "-a", "0", "-d", "--parallel", "8");
        assertThat(ColdSite.localBlobs(server)).isZero();
        scene.start("cold.py", "read_many", server.address(), count, LARGE, CLIENTS)
                .finish(Duration.ofMinutes(8L * Layout.scale()));
        server.stop();
    }

    @Test
    void parallelReads_beyondTheLimitOfTheCache_keepIt() throws Exception {
        int clients = 4;
        long limit = (long) LARGE_BYTES * Layout.scale();
        long limitWithDownloads = limit + (long) clients * LARGE_BYTES;
        ZeoServer server =
                site.start(site.server(Encoding.MSGPACK, "  cache-size " + limit + "\n  downloads " + clients + "\n"));
        int large = 7 * Layout.scale();
        assertThat((long) large * LARGE_BYTES).isGreaterThan(limitWithDownloads);
        scene.start("cold.py", "write_many", server.address(), large, large).finish(Duration.ofMinutes(6));
        site.archive(server, "-a", "0", "-d");
        PythonScript readers = scene.start("cold.py", "read_many", server.address(), large, large, clients);
        Path cache = server.directory().resolve("cache");
        long most = 0;
        while (readers.isAlive()) {
            most = Math.max(most, bytes(cache));
            LockSupport.parkNanos(5_000_000);
        }
        readers.finish(Duration.ofSeconds(1));
        assertThat(most)
                .as("bytes in the cache, and in files without a place there")
                .isPositive()
                .isLessThanOrEqualTo(limitWithDownloads);
        Await.until(Duration.ofSeconds(30), () -> bytes(cache) + " bytes are at most " + limit, () -> {
            long left = bytes(cache);
            return left >= 0 && left <= limit;
        });
        server.stop();
    }

    /** How many there are of blobs that are in a cache or on their way there; -1 if one has gone meanwhile. */
    private static long bytes(Path cache) {
        try (var files = Files.walk(cache)) {
            return files.map(Path::toFile)
                    .filter(file -> file.getName().contains(".blob"))
                    .mapToLong(File::length)
                    .sum();
        } catch (IOException | UncheckedIOException e) {
            return -1;
        }
    }

    /** It commits, archives and forgets local files all the time, so a kill hits each of these at one time or another. */
    @Test
    void serverThatIsKilled_losesNoBlob() throws Exception {
        ZeoServer server = site.server(
                Encoding.PICKLE,
                "  archive-age 0s\n  archive-interval 1s\n  archive-rate 0\n  archive-parallel 4\n  cache-size 3MB\n");
        Path acknowledged = scene.directory().resolve("acknowledged");
        Random random = new Random(7);
        for (int kill = 0; kill < KILLS; kill++) {
            server.start();
            PythonScript writer = scene.start("cold.py", "keep_writing", server.address(), "life" + kill, acknowledged);
            writer.awaitLine("committed");
            Thread.sleep(random.nextInt(1500));
            server.kill();
            writer.kill();
        }
        site.start(server);
        scene.start("cold.py", "check_acknowledged", server.address(), acknowledged)
                .finish(Duration.ofMinutes(6));
        Tool.start(server.directory(), ColdSite.KEYS, "verify-blobs", "-C", "zeo.conf", "--deep")
                .finish(0);
        site.archive(server, "-a", "0", "-d");
        assertThat(ColdSite.localBlobs(server)).isZero();
        scene.start("cold.py", "check_acknowledged", server.address(), acknowledged)
                .finish(Duration.ofMinutes(6));
        server.stop();
    }
}
