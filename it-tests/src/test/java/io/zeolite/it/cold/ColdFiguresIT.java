package io.zeolite.it.cold;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.blob.KeyLayout;
import io.zeolite.blob.StoredContent;
import io.zeolite.blob.s3.S3Store;
import io.zeolite.blob.tier.FaultProxy.Fault;
import io.zeolite.error.ZeoException;
import io.zeolite.it.Encoding;
import io.zeolite.it.Layout;
import io.zeolite.it.Scene;
import io.zeolite.it.ZeoServer;
import io.zeolite.it.cold.FigureClient.Read;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Figures of a bucket, for docs/performance.md. They are printed, and written to {@code target/cold-figures.txt}; nothing depends
 * on them. They say something on a quiet machine only.
 */
@EnabledIfSystemProperty(named = "zeolite.it.figures", matches = "true")
final class ColdFiguresIT {
    private static final int OBJECTS = 1000;
    private static final int MEGABYTE = 1_000_000;
    private static final int COMMITS = 10;
    private static final int COLD_BLOBS = 40;
    private static final int READS = 5;
    private static final long DUE_NANOS = 5_000_000;

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

    private static byte[] content(long oid, int size) {
        byte[] bytes = new byte[size];
        new Random(oid).nextBytes(bytes);
        return bytes;
    }

    private record Blob(long oid, long tid) {}

    private List<Blob> commit(FigureClient client, int count, int size) throws IOException {
        List<Blob> blobs = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            long oid = nextOid++;
            blobs.add(new Blob(oid, client.commitBlob(oid, content(oid, size))));
        }
        return blobs;
    }

    @Test
    void commitsAndLoads_whateverTheBucketDoes() throws Exception {
        ZeoServer plain = scene.server(Encoding.PICKLE).start();
        try (FigureClient client = FigureClient.connect(plain.address())) {
            client.commitObjects(OBJECTS);
            commit(client, 3, 20 * MEGABYTE);
        }
        measure("no bucket", plain, List.of());
        plain.stop();
        ZeoServer server = site.start(site.server(Encoding.PICKLE, "  attempts 2\n  cache-size 50MB\n"));
        List<Blob> cold;
        try (FigureClient client = FigureClient.connect(server.address())) {
            client.commitObjects(OBJECTS);
            cold = commit(client, COLD_BLOBS, 5 * MEGABYTE);
        }
        site.archive(server, "-a", "0", "-d");
        measure("bucket up", server, cold);
        site.proxy().set(new Fault.Slow(MEGABYTE));
        measure("bucket slow", server, cold);
        site.proxy().set(new Fault.Hang());
        measure("bucket hung", server, cold);
        site.proxy().close();
        measure("bucket dead", server, cold);
        print("server's memory: %s", memory(server));
        server.stop();
    }

    /** Commits of 20 MB, and loads of another client that are due every 5 ms, while two clients read what is in the bucket. */
    private void measure(String name, ZeoServer server, List<Blob> cold) throws Exception {
        AtomicBoolean done = new AtomicBoolean();
        ExecutorService threads = Executors.newCachedThreadPool();
        List<Double> loads;
        List<Double> commits = new ArrayList<>();
        try (FigureClient committer = FigureClient.connect(server.address())) {
            List<Future<Integer>> readers = new ArrayList<>();
            for (int i = 0; i < 2 && !cold.isEmpty(); i++) {
                int first = i * COLD_BLOBS / 2;
                readers.add(threads.submit(() -> readUntil(done, server, cold, first)));
            }
            Future<List<Double>> others = threads.submit(() -> loadUntil(done, server));
            for (int i = 0; i < COMMITS; i++) {
                long oid = nextOid++;
                byte[] content = content(oid, 20 * MEGABYTE);
                long start = System.nanoTime();
                committer.commitBlob(oid, content);
                commits.add((System.nanoTime() - start) / 1e6);
            }
            done.set(true);
            loads = others.get().stream().sorted().toList();
            int read = 0;
            for (Future<Integer> reader : readers) {
                read += reader.get();
            }
            print(
                    "%-12s commit of 20 MB: median %.0f ms, longest %.0f ms; loads due every 5 ms: p50 %.2f ms, p99 %.2f"
                            + " ms, longest %.1f ms of %d; cold blobs read: %d",
                    name,
                    FigureClient.median(commits),
                    commits.stream().max(Double::compare).orElseThrow(),
                    loads.get(loads.size() / 2),
                    loads.get(loads.size() * 99 / 100),
                    loads.get(loads.size() - 1),
                    loads.size(),
                    read);
        } finally {
            done.set(true);
            threads.shutdownNow();
        }
    }

    private static int readUntil(AtomicBoolean done, ZeoServer server, List<Blob> cold, int first) throws IOException {
        int count = 0;
        try (FigureClient client = FigureClient.connect(server.address())) {
            for (int i = first; !done.get(); i++) {
                Blob blob = cold.get(i % cold.size());
                try {
                    client.readBlob(blob.oid(), blob.tid(), 5 * MEGABYTE);
                    count++;
                } catch (ZeoException expected) {
                    // The bucket is away, as it should be.
                } catch (IOException broken) {
                    // What was there of it has been sent before, on this connection.
                    count++;
                }
            }
        }
        return count;
    }

    private static List<Double> loadUntil(AtomicBoolean done, ZeoServer server) throws IOException {
        List<Double> millis = new ArrayList<>();
        Random random = new Random(1);
        try (FigureClient client = FigureClient.connect(server.address())) {
            long due = System.nanoTime();
            while (!done.get()) {
                due += DUE_NANOS;
                while (System.nanoTime() < due) {
                    LockSupport.parkNanos(due - System.nanoTime());
                }
                client.load(1 + random.nextInt(OBJECTS));
                millis.add((System.nanoTime() - due) / 1e6);
            }
        }
        return millis;
    }

    @Test
    void coldReads_besidePlainDownloads() throws Exception {
        int size = 100 * MEGABYTE;
        ZeoServer server = site.withBucket(
                scene.server(Encoding.PICKLE),
                ColdSite.bucketKeys(site.bucket().endpoint()) + "  cache-dir cache\n  cache-size 2GB\n");
        site.start(server);
        List<Blob> cold;
        try (FigureClient client = FigureClient.connect(server.address())) {
            cold = commit(client, READS + 2, size);
        }
        site.archive(server, "-a", "0", "-d");
        String before = memory(server);
        List<Read> reads = new ArrayList<>();
        List<Double> plain = new ArrayList<>();
        List<Double> roundTrips = new ArrayList<>();
        try (FigureClient client = FigureClient.connect(server.address());
                S3Store store = site.store()) {
            for (Blob blob : cold) {
                String key = KeyLayout.FLAT.key(blob.oid(), blob.tid());
                long start = System.nanoTime();
                store.stat(key);
                roundTrips.add((System.nanoTime() - start) / 1e6);
                plain.add(download(store, key, size));
                reads.add(client.readBlob(blob.oid(), blob.tid(), size));
            }
        }
        // The first ones warm up both virtual machines.
        double cost =
                Read.medianAll(reads.subList(2, reads.size())) / FigureClient.median(plain.subList(2, plain.size()));
        print(
                "cold read of 100 MB: median %.0f ms, first bytes after %.1f ms; plain download with the same SDK: median"
                        + " %.0f ms (%.2f times); a round trip to the store (HEAD): %.1f ms",
                Read.medianAll(reads.subList(2, reads.size())),
                Read.medianFirst(reads.subList(2, reads.size())),
                FigureClient.median(plain.subList(2, plain.size())),
                cost,
                FigureClient.median(roundTrips.subList(2, roundTrips.size())));
        print("server's memory before: %s; after reading %d MB: %s", before, cold.size() * 100, memory(server));
        server.stop();
    }

    private static double download(S3Store store, String key, int size) throws IOException {
        long start = System.nanoTime();
        long count = 0;
        ByteBuffer buffer = ByteBuffer.allocate(1 << 17);
        try (StoredContent content = store.open(key, 0, null)) {
            for (int read = content.read(buffer); read >= 0; read = content.read(buffer.clear())) {
                count += read;
            }
        }
        assertThat(count).isEqualTo(size);
        return (System.nanoTime() - start) / 1e6;
    }

    /** What is resident, now and at the most. */
    private static String memory(ZeoServer server) throws IOException {
        List<String> found = new ArrayList<>();
        for (String line : Files.readAllLines(Path.of("/proc", Long.toString(server.pid()), "status"))) {
            if (line.startsWith("VmRSS") || line.startsWith("VmHWM")) {
                found.add(line.replaceAll("\\s+", " "));
            }
        }
        return String.join(", ", found);
    }
}
