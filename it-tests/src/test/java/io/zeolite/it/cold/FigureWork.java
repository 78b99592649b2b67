package io.zeolite.it.cold;

import io.zeolite.client.BlobFile;
import io.zeolite.client.ZeoClient;
import io.zeolite.client.ZeoClientOptions;
import io.zeolite.error.ZeoException;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
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
            case "cold" -> {
                ProcessTime store = new ProcessTime(Long.parseLong(args[3]));
                ProcessTime server = new ProcessTime(Long.parseLong(args[4]));
                List<Blob> blobs = blobs(args, 8);
                int small = Integer.parseInt(args[5]);
                ColdReads reads = new ColdReads(args[1], URI.create(args[2]), store, server);
                reads.warmUp(blobs.subList(0, small), Integer.parseInt(args[6]));
                reads.measure(blobs.subList(small, blobs.size()), Integer.parseInt(args[7]));
            }
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

    /**
     * Loads that are due every 5 ms; each is counted from when it was due. How late the waiting itself ends is told beside them, and how
     * long a byte takes to another thread of this process and back: that much is the machine's, whatever the server does.
     */
    private static void loads(String address, int objects) throws IOException {
        AtomicBoolean ended = ended();
        List<Double> millis = new ArrayList<>();
        List<Double> late = new ArrayList<>();
        List<Double> echoes = new ArrayList<>();
        Random random = new Random(1);
        try (FigureClient client = FigureClient.connect(address);
                Echo echo = Echo.start()) {
            for (int i = 0; i < 2000; i++) {
                client.load(1 + random.nextInt(objects));
            }
            // Those are not counted.
            System.out.println(READY);
            for (long due = System.nanoTime(); !ended.get(); due += LOAD_DUE_NANOS) {
                await(due);
                late.add(millisSince(due));
                client.load(1 + random.nextInt(objects));
                millis.add(millisSince(due));
                long between = due + LOAD_DUE_NANOS / 2;
                await(between);
                echo.call();
                echoes.add(millisSince(between));
            }
        }
        found("%s; woken late %s; echo without the server %s", spread(millis), spread(late), spread(echoes));
    }

    private static String spread(List<Double> millis) {
        List<Double> sorted = millis.stream().sorted().toList();
        return String.format(
                Locale.ROOT,
                "p50 %.2f ms, p99 %.2f ms, p99.9 %.2f ms, longest %.1f ms of %d",
                at(sorted, 0.5),
                at(sorted, 0.99),
                at(sorted, 0.999),
                at(sorted, 1),
                sorted.size());
    }

    /** A thread that sends back each byte that it gets over a connection. */
    private static final class Echo implements AutoCloseable {
        private final Socket near;
        private final Socket far;

        private Echo(Socket near, Socket far) {
            this.near = near;
            this.far = far;
        }

        static Echo start() throws IOException {
            try (ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
                Socket near = new Socket(listener.getInetAddress(), listener.getLocalPort());
                Echo echo = new Echo(near, listener.accept());
                echo.near.setTcpNoDelay(true);
                echo.far.setTcpNoDelay(true);
                Thread thread = new Thread(echo::answer, "echo");
                thread.setDaemon(true);
                thread.start();
                return echo;
            }
        }

        private void answer() {
            try {
                for (int data = far.getInputStream().read();
                        data >= 0;
                        data = far.getInputStream().read()) {
                    far.getOutputStream().write(data);
                }
            } catch (IOException e) {
                // It was closed.
            }
        }

        void call() throws IOException {
            near.getOutputStream().write(1);
            if (near.getInputStream().read() < 0) {
                throw new EOFException("the echo has ended");
            }
        }

        @Override
        public void close() throws IOException {
            near.close();
            far.close();
        }
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
}
