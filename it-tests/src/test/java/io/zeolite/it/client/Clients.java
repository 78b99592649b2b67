package io.zeolite.it.client;

import io.zeolite.client.Revision;
import io.zeolite.client.TlsOptions;
import io.zeolite.client.ZeoClient;
import io.zeolite.client.ZeoClientOptions;
import io.zeolite.client.record.ObjectRecord;
import io.zeolite.it.Await;
import io.zeolite.it.Layout;
import io.zeolite.it.ZeoServer;
import io.zeolite.zodb.Tid;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Clients and records of the scenarios. */
final class Clients {
    private Clients() {}

    static ZeoClientOptions.Builder options(ZeoServer... servers) {
        ZeoClientOptions.Builder builder = ZeoClientOptions.builder().label("scenario");
        for (ZeoServer server : servers) {
            int colon = server.address().lastIndexOf(':');
            builder.address(
                    server.address().substring(0, colon),
                    Integer.parseInt(server.address().substring(colon + 1)));
        }
        return builder;
    }

    static ZeoClient connect(ZeoServer... servers) {
        return ZeoClient.connect(options(servers).build());
    }

    static TlsOptions tls(String certificate) {
        Path keys = Layout.tls();
        return TlsOptions.of(
                        keys.resolve("server.pem"),
                        keys.resolve(certificate + ".pem"),
                        keys.resolve(certificate + "-key.pem"))
                .withServerName("localhost");
    }

    /** The record of a small object. */
    static byte[] record(Object value) {
        return ObjectRecord.mapping(Map.of("value", value)).toBytes();
    }

    static Object value(byte[] record) {
        Object value = ObjectRecord.read(record).entries().get("value");
        return value == null ? "none" : value;
    }

    /** Commits new objects with these values; returns their oids. */
    static long[] create(ZeoClient client, Object... values) {
        long[] oids = client.newOids(values.length);
        try (var transaction = client.begin("scenario", "create")) {
            for (int i = 0; i < oids.length; i++) {
                transaction.store(oids[i], Tid.NONE, record(values[i]));
            }
            transaction.commit();
        }
        return oids;
    }

    static Revision found(Map<Long, Revision> loaded, long oid) {
        Revision revision = loaded.get(oid);
        if (revision == null) {
            throw new AssertionError("not loaded: " + oid);
        }
        return revision;
    }

    /** Threads of clients that are there now. */
    private static List<String> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.startsWith("zeolite-c"))
                .sorted()
                .toList();
    }

    /** A client is closed when its threads have done everything, a moment before they end. */
    static void awaitNoThreads() {
        Await.until(Duration.ofSeconds(20), () -> threads().toString(), () -> threads()
                .isEmpty());
    }

    static boolean contains(long[] oids, long oid) {
        return Arrays.stream(oids).anyMatch(found -> found == oid);
    }
}
