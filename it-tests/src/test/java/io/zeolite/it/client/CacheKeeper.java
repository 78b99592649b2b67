package io.zeolite.it.client;

import io.zeolite.client.ZeoClient;
import io.zeolite.client.ZeoClientOptions;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A process that fills a cache file, changes objects and tells of each round, until it is killed. */
final class CacheKeeper {
    private CacheKeeper() {}

    public static void main(String[] args) {
        ZeoClientOptions options = ZeoClientOptions.parse("zeo://" + args[0] + "/1").toBuilder()
                .cacheFile(Path.of(args[1]))
                .build();
        long[] oids = new long[args.length - 2];
        for (int i = 0; i < oids.length; i++) {
            oids[i] = Long.parseLong(args[i + 2]);
        }
        try (ZeoClient client = ZeoClient.connect(options)) {
            for (int round = 0; ; round++) {
                client.loadAll(oids);
                long oid = oids[100 + round % 100];
                client.begin()
                        .store(client.load(oid), Clients.record("round " + round))
                        .commit();
                System.out.println("round " + round);
            }
        }
    }

    static Process start(String address, Path file, long[] oids) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                CacheKeeper.class.getName(),
                address,
                file.toString()));
        for (long oid : oids) {
            command.add(Long.toString(oid));
        }
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    /** Returns when that many rounds are done, a step of the test's in the middle of them. */
    static void awaitRounds(Process process, int rounds, Runnable step) throws IOException {
        BufferedReader lines = process.inputReader(StandardCharsets.UTF_8);
        int seen = 0;
        boolean stepped = false;
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            if (line.startsWith("round") && ++seen > rounds && stepped) {
                return;
            } else if (line.startsWith("round") && !stepped) {
                step.run();
                stepped = true;
            }
        }
        throw new AssertionError("the process ended");
    }
}
