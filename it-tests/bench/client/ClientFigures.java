import io.zeolite.client.BlobFile;
import io.zeolite.client.ZeoClient;
import io.zeolite.client.ZeoClientOptions;
import io.zeolite.client.ZeoTransaction;
import io.zeolite.client.record.ObjectRecord;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What the Java client does in a second, as lines of name and number. Arguments: {@code make} or {@code measure}, address,
 * oids file, and a directory for blobs or for {@code make} the file of one.
 */
public final class ClientFigures {
    private static final int OBJECTS = 20_000;
    private static final int HIT_ROUNDS = 200;
    private static final int WARM_UP_ROUNDS = 4;

    public static void main(String[] args) throws IOException {
        if (args[0].equals("make")) {
            make(args[1], Path.of(args[2]), Path.of(args[3]));
        } else {
            // What the JVM makes of the code is known after some rounds.
            for (int round = 1; round <= WARM_UP_ROUNDS; round++) {
                measure(args[1], Path.of(args[2]), Path.of(args[3], "warm" + round), false);
                delete(Path.of(args[3], "warm" + round));
            }
            measure(args[1], Path.of(args[2]), Path.of(args[3], "java"), true);
        }
    }

    private static void make(String address, Path oidsFile, Path blob) throws IOException {
        try (ZeoClient client = ZeoClient.connect(options(address, blob.resolveSibling("make")))) {
            long[] oids = client.newOids(OBJECTS + 1);
            StringBuilder lines = new StringBuilder();
            try (ZeoTransaction transaction = client.begin("bench", "objects")) {
                transaction.storeBlob(oids[0], Tid.NONE, ObjectRecord.blob().toBytes(), blob);
                lines.append(oids[0]).append('\n');
                for (int i = 1; i <= OBJECTS; i++) {
                    byte[] record = ObjectRecord.mapping(Map.of("text", "x".repeat(200), "number", i)).toBytes();
                    transaction.store(oids[i], Tid.NONE, record);
                    lines.append(oids[i]).append('\n');
                }
                transaction.commit();
            }
            Files.writeString(oidsFile, lines);
        }
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
        }
    }

    private static ZeoClientOptions options(String address, Path blobs) {
        return ZeoClientOptions.parse("zeo://" + address + "/1?cache-size=500MB&blob-dir=" + blobs);
    }

    private static void measure(String address, Path oidsFile, Path blobs, boolean shown) throws IOException {
        List<String> lines = Files.readAllLines(oidsFile);
        long blob = Long.parseLong(lines.get(0));
        long[] oids = lines.stream().skip(1).mapToLong(Long::parseLong).toArray();
        try (ZeoClient client = ZeoClient.connect(options(address, blobs))) {
            report(shown, "sequential", oids.length, () -> {
                for (long oid : oids) {
                    client.load(oid);
                }
            });
            report(shown, "hits", (long) oids.length * HIT_ROUNDS, () -> {
                for (int round = 0; round < HIT_ROUNDS; round++) {
                    for (long oid : oids) {
                        client.load(oid);
                    }
                }
            });
        }
        try (ZeoClient client = ZeoClient.connect(options(address, blobs))) {
            report(shown, "bulk", oids.length, () -> client.loadAll(oids));
            long serial = client.load(blob).serial();
            long start = System.nanoTime();
            try (BlobFile file = client.openBlob(blob, serial)) {
                print(shown, "blob", file.size() * 1e3 / (System.nanoTime() - start));
            }
        }
    }

    private static void report(boolean shown, String name, long count, Runnable work) {
        long start = System.nanoTime();
        work.run();
        print(shown, name, count * 1e9 / (System.nanoTime() - start));
    }

    private static void print(boolean shown, String name, double number) {
        if (shown) {
            System.out.println(name + " " + number);
        }
    }
}
