package io.zeolite.it.cold;

import io.zeolite.blob.KeyLayout;
import io.zeolite.blob.StoredContent;
import io.zeolite.blob.s3.S3Server;
import io.zeolite.blob.s3.S3Settings.Credentials;
import io.zeolite.blob.s3.S3Store;
import io.zeolite.client.BlobFile;
import io.zeolite.client.ZeoClient;
import io.zeolite.client.ZeoClientOptions;
import io.zeolite.error.ZeoException;
import io.zeolite.it.cold.FigureClient.Read;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
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
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * What figures are made with. Each kind of work is a process of its own: the store's collections of garbage, or those of whoever
 * handles large blobs, are not to be measured as the server's.
 */
final class FigureWork {
    static final String READY = "ready";
    static final String FOUND = "found";

    private static final long LOAD_DUE_NANOS = TimeUnit.MILLISECONDS.toNanos(5);
    private static final long COMMIT_DUE_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

    /** The first reads warm up both virtual machines. */
    private static final int WARM_UP = 4;

    private FigureWork() {}

    public static void main(String[] args) throws Exception {
        if (!args[0].equals("loads")) {
            System.out.println(READY);
        }
        switch (args[0]) {
            case "loads" -> loads(args[1], Integer.parseInt(args[2]));
            case "commits" -> commits(args[1], Long.parseLong(args[2]), Integer.parseInt(args[3]), args[4]);
            case "readers" -> readers(args[1], Integer.parseInt(args[2]), blobs(args, 3));
            case "cold" -> cold(args[1], URI.create(args[2]), Integer.parseInt(args[3]), blobs(args, 4));
            case "client" -> client(args[1], Path.of(args[2]), blobs(args, 3));
            default -> throw new IllegalArgumentException(args[0]);
        }
        System.exit(0);
    }

    /** A revision. */
    record Blob(long oid, long tid) {
        @Override
        public String toString() {
            return oid + ":" + tid;
        }
    }

    private static List<Blob> blobs(String[] args, int first) {
        List<Blob> blobs = new ArrayList<>();
        for (int i = first; i < args.length; i++) {
            String[] parts = args[i].split(":", -1);
            blobs.add(new Blob(Long.parseLong(parts[0]), Long.parseLong(parts[1])));
        }
        return blobs;
    }

    private static void found(String format, Object... arguments) {
        System.out.println(FOUND + " " + String.format(Locale.ROOT, format, arguments));
    }

    /** Becomes true when the standard input ends. */
    private static AtomicBoolean ended() {
        AtomicBoolean ended = new AtomicBoolean();
        Thread listener = new Thread(() -> {
            try {
                while (System.in.read() >= 0) {
                    // Nothing is said but the end.
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } finally {
                ended.set(true);
            }
        });
        listener.setDaemon(true);
        listener.start();
        return ended;
    }

    private static void await(long due) {
        for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }

    private static double millisSince(long start) {
        return (System.nanoTime() - start) / 1e6;
    }

    private static double at(List<Double> sorted, double share) {
        return sorted.get((int) Math.min(sorted.size() - 1, (long) (sorted.size() * share)));
    }

    /** Loads that are due every 5 ms; each is counted from when it was due. */
    private static void loads(String address, int objects) throws IOException {
        AtomicBoolean ended = ended();
        List<Double> millis = new ArrayList<>();
        Random random = new Random(1);
        try (FigureClient client = FigureClient.connect(address)) {
            for (int i = 0; i < 2000; i++) {
                client.load(1 + random.nextInt(objects));
            }
            // Those are not counted.
            System.out.println(READY);
            for (long due = System.nanoTime(); !ended.get(); due += LOAD_DUE_NANOS) {
                await(due);
                client.load(1 + random.nextInt(objects));
                millis.add(millisSince(due));
            }
        }
        List<Double> sorted = millis.stream().sorted().toList();
        found(
                "p50 %.2f ms, p99 %.2f ms, p99.9 %.2f ms, longest %.1f ms of %d",
                at(sorted, 0.5), at(sorted, 0.99), at(sorted, 0.999), at(sorted, 1), sorted.size());
    }

    /** Commits of a new blob each, one every quarter of a second if they are as fast as that. */
    private static void commits(String address, long firstOid, int count, String size) throws IOException {
        List<Double> millis = new ArrayList<>();
        int failed = 0;
        byte[] content = new byte[Integer.parseInt(size)];
        new Random(firstOid).nextBytes(content);
        try (FigureClient client = FigureClient.connect(address)) {
            for (int i = 0; i < count; i++) {
                long start = System.nanoTime();
                try {
                    client.commitBlob(firstOid + i, content);
                } catch (ZeoException e) {
                    failed++;
                }
                millis.add(millisSince(start));
                await(start + COMMIT_DUE_NANOS);
            }
        }
        found(
                "median %.0f ms, longest %.0f ms of %d, failed %d",
                FigureClient.median(millis),
                millis.stream().max(Double::compare).orElseThrow(),
                millis.size(),
                failed);
    }

    /** Two clients that read blobs without a pause, each in turn. */
    private static void readers(String address, int size, List<Blob> blobs) throws Exception {
        AtomicBoolean ended = ended();
        ExecutorService threads = Executors.newFixedThreadPool(2);
        List<Future<int[]>> readers = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            int first = i * blobs.size() / 2;
            readers.add(threads.submit(() -> readUntil(ended, address, size, blobs, first)));
        }
        int read = 0;
        int failed = 0;
        for (Future<int[]> reader : readers) {
            read += reader.get()[0];
            failed += reader.get()[1];
        }
        found("%d blobs read, %d refused", read, failed);
    }

    /** @return how many came, and how many did not */
    private static int[] readUntil(AtomicBoolean ended, String address, int size, List<Blob> blobs, int first)
            throws IOException {
        int[] counts = {0, 0};
        FigureClient client = FigureClient.connect(address);
        try {
            for (int i = first; !ended.get(); i++) {
                Blob blob = blobs.get(i % blobs.size());
                try {
                    client.readBlob(blob.oid(), blob.tid(), size);
                    counts[0]++;
                } catch (ZeoException e) {
                    counts[1]++;
                    // The server would send the rest only, on the same connection.
                    client.close();
                    client = FigureClient.connect(address);
                }
            }
        } finally {
            client.close();
        }
        return counts;
    }

    /** Blobs of which the server has nothing, beside plain downloads of the same objects. */
    private static void cold(String address, URI endpoint, int size, List<Blob> blobs) throws IOException {
        List<Read> reads = new ArrayList<>();
        List<Double> plain = new ArrayList<>();
        List<Double> intoNothing = new ArrayList<>();
        Path file = Files.createTempFile("zeolite-figures-", ".tmp");
        List<Double> roundTrips = new ArrayList<>();
        Credentials keys = new Credentials.Keys(S3Server.ACCESS_KEY, S3Server.SECRET_KEY, null);
        try (FigureClient client = FigureClient.connect(address);
                S3Store store = new S3Store(S3Server.settings(endpoint, "site/", keys))) {
            for (Blob blob : blobs) {
                String key = KeyLayout.FLAT.key(blob.oid(), blob.tid());
                long start = System.nanoTime();
                store.stat(key);
                roundTrips.add(millisSince(start));
                intoNothing.add(download(store, key, size, null));
                plain.add(download(store, key, size, file));
                reads.add(client.readBlob(blob.oid(), blob.tid(), size));
            }
        }
        Files.delete(file);
        List<Read> warm = reads.subList(WARM_UP, reads.size());
        double plainMedian = FigureClient.median(plain.subList(WARM_UP, plain.size()));
        found(
                "median %.0f ms, first bytes after %.1f ms; plain download into a file with the same SDK: median %.0f ms"
                        + " (%.2f times), into nothing %.0f ms;"
                        + " a round trip to the store (HEAD): %.1f ms",
                Read.medianAll(warm),
                Read.medianFirst(warm),
                plainMedian,
                Read.medianAll(warm) / plainMedian,
                FigureClient.median(intoNothing.subList(WARM_UP, intoNothing.size())),
                FigureClient.median(roundTrips.subList(WARM_UP, roundTrips.size())));
    }

    /** Blobs into the cache of the Java client, beside copies of the same bytes. */
    private static void client(String address, Path home, List<Blob> blobs) throws IOException, InterruptedException {
        List<Double> fetched = new ArrayList<>();
        List<Double> copied = new ArrayList<>();
        Path file = home.resolve("copied");
        String uri = "zeo://" + address + "/1?blob-dir=" + home.resolve("client-cache");
        try (ZeoClient client = ZeoClient.connect(ZeoClientOptions.parse(uri))) {
            for (Blob blob : blobs) {
                long start = System.nanoTime();
                try (BlobFile opened = client.openBlob(blob.oid(), blob.tid())) {
                    fetched.add(opened.size() / 1e3 / millisSince(start));
                    // Under its own name: what is open here is none of cp's.
                    Path source = Path.of(
                                    "/proc",
                                    Long.toString(ProcessHandle.current().pid()),
                                    "fd")
                            .resolve(opened.path().getFileName().toString());
                    start = System.nanoTime();
                    int status = new ProcessBuilder("cp", source.toString(), file.toString())
                            .inheritIO()
                            .start()
                            .waitFor();
                    copied.add(opened.size() / 1e3 / millisSince(start));
                    if (status != 0 || Files.size(file) != opened.size()) {
                        throw new IOException("cp has ended with " + status);
                    }
                }
                Files.delete(file);
            }
        }
        found(
                "median %.0f MB/s; cp: median %.0f MB/s",
                FigureClient.median(fetched.subList(WARM_UP, fetched.size())),
                FigureClient.median(copied.subList(WARM_UP, copied.size())));
    }

    private static double download(S3Store store, String key, int size, @Nullable Path file) throws IOException {
        if (file != null) {
            // To free its memory is no part of a download.
            Files.deleteIfExists(file);
        }
        long start = System.nanoTime();
        long count = 0;
        ByteBuffer buffer = ByteBuffer.allocate(1 << 17);
        try (StoredContent content = store.open(key, 0, null);
                FileChannel channel = file == null
                        ? null
                        : FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
            for (int read = content.read(buffer); read >= 0; read = content.read(buffer.clear())) {
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
        return millisSince(start);
    }
}
