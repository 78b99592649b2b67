package io.zeolite.it.cold;

import io.zeolite.blob.KeyLayout;
import io.zeolite.blob.StoredContent;
import io.zeolite.blob.s3.S3Server;
import io.zeolite.blob.s3.S3Settings.Credentials;
import io.zeolite.blob.s3.S3Store;
import io.zeolite.it.cold.FigureClient.Read;
import io.zeolite.it.cold.FigureWork.Blob;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Reads blobs of which the server has nothing, beside plain downloads of the same objects. */
final class ColdReads {
    /** The first reads of large blobs fill memory that nobody has used before. */
    private static final int FIRST = 12;

    private final String address;
    private final URI endpoint;
    private final ProcessTime store;
    private final ProcessTime server;

    ColdReads(String address, URI endpoint, ProcessTime store, ProcessTime server) {
        this.address = address;
        this.endpoint = endpoint;
        this.store = store;
        this.server = server;
    }

    private S3Store bucket() {
        Credentials keys = new Credentials.Keys(S3Server.ACCESS_KEY, S3Server.SECRET_KEY, null);
        return new S3Store(S3Server.settings(endpoint, "site/", keys));
    }

    private static String key(Blob blob) {
        return KeyLayout.FLAT.key(blob.oid(), blob.tid());
    }

    /** Has the virtual machines compile what they will need, for as many blobs as it takes. Each has to be cold, too. */
    void warmUp(List<Blob> blobs, int size) throws IOException {
        run("blobs of " + size / 1000 + " KB", blobs, size, blobs.size() / 2);
    }

    void measure(List<Blob> blobs, int size) throws IOException {
        run("blobs of " + size / 1_000_000 + " MB", blobs, size, FIRST);
    }

    /** @param uncounted so many at the beginning */
    private void run(String name, List<Blob> blobs, int size, int uncounted) throws IOException {
        Series plain = new Series();
        Series intoNothing = new Series();
        Series firstPlain = new Series();
        Series first = new Series();
        Series all = new Series();
        Series roundTrips = new Series();
        // Each download keeps its file, as the server's cache does: memory that was just given back is cheaper to fill
        // again.
        List<Path> files = new ArrayList<>();
        try (FigureClient client = FigureClient.connect(address);
                S3Store bucket = bucket()) {
            for (int i = 0; i < blobs.size(); i++) {
                Blob blob = blobs.get(i);
                boolean counted = i >= uncounted;
                long start = System.nanoTime();
                bucket.stat(key(blob));
                roundTrips.add(counted, (System.nanoTime() - start) / 1e6);
                Read nothing = download(bucket, key(blob), size, null);
                intoNothing.add(counted, nothing.allMillis());
                firstPlain.add(counted, nothing.firstMillis());
                Path file = Files.createTempFile("zeolite-figures-", ".tmp");
                files.add(file);
                plain.begin();
                plain.end(counted, download(bucket, key(blob), size, file).allMillis());
                all.begin();
                Read read = client.readBlob(blob.oid(), blob.tid(), size);
                all.end(counted, read.allMillis());
                first.add(counted, read.firstMillis());
            }
        } finally {
            for (Path file : files) {
                Files.delete(file);
            }
        }
        System.out.printf(
                Locale.ROOT,
                "%s %s: cold %s, first bytes %s; plain download into a file with the same SDK %s, into nothing %s,"
                        + " first bytes %s; ratio of medians %.2f; HEAD %s, first bytes after %.1f of them, and %.1f of a"
                        + " plain download's%n",
                FigureWork.FOUND,
                name,
                all,
                first,
                plain,
                intoNothing,
                firstPlain,
                all.median() / plain.median(),
                roundTrips,
                first.median() / roundTrips.median(),
                first.median() / firstPlain.median());
    }

    /** Times in milliseconds, and what each process has had of the processors meanwhile. */
    private final class Series {
        private final List<ProcessTime> processes = List.of(store, server, ProcessTime.ofThisProcess());
        private final List<List<Double>> costs =
                List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        private final List<Double> millis = new ArrayList<>();
        private double[] before = {};

        private double[] now() throws IOException {
            double[] now = new double[processes.size() + 1];
            for (int i = 0; i < processes.size(); i++) {
                now[i] = processes.get(i).millis(false);
                now[processes.size()] += processes.get(i).millis(true);
            }
            return now;
        }

        void begin() throws IOException {
            before = now();
        }

        void end(boolean counted, double time) throws IOException {
            double[] after = now();
            add(counted, time);
            for (int i = 0; counted && i < after.length; i++) {
                costs.get(i).add(after[i] - before[i]);
            }
        }

        void add(boolean counted, double time) {
            if (counted) {
                millis.add(time);
            }
        }

        double median() {
            return FigureClient.median(millis);
        }

        @Override
        public String toString() {
            List<Double> sorted = millis.stream().sorted().toList();
            String times = String.format(
                    Locale.ROOT, "%.1f ms (%.1f - %.1f)", median(), sorted.get(0), sorted.get(sorted.size() - 1));
            if (costs.get(0).isEmpty()) {
                return times;
            }
            return times
                    + String.format(
                            Locale.ROOT,
                            " for CPU of %.1f + %.1f + %.1f (store, server, client) and %.1f of their compilers",
                            FigureClient.median(costs.get(0)),
                            FigureClient.median(costs.get(1)),
                            FigureClient.median(costs.get(2)),
                            FigureClient.median(costs.get(3)));
        }
    }

    private static Read download(S3Store store, String key, int size, @Nullable Path file) throws IOException {
        long start = System.nanoTime();
        double first = Double.NaN;
        long count = 0;
        // As large as the server's: the system takes larger pieces of its memory for larger writes.
        ByteBuffer buffer = ByteBuffer.allocate(1 << 19);
        try (StoredContent content = store.open(key, 0, null);
                FileChannel channel = file == null ? null : FileChannel.open(file, StandardOpenOption.WRITE)) {
            for (int read = content.read(buffer); read >= 0; read = content.read(buffer.clear())) {
                if (count == 0) {
                    first = (System.nanoTime() - start) / 1e6;
                }
                count += read;
                buffer.flip();
                while (channel != null && buffer.hasRemaining()) {
                    channel.write(buffer);
                }
            }
        }
        if (count != size) {
            throw new IOException("an object of " + count + " bytes (expected: " + size + ")");
        }
        return new Read(first, (System.nanoTime() - start) / 1e6);
    }
}
