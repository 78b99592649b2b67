package io.zeolite.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Puts load on a ZEO server and measures it. One process serves a whole run, so that it is warm: each line on standard
 * input is one measurement, answered by one line of JSON; it ends with its input.
 *
 * <pre>
 *   loads         port=8100 pid=77 connections=4 seconds=4 depth=16 objects=100000
 *   commits       port=8100 pid=77 connections=8 seconds=4 shared=0
 *   blob-upload   port=8100 pid=77 connections=1 times=2 oid=100001 length=100000000
 *   blob-download port=8100 pid=77 connections=1 times=5 oid=100001 length=100000000
 * </pre>
 */
final class LoadGenerator {
    /** Objects that each connection commits in turn; those of two connections are never the same. */
    private static final int OBJECTS_OF_A_CONNECTION = 100;

    private LoadGenerator() {}

    public static void main(String[] args) throws IOException, InterruptedException {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            System.out.println(answer(line));
        }
    }

    private static String answer(String line) throws InterruptedException {
        try {
            return measure(Task.parse(line));
        } catch (IOException | ExecutionException e) {
            Throwable reason = e instanceof ExecutionException ? e.getCause() : e;
            return "{\"error\": \"" + reason.toString().replaceAll("[\"\\\\\\p{Cntrl}]", " ") + "\"}";
        }
    }

    private static String measure(Task task) throws IOException, ExecutionException, InterruptedException {
        int count = (int) task.number("connections");
        List<Connection> connections = new ArrayList<>();
        ExecutorService threads = Executors.newFixedThreadPool(count);
        try {
            List<Workload> workloads = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                Connection connection = Connection.open((int) task.number("port"));
                connections.add(connection);
                workloads.add(workload(task, connection, i));
            }
            return run(task, workloads, threads);
        } finally {
            threads.shutdownNow();
            for (Connection connection : connections) {
                connection.close();
            }
        }
    }

    private static Workload workload(Task task, Connection connection, int number) throws IOException {
        return switch (task.name()) {
            case "loads" ->
                new Loads(connection, new SplittableRandom(number), task.number("objects"), (int) task.number("depth"));
            case "commits" ->
                task.number("shared") != 0
                        ? new Commits(connection, 1, 1)
                        : new Commits(connection, 1 + (long) number * OBJECTS_OF_A_CONNECTION, OBJECTS_OF_A_CONNECTION);
            case "blob-upload" ->
                new BlobUploads(connection, task.number("oid"), task.number("length"), (int) task.number("times"));
            case "blob-download" ->
                new BlobDownloads(connection, task.number("oid"), task.number("length"), (int) task.number("times"));
            default -> throw new IOException("workload: " + task.name());
        };
    }

    private static String run(Task task, List<Workload> workloads, ExecutorService threads)
            throws IOException, ExecutionException, InterruptedException {
        Path server = Path.of("/proc", Long.toString(task.number("pid")), "stat");
        Path self = Path.of("/proc/self/stat");
        long serverTicks = cpuTicks(server);
        long ownTicks = cpuTicks(self);
        long start = System.nanoTime();
        long deadline = start + task.number("seconds") * 1_000_000_000L;
        List<Future<Latencies>> parts = new ArrayList<>();
        for (Workload workload : workloads) {
            parts.add(threads.submit(() -> {
                Latencies latencies = new Latencies();
                workload.run(deadline, latencies);
                return latencies;
            }));
        }
        List<Latencies> finished = new ArrayList<>();
        for (Future<Latencies> part : parts) {
            finished.add(part.get());
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        ownTicks = cpuTicks(self) - ownTicks;
        serverTicks = cpuTicks(server) - serverTicks;
        return json(Latencies.sorted(finished), seconds, serverTicks, ownTicks);
    }

    private static String json(Latencies sorted, double seconds, long serverTicks, long ownTicks) {
        return String.format(
                Locale.ROOT,
                "{\"operations\": %d, \"seconds\": %.6f, \"server_ticks\": %d, \"own_ticks\": %d, "
                        + "\"p50_us\": %.1f, \"p99_us\": %.1f, \"max_us\": %.1f}",
                sorted.count(),
                seconds,
                serverTicks,
                ownTicks,
                sorted.quantileMicros(0.5),
                sorted.quantileMicros(0.99),
                sorted.quantileMicros(1));
    }

    /** CPU time of a process with all its threads, those that ended too, in clock ticks: utime and stime of proc(5). */
    private static long cpuTicks(Path stat) throws IOException {
        String text = Files.readString(stat, StandardCharsets.ISO_8859_1);
        String[] afterName = text.substring(text.lastIndexOf(')') + 2).split(" ");
        return Long.parseLong(afterName[11]) + Long.parseLong(afterName[12]);
    }

    /** A line of input. */
    private record Task(String name, Map<String, Long> numbers) {
        static Task parse(String line) {
            String[] words = line.split(" ");
            Map<String, Long> numbers = new HashMap<>();
            for (int i = 1; i < words.length; i++) {
                int equals = words[i].indexOf('=');
                numbers.put(words[i].substring(0, equals), Long.parseLong(words[i].substring(equals + 1)));
            }
            return new Task(words[0], numbers);
        }

        long number(String key) throws IOException {
            Long number = numbers.get(key);
            if (number == null) {
                throw new IOException("no " + key + " for " + name);
            }
            return number;
        }
    }
}
