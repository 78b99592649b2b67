package io.zeolite.it.client;

import static io.zeolite.it.client.Clients.record;
import static io.zeolite.it.client.Clients.value;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zeolite.client.BlobFile;
import io.zeolite.client.CommitConflictException;
import io.zeolite.client.HistoryEntry;
import io.zeolite.client.InvalidationListener;
import io.zeolite.client.Revision;
import io.zeolite.client.StorageInfo;
import io.zeolite.client.StoredTransaction;
import io.zeolite.client.TransactionIterator;
import io.zeolite.client.UndoEntry;
import io.zeolite.client.ZeoClient;
import io.zeolite.client.ZeoClientOptions;
import io.zeolite.client.ZeoTransaction;
import io.zeolite.client.ZeoView;
import io.zeolite.client.blob.CacheLimit;
import io.zeolite.client.record.ObjectRecord;
import io.zeolite.error.PosKeyException;
import io.zeolite.error.ReadOnlyException;
import io.zeolite.error.UndoException;
import io.zeolite.it.Await;
import io.zeolite.it.Encoding;
import io.zeolite.it.Layout;
import io.zeolite.it.Scene;
import io.zeolite.it.ServerKind;
import io.zeolite.it.ZeoServer;
import io.zeolite.zodb.Oid;
import io.zeolite.zodb.Tid;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the Java client promises, with every server and encoding. */
final class ContractIT {
    private static final Duration SOON = Duration.ofSeconds(20);

    @RegisterExtension
    final Scene scene = new Scene();

    private ZeoServer server(ServerKind kind, Encoding encoding) {
        return scene.server(encoding)
                .kind(kind)
                .option("client-conflict-resolution", "true")
                .start();
    }

    @ParameterizedTest
    @CsvSource({"ZEOLITE, PICKLE", "ZEOLITE, MSGPACK", "PYTHON, PICKLE", "PYTHON, MSGPACK"})
    void objects_storedLoadedAndLookedAtInTime(ServerKind kind, Encoding encoding) throws InterruptedException {
        ZeoServer server = server(kind, encoding);
        try (ZeoClient client = Clients.connect(server);
                ZeoClient other = Clients.connect(server)) {
            assertThat(client.info().encoding()).isEqualTo(encoding == Encoding.PICKLE ? "Z5" : "M5");
            assertThat(client.info().supportsUndo()).isTrue();
            assertThat(client.info().supportsBlobs()).isTrue();
            assertThat(client.lastTransaction()).isEqualTo(Tid.NONE);
            assertThatThrownBy(() -> client.load(Oid.ROOT)).isInstanceOf(PosKeyException.class);

            long[] oids = Clients.create(client, "one", "two", "three");
            long created = client.lastTransaction();
            assertThat(client.load(oids[1]).serial()).isEqualTo(created);
            assertThat(other.sync()).isEqualTo(created);
            Revision read = other.load(oids[1]);
            assertThat(value(read.data())).isEqualTo("two");
            assertThat(read.isCurrent()).isTrue();

            long changed;
            try (ZeoTransaction transaction = other.begin("ü", "change", Map.of("reason", "none", "number", 7))) {
                transaction.store(read, record("zwei"));
                changed = transaction.commit();
                assertThat(transaction.tid()).isEqualTo(changed);
            }
            assertThat(client.sync()).isEqualTo(changed);
            assertThat(value(client.load(oids[1]).data())).isEqualTo("zwei");
            assertThat(client.currentSerial(oids[1])).isEqualTo(changed);
            Revision before = client.loadBefore(oids[1], changed).orElseThrow();
            assertThat(value(before.data())).isEqualTo("two");
            assertThat(before.end()).isEqualTo(changed);
            assertThat(client.loadBefore(oids[1], created)).isEqualTo(Optional.empty());
            assertThat(value(client.loadSerial(oids[1], created))).isEqualTo("two");
            assertThatThrownBy(() -> client.loadSerial(oids[1], created + 1)).isInstanceOf(PosKeyException.class);

            List<HistoryEntry> history = client.history(oids[1], 10);
            assertThat(history).extracting(HistoryEntry::tid).containsExactly(changed, created);
            assertThat(history.get(0).user()).isEqualTo("ü");
            assertThat(history.get(0).attributes().get("number")).isEqualTo(7L);
            assertThat(client.status().get("commits")).isEqualTo(2L);
            assertThat(client.cacheStatistics().hits()).isPositive();
        }
        server.stop();
    }

    @ParameterizedTest
    @CsvSource({"ZEOLITE, PICKLE", "ZEOLITE, MSGPACK", "PYTHON, PICKLE", "PYTHON, MSGPACK"})
    void manyObjects_inOneFlight_inSeveralTransactions(ServerKind kind, Encoding encoding) throws InterruptedException {
        ZeoServer server = server(kind, encoding);
        int count = 5000;
        Object[] values = new Object[count];
        for (int i = 0; i < count; i++) {
            values[i] = "object " + i;
        }
        try (ZeoClient client = Clients.connect(server);
                ZeoClient other = Clients.connect(server)) {
            long[] oids = Clients.create(client, values);
            assertThat(new HashSet<>(asList(oids))).hasSize(count);
            other.sync();
            Map<Long, Revision> loaded = other.loadAll(oids);
            assertThat(loaded).hasSize(count);
            for (int i = 0; i < count; i++) {
                assertThat(value(Clients.found(loaded, oids[i]).data())).isEqualTo("object " + i);
            }
            long misses = other.cacheStatistics().misses();
            assertThat(other.loadAll(oids)).hasSize(count);
            assertThat(other.cacheStatistics().misses()).isEqualTo(misses);
            assertThat(other.loadAll(oids[0], 1L << 40)).containsOnlyKeys(oids[0]);

            List<CompletableFuture<Long>> commits = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                ZeoTransaction transaction = other.begin("many", "at once");
                transaction.store(Clients.found(loaded, oids[i]), record(i));
                commits.add(transaction.commitAsync());
            }
            Set<Long> tids = new HashSet<>();
            commits.forEach(commit -> tids.add(commit.join()));
            assertThat(tids).hasSize(20);
            client.sync();
            for (int i = 0; i < 20; i++) {
                assertThat(value(client.load(oids[i]).data())).isEqualTo((long) i);
            }
        }
        server.stop();
    }

    private static List<Long> asList(long[] oids) {
        List<Long> list = new ArrayList<>();
        for (long oid : oids) {
            list.add(oid);
        }
        return list;
    }

    @ParameterizedTest
    @CsvSource({"ZEOLITE, PICKLE", "ZEOLITE, MSGPACK", "PYTHON, PICKLE", "PYTHON, MSGPACK"})
    void transactions_thatFail_changeNothing(ServerKind kind, Encoding encoding) throws InterruptedException {
        ZeoServer server = server(kind, encoding);
        try (ZeoClient client = Clients.connect(server);
                ZeoClient other = Clients.connect(server)) {
            long[] oids = Clients.create(client, "a", "b", "c");
            long created = client.lastTransaction();
            other.sync();

            try (ZeoTransaction aborted = client.begin()) {
                aborted.store(oids[0], created, record("never"));
                aborted.vote();
            }
            try (ZeoTransaction forgotten = client.begin()) {
                forgotten.store(oids[0], created, record("never"));
            }
            ZeoTransaction first = other.begin("other", "first");
            first.store(oids[0], created, record("A")).commit();

            ZeoTransaction second = client.begin("client", "second");
            second.store(oids[0], created, record("conflict")).store(oids[1], created, record("too"));
            assertThatThrownBy(second::commit)
                    .isInstanceOfSatisfying(CommitConflictException.class, conflict -> assertThat(conflict.objects())
                            .containsExactly(
                                    new CommitConflictException.ChangedObject(oids[0], first.tid(), created, false)));
            second.close();
            assertThatThrownBy(() -> second.store(oids[0], created, record("more")))
                    .isInstanceOf(IllegalStateException.class);

            ZeoTransaction third = client.begin("client", "depends on what has changed");
            third.store(oids[1], created, record("B")).checkCurrent(oids[0], created);
            assertThatThrownBy(third::commit)
                    .isInstanceOfSatisfying(CommitConflictException.class, conflict -> assertThat(
                                    conflict.objects().get(0).onRead())
                            .isTrue());
            client.sync();
            assertThat(value(client.load(oids[0]).data())).isEqualTo("A");
            assertThat(value(client.load(oids[1]).data())).isEqualTo("b");
            client.begin()
                    .store(oids[1], created, record("B"))
                    .checkCurrent(oids[0], first.tid())
                    .commit();
            assertThat(value(client.load(oids[1]).data())).isEqualTo("B");
        }
        server.stop();
    }

    @ParameterizedTest
    @CsvSource({"ZEOLITE, true", "ZEOLITE, false", "PYTHON, true", "PYTHON, false"})
    void conflicts_resolvedOnBytes_areCommitted(ServerKind kind, boolean byDict) throws InterruptedException {
        ZeoServer server = scene.server(Encoding.PICKLE)
                .kind(kind)
                .option("client-conflict-resolution", Boolean.toString(byDict))
                .start();
        ZeoClientOptions options = Clients.options(server)
                .conflictResolver(conflict -> conflict.original() == null
                        ? null
                        : record((Long) value(conflict.committed())
                                + (Long) value(conflict.wanted())
                                - (Long) value(conflict.original())))
                .build();
        try (ZeoClient client = ZeoClient.connect(options);
                ZeoClient other = Clients.connect(server)) {
            long oid = Clients.create(client, 100L)[0];
            long other2 = Clients.create(client, "beside")[0];
            other.sync();
            Revision read = client.load(oid);
            other.begin().store(other.load(oid), record(110L)).commit();
            long tid = client.begin("client", "adds one")
                    .store(read, record(101L))
                    .store(client.load(other2), record("beside too"))
                    .commit();
            assertThat(value(client.load(oid).data())).isEqualTo(111L);
            assertThat(client.load(oid).serial()).isEqualTo(tid);
            assertThat(other.sync()).isEqualTo(tid);
            assertThat(value(other.load(oid).data())).isEqualTo(111L);
            assertThat(value(other.load(other2).data())).isEqualTo("beside too");
        }
        server.stop();
    }

    @ParameterizedTest
    @CsvSource({"ZEOLITE, PICKLE", "ZEOLITE, MSGPACK", "PYTHON, PICKLE", "PYTHON, MSGPACK"})
    void listeners_hearOfTransactionsInOrder_andViewsStayWhereTheyAre(ServerKind kind, Encoding encoding)
            throws InterruptedException {
        ZeoServer server = server(kind, encoding);
        try (ZeoClient client = Clients.connect(server);
                ZeoClient other = Clients.connect(server)) {
            long[] oids = Clients.create(other, "0", "0");
            client.sync();
            ZeoView view = client.view();
            ZeoView following = client.view();
            List<Long> heard = Collections.synchronizedList(new ArrayList<>());
            InvalidationListener listener = (tid, changed) -> {
                assertThat(client.lastTransaction()).isGreaterThanOrEqualTo(tid);
                following.advanceTo(tid);
                if (Clients.contains(changed, oids[0]) && client.load(oids[0]).serial() >= tid) {
                    heard.add(tid);
                }
            };
            client.addListener(listener);
            List<Long> committed = new ArrayList<>();
            for (int i = 1; i <= 50; i++) {
                ZeoTransaction transaction = (i % 5 == 0 ? client : other).begin();
                (i % 5 == 0 ? client : other).sync();
                for (long oid : oids) {
                    transaction.store((i % 5 == 0 ? client : other).load(oid), record("" + i));
                }
                committed.add(transaction.commit());
            }
            Await.until(SOON, () -> "heard " + heard.size(), () -> heard.size() == committed.size());
            assertThat(heard).isEqualTo(committed);
            assertThat(value(view.load(oids[0]).data())).isEqualTo("0");
            assertThat(value(view.load(oids[1]).data())).isEqualTo("0");
            assertThat(view.loadAll(oids)).hasSize(2);
            assertThat(value(following.load(oids[0]).data())).isEqualTo("50");
            ZeoView past = client.viewAt(committed.get(20));
            assertThat(value(past.load(oids[0]).data())).isEqualTo("21");
            assertThat(value(past.load(oids[1]).data())).isEqualTo("21");
            assertThat(view.advance()).isEqualTo(committed.get(49));
            assertThatThrownBy(() -> client.viewAt(committed.get(49) + 1)).hasMessageContaining("expected: at most");
            client.removeListener(listener);
        }
        server.stop();
    }

    @ParameterizedTest
    @CsvSource({"ZEOLITE, PICKLE", "ZEOLITE, MSGPACK", "PYTHON, PICKLE", "PYTHON, MSGPACK"})
    void storage_undonePackedAndIterated(ServerKind kind, Encoding encoding) throws InterruptedException {
        ZeoServer server = server(kind, encoding);
        try (ZeoClient client = Clients.connect(server)) {
            client.begin()
                    .store(Oid.ROOT, Tid.NONE, ObjectRecord.mapping(Map.of()).toBytes())
                    .commit();
            long oid = Clients.create(client, "first")[0];
            long first = client.lastTransaction();
            long second = client.begin("me", "second")
                    .store(client.load(oid), record("second"))
                    .commit();
            List<UndoEntry> log = client.undoLog(0, 2);
            assertThat(log).extracting(UndoEntry::tid).containsExactly(second, first);
            assertThat(log.get(0).description()).isEqualTo("second");
            assertThat(Duration.between(log.get(0).time(), Instant.now()).abs()).isLessThan(Duration.ofHours(1));
            long undone = client.undo(second, "me", "undo");
            assertThat(value(client.load(oid).data())).isEqualTo("first");
            assertThat(client.load(oid).serial()).isEqualTo(undone);
            assertThatThrownBy(() -> client.undo(second + 1, "me", "nothing")).isInstanceOf(UndoException.class);

            List<Long> tids = new ArrayList<>();
            try (TransactionIterator transactions = client.iterate(first, Tid.MAX)) {
                while (transactions.hasNext()) {
                    StoredTransaction transaction = transactions.next();
                    tids.add(transaction.tid());
                    assertThat(transaction.records())
                            .extracting(StoredTransaction.StoredRecord::oid)
                            .contains(oid);
                }
            }
            assertThat(tids).containsExactly(first, second, undone);
            client.pack(Instant.now().plusSeconds(60));
            client.info();
            assertThat(client.history(Oid.ROOT, 9)).hasSize(1);
            assertThat(tids(client)).isNotEmpty().doesNotContain(first, second);
            // Nothing refers to the object, so it was garbage. This client may still have it in its cache.
            try (ZeoClient other = Clients.connect(server)) {
                assertThatThrownBy(() -> other.load(oid)).isInstanceOf(PosKeyException.class);
            }
        }
        server.stop();
    }

    private static List<Long> tids(ZeoClient client) {
        List<Long> tids = new ArrayList<>();
        try (TransactionIterator transactions = client.iterate()) {
            while (transactions.hasNext()) {
                tids.add(transactions.next().tid());
            }
        }
        return tids;
    }

    @ParameterizedTest
    @CsvSource({"ZEOLITE, PICKLE", "ZEOLITE, MSGPACK", "PYTHON, PICKLE", "PYTHON, MSGPACK"})
    void blobs_upAndDown_inParallel(ServerKind kind, Encoding encoding) throws InterruptedException, IOException {
        ZeoServer server = server(kind, encoding);
        int[] sizes = {0, 1, 59_000, 59_001, 3_000_000, 20_000_000};
        Path writerCache = scene.directory().resolve("writer");
        Path readerCache = scene.directory().resolve("reader");
        try (ZeoClient writer = ZeoClient.connect(Clients.options(server)
                        .blobCache(writerCache, new CacheLimit.None())
                        .build());
                ZeoClient reader = ZeoClient.connect(Clients.options(server)
                        .blobCache(readerCache, new CacheLimit.Bytes(10_000_000))
                        .build())) {
            long[] oids = writer.newOids(sizes.length);
            byte[][] contents = new byte[sizes.length][];
            try (ZeoTransaction transaction = writer.begin("writer", "blobs")) {
                for (int i = 0; i < sizes.length; i++) {
                    contents[i] = new byte[sizes[i]];
                    new Random(i).nextBytes(contents[i]);
                    byte[] record = ObjectRecord.blob().toBytes();
                    if (i % 2 == 0) {
                        Path file = scene.directory().resolve("blob" + i);
                        Files.write(file, contents[i]);
                        transaction.storeBlob(oids[i], Tid.NONE, record, file);
                    } else {
                        transaction.storeBlob(oids[i], Tid.NONE, record, new ByteArrayInputStream(contents[i]));
                    }
                }
                transaction.commit();
            }
            long tid = writer.lastTransaction();
            // Committed here, so it is here.
            try (BlobFile own = writer.openBlob(oids[4], tid)) {
                assertThat(Files.readAllBytes(own.path())).isEqualTo(contents[4]);
            }
            List<CompletableFuture<BlobFile>> opened = new ArrayList<>();
            for (int round = 0; round < 3; round++) {
                for (long oid : oids) {
                    opened.add(reader.async().openBlob(oid, tid));
                }
            }
            for (int i = 0; i < opened.size(); i++) {
                try (BlobFile blob = opened.get(i).join()) {
                    byte[] expected = contents[i % sizes.length];
                    assertThat(blob.size()).isEqualTo(expected.length);
                    assertThat(blob.stream().readAllBytes()).isEqualTo(expected);
                }
            }
            assertThatThrownBy(() -> reader.openBlob(oids[0], tid - 1)).isInstanceOf(PosKeyException.class);
        }
        server.stop();
    }

    @ParameterizedTest
    @CsvSource({"ZEOLITE", "PYTHON"})
    void blobs_inASharedDirectory_areNotTransferred(ServerKind kind) throws InterruptedException, IOException {
        ZeoServer server = server(kind, Encoding.PICKLE);
        Path blobs = server.directory().resolve("blobs");
        try (ZeoClient client = ZeoClient.connect(
                Clients.options(server).sharedBlobDirectory(blobs).build())) {
            long oid = client.newOid();
            byte[] content = "shared".repeat(10_000).getBytes(StandardCharsets.US_ASCII);
            long tid = client.begin()
                    .storeBlob(oid, Tid.NONE, ObjectRecord.blob().toBytes(), new ByteArrayInputStream(content))
                    .commit();
            try (BlobFile blob = client.openBlob(oid, tid)) {
                assertThat(blob.path()).startsWith(blobs);
                assertThat(blob.stream().readAllBytes()).isEqualTo(content);
            }
            assertThatThrownBy(() -> client.openBlob(oid, tid + 1)).isInstanceOf(PosKeyException.class);
        }
        server.stop();
    }

    @ParameterizedTest
    @CsvSource({"ZEOLITE, PICKLE", "ZEOLITE, MSGPACK", "PYTHON, PICKLE", "PYTHON, MSGPACK"})
    void unixSocketAndTls_areOtherWaysToTheSame(ServerKind kind, Encoding encoding)
            throws InterruptedException, IOException {
        Path directory = Files.createTempDirectory("zeo");
        try {
            Path socket = directory.resolve("s");
            ZeoServer unix =
                    scene.server(encoding).kind(kind).socket(socket.toString()).start();
            try (ZeoClient client = ZeoClient.connect("zeo://" + socket + "?storage=1&wait=10s")) {
                storeAndLoad(client);
            }
            unix.stop();
        } finally {
            Files.deleteIfExists(directory.resolve("s"));
            Files.delete(directory);
        }
        ZeoServer secure = scene.server(encoding)
                .kind(kind)
                .tls("certificate " + Layout.tls().resolve("server.pem") + "\nkey "
                        + Layout.tls().resolve("server-key.pem") + "\nauthenticate "
                        + Layout.tls().resolve("client.pem") + "\n")
                .start();
        try (ZeoClient client = ZeoClient.connect(
                Clients.options(secure).tls(Clients.tls("client")).build())) {
            storeAndLoad(client);
        }
        assertThatThrownBy(() -> ZeoClient.connect(Clients.options(secure)
                        .tls(Clients.tls("stranger"))
                        .waitTimeout(Duration.ofSeconds(2))
                        .build()))
                .hasMessageContaining("no connection within 2000 ms");
        secure.stop();
    }

    private static void storeAndLoad(ZeoClient client) {
        byte[] large = new byte[2_000_000];
        long oid = client.newOid();
        long tid = client.begin("me", "large").store(oid, Tid.NONE, large).commit();
        assertThat(client.loadSerial(oid, tid)).isEqualTo(large);
    }

    @ParameterizedTest
    @CsvSource({"ZEOLITE", "PYTHON"})
    void readOnlyClients_areRefusedWrites_andFallBack(ServerKind kind) throws InterruptedException {
        ZeoServer server = server(kind, Encoding.PICKLE);
        ZeoServer readOnly = scene.server(Encoding.PICKLE)
                .kind(kind)
                .option("read-only", "true")
                .start();
        try (ZeoClient client =
                ZeoClient.connect(Clients.options(server).readOnly().build())) {
            assertThat(client.info().readOnly()).isTrue();
            assertThatThrownBy(() -> client.newOid()).isInstanceOf(ReadOnlyException.class);
        }
        try (ZeoClient client =
                ZeoClient.connect(Clients.options(readOnly).readOnlyFallback().build())) {
            StorageInfo info = client.info();
            assertThat(info.readOnly()).isTrue();
        }
        assertThatThrownBy(() -> ZeoClient.connect(Clients.options(readOnly)
                        .waitTimeout(Duration.ofSeconds(1))
                        .build()))
                .hasMessageContaining("read-only");
        server.stop();
        readOnly.stop();
        Clients.awaitNoThreads();
    }
}
