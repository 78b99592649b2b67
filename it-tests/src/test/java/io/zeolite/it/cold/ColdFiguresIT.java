package io.zeolite.it.cold;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.blob.tier.FaultProxy.Fault;
import io.zeolite.it.Encoding;
import io.zeolite.it.Layout;
import io.zeolite.it.Scene;
import io.zeolite.it.ZeoServer;
import io.zeolite.it.cold.FigureWork.Blob;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Figures of a bucket, for docs/performance.md. They are printed, and written to {@code target/cold-figures.txt}; nothing depends
 * on them. They say something on a quiet machine only. The store is in this process; who uses the server is in others.
 */
@EnabledIfSystemProperty(named = "zeolite.it.figures", matches = "true")
final class ColdFiguresIT {
    private static final int OBJECTS = 1000;
    private static final int MEGABYTE = 1_000_000;
    private static final int COMMITS = 40;
    private static final int COLD_BLOBS = 40;
    private static final int COLD_BLOB_BYTES = 5 * MEGABYTE;
    private static final int LARGE_READS = 12;

    /** Of which half are counted. */
    private static final int COLD_READS = 24;

    /** So many that the virtual machines have compiled by then what they need: they would take half of two cores. */
    private static final int SMALL_READS = 1000;

    private static final int SMALL_BYTES = 200_000;
    private static final Duration ROUND_TRIP = Duration.ofMillis(8);
    private static final long DISTANT_BYTES_PER_SECOND = 200 * MEGABYTE;

    @RegisterExtension
    final Scene scene = new Scene();

    @SuppressWarnings("NullAway.Init") // Set before each test.
    private ColdSite site;

    private final StringBuilder report = new StringBuilder();
    private long nextOid = 10_000;

    @BeforeEach
    void startBucket() throws Exception {
        site = ColdSite.start(scene);
    }

    @AfterEach
    void stopBucket() throws Exception {
        site.close();
        Files.writeString(
                Layout.output("cold-figures.txt"), report, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    private void print(String format, Object... arguments) {
        String line = String.format(Locale.ROOT, format, arguments);
        System.out.println(line);
        report.append(line).append('\n');
    }

    private List<Blob> commit(ZeoServer server, int count, int size) throws IOException {
        List<Blob> blobs = new ArrayList<>();
        try (FigureClient client = FigureClient.connect(server.address())) {
            for (int i = 0; i < count; i++) {
                long oid = nextOid++;
                byte[] content = new byte[size];
                new Random(oid).nextBytes(content);
                blobs.add(new Blob(oid, client.commitBlob(oid, content)));
            }
        }
        return blobs;
    }

    private List<Blob> prepare(ZeoServer server) throws IOException {
        try (FigureClient client = FigureClient.connect(server.address())) {
            client.commitObjects(OBJECTS);
        }
        commit(server, 10, 20 * MEGABYTE);
        return commit(server, COLD_BLOBS, COLD_BLOB_BYTES);
    }

    @Test
    void commitsAndLoads_whateverTheBucketDoes() throws Exception {
        ZeoServer plain = scene.server(Encoding.PICKLE).start();
        List<Blob> local = prepare(plain);
        measure("no bucket, nobody reads", plain, COMMITS, List.of());
        measure("no bucket, blobs are read", plain, COMMITS, local);
        plain.stop();
        ZeoServer server =
                site.start(site.server(Encoding.PICKLE, "  read-timeout 2s\n  attempts 2\n  cache-size 50MB\n"));
        List<Blob> cold = prepare(server);
        site.archive(server, "-a", "0", "-d");
        measure("bucket up, nobody reads", server, COMMITS, List.of());
        measure("bucket up, cold blobs are read", server, COMMITS, cold);
        site.proxy().set(new Fault.Slow(MEGABYTE));
        measure("bucket slow", server, COMMITS, cold);
        site.proxy().set(new Fault.Hang());
        measure("bucket hung", server, COMMITS, cold);
        site.proxy().close();
        measure("bucket dead", server, COMMITS, cold);
        server.stop();
    }

    /** Commits of 20 MB, loads of another client that are due every 5 ms, and two clients that read blobs, if there are some. */
    private void measure(String name, ZeoServer server, int commits, List<Blob> read) throws Exception {
        Path home = scene.directory();
        List<String> readers = new ArrayList<>(List.of("readers", server.address(), "" + COLD_BLOB_BYTES));
        read.forEach(blob -> readers.add(blob.toString()));
        String times;
        String waits;
        String came = "none";
        try (OtherJvm loads = OtherJvm.start(home, "loads", server.address(), "" + OBJECTS);
                OtherJvm reads = read.isEmpty() ? null : OtherJvm.start(home, readers.toArray(String[]::new));
                OtherJvm writes = OtherJvm.start(
                        home, "commits", server.address(), "" + nextOid, "" + commits, "" + 20 * MEGABYTE)) {
            nextOid += commits;
            times = writes.line(FigureWork.FOUND);
            loads.end();
            waits = loads.line(FigureWork.FOUND);
            if (reads != null) {
                reads.end();
                came = reads.line(FigureWork.FOUND);
            }
        }
        print("%-32s commit of 20 MB: %s; loads due every 5 ms: %s; readers: %s", name, times, waits, came);
    }

    /** On a machine of two cores the store, the server and the client take turns. */
    @Test
    void coldReads_besidePlainDownloads() throws Exception {
        coldReads("store on this machine", site.bucket().endpoint());
    }

    /** What it is like where the network is what one waits for. */
    @Test
    void coldReads_besidePlainDownloads_ofADistantStore() throws Exception {
        site.proxy().set(new Fault.Distant(ROUND_TRIP, DISTANT_BYTES_PER_SECOND));
        coldReads(
                "store at " + ROUND_TRIP.toMillis() + " ms, 200 MB/s",
                site.proxy().endpoint());
    }

    private void coldReads(String where, URI endpoint) throws Exception {
        int size = 100 * MEGABYTE;
        ZeoServer server = site.withBucket(
                scene.server(Encoding.PICKLE), ColdSite.bucketKeys(endpoint) + "  cache-dir cache\n  cache-size 3GB\n");
        site.start(server);
        List<Blob> cold = new ArrayList<>(commit(server, SMALL_READS, SMALL_BYTES));
        cold.addAll(commit(server, COLD_READS, size));
        site.archive(server, "-a", "0", "-d");
        long before = server.residentBytes();
        AtomicLong most = new AtomicLong();
        AtomicBoolean done = new AtomicBoolean();
        Thread watcher = new Thread(() -> {
            while (!done.get()) {
                most.accumulateAndGet(server.residentBytes(), Math::max);
                sleep();
            }
        });
        watcher.start();
        String[] work = Stream.concat(
                        Stream.of(
                                "cold",
                                server.address(),
                                endpoint.toString(),
                                "" + ProcessHandle.current().pid(),
                                "" + server.pid(),
                                "" + SMALL_READS,
                                "" + SMALL_BYTES,
                                "" + size),
                        cold.stream().map(Blob::toString))
                .toArray(String[]::new);
        try (OtherJvm reads = OtherJvm.start(scene.directory(), work)) {
            print("%s, %s", where, reads.line(FigureWork.FOUND));
            print("%s, %s", where, reads.line(FigureWork.FOUND));
        } finally {
            done.set(true);
            watcher.join();
        }
        assertThat(most.get()).isPositive();
        print(
                "the server's resident memory: %d MB before, %d MB at the most while %d MB of cold blobs were read",
                before >> 20, most.get() >> 20, COLD_READS * 100);
        server.stop();
    }

    @Test
    void javaClient_besideCopies() throws Exception {
        ZeoServer server = scene.server(Encoding.MSGPACK).start();
        String[] work = Stream.concat(
                        Stream.of("client", server.address(), scene.directory().toString()),
                        commit(server, LARGE_READS, 100 * MEGABYTE).stream().map(Blob::toString))
                .toArray(String[]::new);
        try (OtherJvm client = OtherJvm.start(scene.directory(), work)) {
            print("a blob of 100 MB into the Java client's cache: %s", client.line(FigureWork.FOUND));
        }
        server.stop();
    }

    private static void sleep() {
        try {
            Thread.sleep(20);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The same with zodb-s3blobs in Python's server. */
    @Test
    void rival_zodbS3blobs() throws Exception {
        ZeoServer server = scene.server(Encoding.PICKLE)
                .command(OtherProgram.runzeo())
                .storages(ColdSite.zodbS3blobs(site.proxy().endpoint(), "Data.fs", "rival-cache"));
        server.start();
        List<Blob> blobs = prepare(server);
        measure("zodb-s3blobs, nobody reads", server, COMMITS, List.of());
        server.stop();
        deleteBlobs(server.directory().resolve("rival-cache"));
        server.start();
        measure("zodb-s3blobs, cold blobs are read", server, COMMITS, blobs);
        site.proxy().set(new Fault.Slow(MEGABYTE));
        measure("zodb-s3blobs, bucket slow", server, 2, List.of());
        // A store that hangs stops all of it for as long as its time-out says, five minutes.
        server.kill();
    }

    private static void deleteBlobs(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.delete(file);
            }
        }
    }
}
