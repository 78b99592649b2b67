package io.zeolite.it.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.client.BlobFile;
import io.zeolite.client.Revision;
import io.zeolite.client.ZeoClient;
import io.zeolite.client.ZeoTransaction;
import io.zeolite.client.blob.CacheLimit;
import io.zeolite.client.record.ObjectRecord;
import io.zeolite.it.Encoding;
import io.zeolite.it.PythonResult;
import io.zeolite.it.Scene;
import io.zeolite.it.ServerKind;
import io.zeolite.it.ZeoServer;
import io.zeolite.pickle.PyDict;
import io.zeolite.pickle.PyReference;
import io.zeolite.pickle.PyTuple;
import io.zeolite.zodb.Oid;
import io.zeolite.zodb.Tid;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Objects that Python has made are read and changed by Java, and the other way round. */
final class GraphIT {
    @RegisterExtension
    final Scene scene = new Scene();

    @ParameterizedTest
    @CsvSource({"ZEOLITE, PICKLE", "ZEOLITE, MSGPACK", "PYTHON, PICKLE", "PYTHON, MSGPACK"})
    void graph_passesFromPythonToJavaAndBack(ServerKind kind, Encoding encoding)
            throws InterruptedException, IOException {
        ZeoServer server = scene.server(encoding).kind(kind).start();
        PythonResult made = scene.run("graph.py", "make", server.address());
        try (ZeoClient client = ZeoClient.connect(Clients.options(server)
                .blobCache(scene.directory().resolve("cache"), new CacheLimit.None())
                .build())) {
            Revision root = client.load(Oid.ROOT);
            ObjectRecord rootRecord = ObjectRecord.of(root);
            assertThat(rootRecord.className()).isEqualTo("persistent.mapping.PersistentMapping");
            PyReference numbers = PyReference.to(made.number("numbers"), ObjectRecord.LIST);
            assertThat(rootRecord.entries().get("numbers")).isEqualTo(numbers);
            readAbout(client, made.number("about"), numbers);
            assertThat(rootRecord.entries().get("plain"))
                    .isEqualTo(new PyDict()
                            .put("nested", List.of(1.5, PyTuple.of(true, "bytes".getBytes(StandardCharsets.US_ASCII))))
                            .put("list", numbers));
            Revision blob = client.load(made.number("blob"));
            assertThat(ObjectRecord.of(blob).className()).isEqualTo("ZODB.blob.Blob");
            try (BlobFile file = client.openBlob(blob.oid(), blob.serial())) {
                assertThat(file.stream().readAllBytes()).asString().isEqualTo("from Python");
            }

            write(client, root, rootRecord, numbers);
            scene.run("graph.py", "change", server.address());

            client.sync();
            ObjectRecord java = follow(client, ObjectRecord.of(client.load(Oid.ROOT)), "java");
            assertThat(follow(client, java, "child").items()).last().isEqualTo("three");
            assertThat(follow(client, java, "again").items()).containsExactly(1L, 2L, 3L, 4L, 5L);
            assertThat(follow(client, java, "python").entries().get("was")).isEqualTo("here");
        }
        server.stop();
    }

    private static void readAbout(ZeoClient client, long oid, PyReference numbers) {
        PyDict about = ObjectRecord.of(client.load(oid)).entries();
        assertThat(about.get("title")).isEqualTo("Über");
        assertThat(about.get("when")).isEqualTo(LocalDateTime.of(2024, 5, 6, 7, 8, 9, 10_000));
        assertThat(about.get("numbers")).isEqualTo(numbers);
        assertThat(ObjectRecord.references(client.load(oid).data())).containsExactly(numbers.oid());
    }

    private static ObjectRecord follow(ZeoClient client, ObjectRecord from, String name) {
        if (from.entries().get(name) instanceof PyReference reference) {
            return ObjectRecord.of(client.load(reference.oid()));
        }
        throw new AssertionError("no reference: " + name + " in " + from);
    }

    private static void write(ZeoClient client, Revision root, ObjectRecord rootRecord, PyReference numbers)
            throws IOException {
        long[] oids = client.newOids(3);
        PyReference java = PyReference.to(oids[0], ObjectRecord.MAPPING);
        Map<String, @Nullable Object> entries = new LinkedHashMap<>();
        entries.put("text", "grüße \uD83D\uDE00");
        entries.put("numbers", List.of(1, -1, 1L << 40, BigInteger.TWO.pow(70), 1.5));
        entries.put("nothing", null);
        entries.put("bytes", new byte[] {0, -1});
        entries.put("dict", Map.of("a", Map.of("b", List.of()), 5, "five"));
        entries.put("child", PyReference.to(oids[1], ObjectRecord.LIST));
        entries.put("again", numbers);
        entries.put("blob", PyReference.to(oids[2], ObjectRecord.BLOB));
        PyDict rootEntries = rootRecord.entries().put("java", java);
        Revision list = client.load(numbers.oid());
        List<@Nullable Object> items = new ArrayList<>(ObjectRecord.of(list).items());
        items.add(4L);
        try (ZeoTransaction transaction = client.begin("java", "writes a graph")) {
            transaction
                    .store(oids[0], Tid.NONE, ObjectRecord.mapping(entries).toBytes())
                    .store(
                            oids[1],
                            Tid.NONE,
                            ObjectRecord.list(Arrays.asList("one", "two", numbers))
                                    .toBytes())
                    .storeBlob(
                            oids[2],
                            Tid.NONE,
                            ObjectRecord.blob().toBytes(),
                            new ByteArrayInputStream("from Java".getBytes(StandardCharsets.US_ASCII)))
                    .store(list, ObjectRecord.list(items).toBytes())
                    .store(
                            root,
                            ObjectRecord.of(ObjectRecord.MAPPING, new PyDict().put("data", rootEntries))
                                    .toBytes());
            transaction.commit();
        }
    }
}
