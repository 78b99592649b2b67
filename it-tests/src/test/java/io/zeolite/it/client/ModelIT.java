package io.zeolite.it.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.client.ZeoClient;
import io.zeolite.client.ZeoClientOptions;
import io.zeolite.it.Encoding;
import io.zeolite.it.Layout;
import io.zeolite.it.Proxy;
import io.zeolite.it.PythonResult;
import io.zeolite.it.PythonScript;
import io.zeolite.it.Scene;
import io.zeolite.it.ServerKind;
import io.zeolite.it.ZeoServer;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Clients that read and write the same objects at random, Java's and Python's, while their connections are cut, held up and
 * slowed down and the server is killed. Afterwards everything that was read or committed must be explained by the history
 * of the storage. The seed is printed; {@code -Dzeolite.it.seed=N} takes it again.
 */
final class ModelIT {
    private static final int OBJECTS = 12;
    private static final int SECONDS = 15 * Layout.scale();
    /** A tenth of what a machine with two cores did that was very busy. */
    private static final int LEAST_READS = 1000;

    private static final int LEAST_COMMITS = 20;

    @RegisterExtension
    final Scene scene = new Scene();

    @ParameterizedTest
    @CsvSource({"ZEOLITE, PICKLE, 1", "ZEOLITE, MSGPACK, 2", "PYTHON, PICKLE, 3"})
    void everyReadEverMade_isExplainedByTheHistory(ServerKind kind, Encoding encoding, long usualSeed)
            throws InterruptedException, IOException {
        long seed = Long.getLong("zeolite.it.seed", usualSeed);
        System.err.println("ModelIT: seed " + seed);
        ZeoServer server = scene.server(encoding)
                .kind(kind)
                .option("client-conflict-resolution", "true")
                .option("invalidation-queue-size", "20")
                .start();
        int port = Integer.parseInt(server.address().substring(server.address().lastIndexOf(':') + 1));
        Random random = new Random(seed);
        long end = System.nanoTime() + Duration.ofSeconds(SECONDS).toNanos();
        Observations observations = new Observations();
        try (Proxy proxy = new Proxy(port);
                ZeoClient control = Clients.connect(server)) {
            Object[] values = new Object[OBJECTS];
            Arrays.fill(values, "none");
            long[] oids = Clients.create(control, values);
            PythonScript python = scene.start(
                    "model.py",
                    Stream.concat(
                                    Stream.of("work", proxy.text(), seed, SECONDS),
                                    Arrays.stream(oids).boxed())
                            .toArray());
            List<ModelWorker> workers = new ArrayList<>();
            List<ZeoClient> clients = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                ZeoClientOptions.Builder options = ZeoClientOptions.builder()
                        .address(proxy.address())
                        .waitTimeout(Duration.ofSeconds(60))
                        .serverTimeout(Duration.ofSeconds(2))
                        .lastRetry(Duration.ofMillis(200))
                        // One that holds everything, one that evicts all the time, one in a file.
                        .cacheBytes(i == 1 ? 1000 : 1 << 20);
                if (i == 2) {
                    options.cacheFile(scene.directory().resolve("cache"));
                }
                ZeoClient client = ZeoClient.connect(options.build());
                clients.add(client);
                for (int j = 0; j < 2; j++) {
                    workers.add(ModelWorker.start(client, oids, observations, random.nextLong(), end));
                }
            }
            int troubles = trouble(proxy, server, random, end);
            for (ModelWorker worker : workers) {
                worker.join();
            }
            clients.forEach(ZeoClient::close);
            PythonResult pythons = python.finish(Duration.ofMinutes(6));
            control.sync();
            System.err.println(
                    "ModelIT: " + troubles + " troubles, " + observations.check(control) + ", " + pythons.json());
            assertThat(observations.reads()).as("reads").isGreaterThan(LEAST_READS);
            assertThat(observations.commits()).as("commits").isGreaterThan(LEAST_COMMITS);
            assertThat(observations.outcomesFoundOut()).as("outcomes found out").isPositive();
            assertThat(pythons.number("commits")).as("Python's commits").isGreaterThan(LEAST_COMMITS);
        }
        server.stop();
    }

    /** Cuts, holds up, slows down and kills until the end. Returns how often. */
    private static int trouble(Proxy proxy, ZeoServer server, Random random, long end) throws InterruptedException {
        int count = 0;
        while (System.nanoTime() < end) {
            Thread.sleep(random.nextInt(600));
            count++;
            switch (random.nextInt(8)) {
                case 0, 1, 2 -> proxy.cut();
                case 3 -> {
                    proxy.holdAnswers(true);
                    Thread.sleep(random.nextInt(100));
                    if (random.nextBoolean()) {
                        proxy.cut();
                    }
                    proxy.holdAnswers(false);
                }
                case 4 -> {
                    proxy.holdRequests(true);
                    Thread.sleep(random.nextInt(100));
                    if (random.nextBoolean()) {
                        proxy.cut();
                    }
                    proxy.holdRequests(false);
                }
                case 5 -> {
                    proxy.delay(random.nextInt(3_000_000));
                    Thread.sleep(random.nextInt(200));
                    proxy.delay(0);
                }
                case 6 -> {
                    if (random.nextInt(3) == 0) {
                        server.kill();
                        server.start();
                    }
                }
                default -> count--;
            }
        }
        assertThat(count).as("troubles").isPositive();
        return count;
    }
}
