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
 *   loads         connections=4 depth=16 first=1 objects=100000 most=0
 *   old-loads     connections=1 first=1 objects=1000 revisions=20
 *   commits       connections=8 first=1 shared=0 batch=1
 *   blob-upload   connections=1 times=2 oid=100001 length=100000000
 *   blob-download connections=1 times=5 oid=100001 length=100000000
 *   listeners     connections=200
 *   deaf          connections=1 first=1 objects=100000
 * </pre>
 *
 * <p>A line ends with {@code port=8100 tls=0 pid=77 seconds=4}. Each connection that uploads has an object of its own: the one that is
 * named, and those after it. Before that, several of these can stand side by side, with a
 * {@code +} between: they run at the same time, for so many seconds, and each has its own numbers in the answer.
 */
final class LoadGenerator {
    /** Transactions that each connection commits in turn; their objects are never those of another connection. */
    private static final int TRANSACTIONS_OF_A_CONNECTION = 100;

    private LoadGenerator() {}

    public static void main(String[] args) throws IOException, InterruptedException {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            System.out.println(answer(line));
        }
    }

    private static String answer(String line) throws InterruptedException {
        try {
            return measure(Measurement.parse(line));
        } catch (IOException | ExecutionException e) {
            Throwable reason = e instanceof ExecutionException ? e.getCause() : e;
            return "{\"error\": \"" + reason.toString().replaceAll("[\"\\\\\\p{Cntrl}]", " ") + "\"}";
        }
    }

    private static String measure(Measurement measurement) throws IOException, ExecutionException, InterruptedException {
        List<Connection> connections = new ArrayList<>();
        ExecutorService threads = Executors.newCachedThreadPool();
        try {
            List<List<Workload>> groups = new ArrayList<>();
            for (Task task : measurement.tasks) {
                List<Workload> workloads = new ArrayList<>();
                for (int i = 0; i < task.number("connections"); i++) {
                    Connection connection = Connection.open(measurement.port(), measurement.isTls());
                    connections.add(connection);
                    workloads.add(workload(task, connection, i));
                }
                groups.add(workloads);
            }
            return run(measurement, groups, threads);
        } finally {
            // Before the threads: whoever waits for a message that does not come is woken by it.
            for (Connection connection : connections) {
                connection.close();
            }
            threads.shutdownNow();
        }
    }

    private static Workload workload(Task task, Connection connection, int number) throws IOException {
        return switch (task.name()) {
            case "loads" ->
                new Loads(
                        connection,
                        new SplittableRandom(number),
                        task.number("first"),
                        task.number("objects"),
                        (int) task.number("depth"),
                        task.number("most"));
            case "old-loads" ->
                new OldLoads(
                        connection,
                        new SplittableRandom(number),
                        task.number("first"),
                        task.number("objects"),
                        (int) task.number("revisions"));
            case "commits" -> commits(task, connection, number);
            case "blob-upload" ->
                new BlobUploads(
                        connection, task.number("oid") + number, task.number("length"), (int) task.number("times"));
            case "blob-download" ->
                new BlobDownloads(connection, task.number("oid"), task.number("length"), (int) task.number("times"));
            case "listeners" -> new Listener(connection);
            case "deaf" -> new Deaf(connection, task.number("first"), task.number("objects"));
            default -> throw new IOException("workload: " + task.name());
        };
    }

    private static Commits commits(Task task, Connection connection, int number) throws IOException {
        int batch = (int) task.number("batch");
        if (task.number("shared") != 0) {
            return new Commits(connection, task.number("first"), 1, batch);
        }
        long first = task.number("first") + (long) number * TRANSACTIONS_OF_A_CONNECTION * batch;
        return new Commits(connection, first, TRANSACTIONS_OF_A_CONNECTION, batch);
    }

    private static String run(Measurement measurement, List<List<Workload>> groups, ExecutorService threads)
            throws IOException, ExecutionException, InterruptedException {
        Path server = Path.of("/proc", Long.toString(measurement.pid()));
        Path self = Path.of("/proc/self");
        long serverTicks = cpuTicks(server);
        long ownTicks = cpuTicks(self);
        long start = System.nanoTime();
        long deadline = start + measurement.seconds() * 1_000_000_000L;
        List<List<Future<Latencies>>> running = new ArrayList<>();
        for (List<Workload> group : groups) {
            List<Future<Latencies>> parts = new ArrayList<>();
            for (Workload workload : group) {
                parts.add(threads.submit(() -> {
                    Latencies latencies = new Latencies();
                    workload.run(deadline, latencies);
                    return latencies;
                }));
            }
            running.add(parts);
        }
        List<String> parts = new ArrayList<>();
        for (int i = 0; i < running.size(); i++) {
            if (i == 1) {
                stop(groups.subList(1, groups.size()));
            }
            List<Latencies> finished = new ArrayList<>();
            for (Future<Latencies> part : running.get(i)) {
                finished.add(part.get());
            }
            double seconds = (System.nanoTime() - start) / 1e9;
            parts.add(json(finished, seconds));
        }
        ownTicks = cpuTicks(self) - ownTicks;
        serverTicks = cpuTicks(server) - serverTicks;
        String first = parts.get(0);
        return String.format(
                Locale.ROOT,
                "%s, \"server_ticks\": %d, \"own_ticks\": %d, \"server_rss_kb\": %d, \"server_anonymous_kb\": %d, \"beside\": [%s]}",
                first.substring(0, first.length() - 1),
                serverTicks,
                ownTicks,
                memoryKilobytes(server, "VmRSS"),
                memoryKilobytes(server, "RssAnon"),
                String.join(", ", parts.subList(1, parts.size())));
    }

    private static void stop(List<List<Workload>> groups) throws IOException {
        for (List<Workload> group : groups) {
            for (Workload workload : group) {
                workload.stop();
            }
        }
    }

    private static String json(List<Latencies> connections, double seconds) {
        Latencies sorted = Latencies.sorted(connections);
        int fewest = connections.stream().mapToInt(Latencies::count).min().orElse(0);
        return String.format(
                Locale.ROOT,
                "{\"operations\": %d, \"fewest\": %d, \"connections\": %d, \"seconds\": %.6f, "
                        + "\"mean_us\": %.1f, \"p50_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f, \"max_us\": %.1f}",
                sorted.count(),
                fewest,
                connections.size(),
                seconds,
                sorted.meanMicros(),
                sorted.quantileMicros(0.5),
                sorted.quantileMicros(0.99),
                sorted.quantileMicros(0.999),
                sorted.quantileMicros(1));
    }

    /** CPU time of a process with all its threads, those that ended too, in clock ticks: utime and stime of proc(5). */
    private static long cpuTicks(Path process) throws IOException {
        String text = Files.readString(process.resolve("stat"), StandardCharsets.ISO_8859_1);
        String[] afterName = text.substring(text.lastIndexOf(')') + 2).split(" ");
        return Long.parseLong(afterName[11]) + Long.parseLong(afterName[12]);
    }

    /** A line of what proc(5) says of a process's memory. */
    private static long memoryKilobytes(Path process, String line) throws IOException {
        for (String each : Files.readAllLines(process.resolve("status"), StandardCharsets.ISO_8859_1)) {
            if (each.startsWith(line + ":")) {
                return Long.parseLong(each.replaceAll("\\D", ""));
            }
        }
        throw new IOException(process + "/status: no " + line);
    }

    /** A line of input. */
    private record Measurement(List<Task> tasks, Task last) {
        static Measurement parse(String line) {
            List<Task> tasks = new ArrayList<>();
            for (String part : line.split(" \\+ ")) {
                tasks.add(Task.parse(part));
            }
            return new Measurement(tasks, tasks.get(tasks.size() - 1));
        }

        int port() throws IOException {
            return (int) last.number("port");
        }

        boolean isTls() throws IOException {
            return last.number("tls") != 0;
        }

        long pid() throws IOException {
            return last.number("pid");
        }

        long seconds() throws IOException {
            return last.number("seconds");
        }
    }

    /** What some connections do. */
    private record Task(String name, Map<String, Long> numbers) {
        static Task parse(String text) {
            String[] words = text.split(" ");
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
