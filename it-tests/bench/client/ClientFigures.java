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
 * What the Java client does in a second, as lines of name and number. Arguments: {@code make}, {@code measure} or {@code
 * once}, address, oids file, and a directory for blobs or for {@code make} the files of some; for {@code once} also which
 * of them.
 */
public final class ClientFigures {
    private static final int OBJECTS = 20_000;
    private static final int HIT_ROUNDS = 200;
    private static final int WARM_UP_ROUNDS = 4;
    private static final long WARM_UP_NANOS = 5_000_000_000L;

    public static void main(String[] args) throws IOException {
        Path oids = Path.of(args[2]);
        switch (args[0]) {
            case "make" -> make(args[1], oids, Stream.of(args).skip(3).map(Path::of).toList());
            case "once" -> download(
                    args[1], List.of(blobs(oids).get(Integer.parseInt(args[4]))), Path.of(args[3]), true, "once");
            default -> {
                // What the JVM makes of the code is known after some rounds.
                for (int round = 1; round <= WARM_UP_ROUNDS; round++) {
                    measure(args[1], oids, Path.of(args[3], "warm" + round), false);
                }
                measure(args[1], oids, Path.of(args[3], "java"), true);
                long start = System.nanoTime();
                while (System.nanoTime() - start < WARM_UP_NANOS) {
                    download(args[1], blobs(oids), Path.of(args[3], "warm"), false, "blob");
                }
                download(args[1], blobs(oids), Path.of(args[3], "java"), true, "blob");
            }
        }
    }

    private static void make(String address, Path oidsFile, List<Path> blobs) throws IOException {
        try (ZeoClient client = ZeoClient.connect(options(address, oidsFile.resolveSibling("make")))) {
            long[] oids = client.newOids(blobs.size() + OBJECTS);
            StringBuilder lines = new StringBuilder();
            try (ZeoTransaction transaction = client.begin("bench", "objects")) {
                for (int i = 0; i < blobs.size(); i++) {
                    transaction.storeBlob(oids[i], Tid.NONE, ObjectRecord.blob().toBytes(), blobs.get(i));
                    lines.append(oids[i]).append(i < blobs.size() - 1 ? ' ' : '\n');
                }
                for (int i = blobs.size(); i < oids.length; i++) {
                    byte[] record = ObjectRecord.mapping(Map.of("text", "x".repeat(200), "number", i)).toBytes();
                    transaction.store(oids[i], Tid.NONE, record);
                    lines.append(oids[i]).append('\n');
                }
                transaction.commit();
            }
            Files.writeString(oidsFile, lines);
        }
        delete(oidsFile.resolveSibling("make"));
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
        long[] oids = Files.readAllLines(oidsFile).stream().skip(1).mapToLong(Long::parseLong).toArray();
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
        }
        delete(blobs);
    }

    private static List<Long> blobs(Path oidsFile) throws IOException {
        return Stream.of(Files.readAllLines(oidsFile).get(0).split(" ")).map(Long::valueOf).toList();
    }

    /** Downloads each blob once, into a cache that has none. */
    private static void download(String address, List<Long> oids, Path blobs, boolean shown, String name)
            throws IOException {
        try (ZeoClient client = ZeoClient.connect(options(address, blobs))) {
            for (long blob : oids) {
                long serial = client.load(blob).serial();
                long start = System.nanoTime();
                try (BlobFile file = client.openBlob(blob, serial)) {
                    print(shown, name + file.size() / 1_000_000, file.size() * 1e3 / (System.nanoTime() - start));
                }
            }
        }
        delete(blobs);
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
