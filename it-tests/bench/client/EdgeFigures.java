import io.zeolite.client.BlobFile;
import io.zeolite.client.ZeoClient;
import io.zeolite.client.ZeoClientOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * How long loads take at a server in front of another one: of objects that it has, and of those that it must ask for, alone and
 * while it fetches large blobs over the same connection. Arguments: its address, the oids file of {@link ClientFigures}, a
 * directory, and how many fetches.
 */
public final class EdgeFigures {
    private static final long WARM_UP_NANOS = 3_000_000_000L;
    private static final long ALONE_NANOS = 3_000_000_000L;

    private final ZeoClient client;
    private final long[] oids;
    private final List<Long> blobs;
    private final ZeoClientOptions reader;
    private int next;

    private EdgeFigures(String address, Path oidsFile, Path directory) throws IOException {
        List<String> lines = Files.readAllLines(oidsFile);
        blobs = Stream.of(lines.get(0).split(" ")).map(Long::valueOf).toList();
        oids = lines.stream().skip(1).mapToLong(Long::parseLong).toArray();
        client = ZeoClient.connect(ZeoClientOptions.parse("zeo://" + address + "/1?cache-size=0"));
        reader = ZeoClientOptions.parse("zeo://" + address + "/1?blob-cache-size=600MB&blob-dir=" + directory);
    }

    public static void main(String[] args) throws IOException {
        EdgeFigures figures = new EdgeFigures(args[0], Path.of(args[1]), Path.of(args[2]));
        int fetches = Integer.parseInt(args[3]);
        figures.measure(false, WARM_UP_NANOS, 2);
        figures.measure(true, ALONE_NANOS, fetches);
        figures.client.close();
    }

    private void measure(boolean shown, long nanos, int fetches) throws IOException {
        for (boolean known : new boolean[] {true, false}) {
            CompletableFuture<Void> time = new CompletableFuture<Void>()
                    .completeOnTimeout(null, nanos, TimeUnit.NANOSECONDS);
            report(shown, known, "alone", time);
            CompletableFuture<Void> fetched = CompletableFuture.runAsync(() -> fetch(shown, fetches));
            report(shown, known, "while blobs are fetched", fetched);
        }
    }

    /** The cache of the server in front has room for one of them, so none is there. */
    private void fetch(boolean shown, int times) {
        try (ZeoClient blobReader = ZeoClient.connect(reader)) {
            for (int i = 0; i < times; i++) {
                long blob = blobs.get(i % blobs.size());
                long serial = blobReader.load(blob).serial();
                long start = System.nanoTime();
                try (BlobFile file = blobReader.openBlob(blob, serial)) {
                    if (shown) {
                        System.out.printf("blob %.0f MB/s%n", file.size() * 1e3 / (System.nanoTime() - start));
                    }
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        }
    }

    /** One load after the other, until something is over. */
    private void report(boolean shown, boolean known, String when, CompletableFuture<Void> end) {
        long[] times = new long[1_000_000];
        int count = 0;
        while (!end.isDone() && count < times.length) {
            long oid = known ? oids[0] : oids[next++ % oids.length];
            long start = System.nanoTime();
            client.load(oid);
            times[count++] = System.nanoTime() - start;
        }
        end.join();
        if (shown) {
            long[] sorted = LongStream.of(Arrays.copyOf(times, count)).sorted().toArray();
            System.out.printf(
                    "%s, %s: %d loads, p50 %.3f, p99 %.3f, most %.3f ms%n",
                    known ? "loads of what is there" : "loads that are passed on",
                    when,
                    count,
                    sorted[count / 2] / 1e6,
                    sorted[(int) (count * 0.99)] / 1e6,
                    sorted[count - 1] / 1e6);
        }
    }
}
