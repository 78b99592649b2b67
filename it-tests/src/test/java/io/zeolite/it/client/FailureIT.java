package io.zeolite.it.client;

import static io.zeolite.it.client.Clients.record;
import static io.zeolite.it.client.Clients.value;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.zeolite.client.CommitOutcome;
import io.zeolite.client.CommitUnknownException;
import io.zeolite.client.Revision;
import io.zeolite.client.ServerUnavailableException;
import io.zeolite.client.ZeoClient;
import io.zeolite.client.ZeoClientOptions;
import io.zeolite.client.ZeoTransaction;
import io.zeolite.it.Await;
import io.zeolite.it.Encoding;
import io.zeolite.it.Layout;
import io.zeolite.it.Proxy;
import io.zeolite.it.Scene;
import io.zeolite.it.ServerKind;
import io.zeolite.it.ZeoServer;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Servers and networks that fail, and the Java client in the middle of it. */
final class FailureIT {
    private static final Duration SOON = Duration.ofSeconds(30);

    @RegisterExtension
    final Scene scene = new Scene();

    private static int port(ZeoServer server) {
        return Integer.parseInt(server.address().substring(server.address().lastIndexOf(':') + 1));
    }

    private static ZeoClientOptions.Builder options(Proxy... proxies) {
        ZeoClientOptions.Builder builder = ZeoClientOptions.builder()
                .lastRetry(Duration.ofMillis(300))
                .cacheBytes(0)
                .waitTimeout(SOON);
        for (Proxy proxy : proxies) {
            builder.address(proxy.address());
        }
        return builder;
    }

    @ParameterizedTest
    @EnumSource
    void serverKilled_anotherOneTakesOver_loadsGoOn(ServerKind kind) throws InterruptedException, IOException {
        ZeoServer first = scene.server(Encoding.PICKLE).kind(kind).start();
        try (Proxy one = new Proxy(port(first));
                Proxy two = new Proxy(port(first));
                ZeoClient client = ZeoClient.connect(options(one, two).build())) {
            two.refuse(true);
            long[] oids = Clients.create(client, "a", "b");
            long before = client.lastTransaction();
            List<Long> changes = new ArrayList<>();
            client.addListener((tid, changed) -> changes.add(tid));
            first.kill();
            CompletableFuture<Revision> load = client.async().load(oids[0]);
            ZeoServer second =
                    scene.server(first.directory(), Encoding.MSGPACK).kind(kind).start();
            try (ZeoClient other = Clients.connect(second)) {
                other.begin().store(oids[1], before, record("B")).commit();
            }
            one.refuse(true);
            two.lead(port(second));
            two.refuse(false);
            assertThat(value(load.join().data())).isEqualTo("a");
            assertThat(client.info().encoding()).isEqualTo("M5");
            assertThat(value(client.load(oids[1]).data())).isEqualTo("B");
            assertThat(client.begin().store(oids[0], before, record("A")).commit())
                    .isGreaterThan(before);
            Await.until(SOON, () -> "heard of " + changes, () -> changes.size() == 2);
            second.stop();
        }
    }

    @Test
    void serverThatStopsAnswering_isGivenUpForAnother() throws InterruptedException, IOException {
        ZeoServer server = scene.server(Encoding.PICKLE).start();
        try (Proxy one = new Proxy(port(server));
                Proxy two = new Proxy(port(server))) {
            two.refuse(true);
            try (ZeoClient client = ZeoClient.connect(
                    options(one, two).serverTimeout(Duration.ofSeconds(1)).build())) {
                long oid = Clients.create(client, "a")[0];
                one.holdAnswers(true);
                CompletableFuture<Revision> load = client.async().load(oid);
                one.refuse(true);
                two.refuse(false);
                assertThat(value(load.join().data())).isEqualTo("a");
                assertThat(two.connections()).isPositive();
            }
        }
        server.stop();
    }

    @Test
    void silentServer_callsFailInTime_andFailFastAtOnce() throws InterruptedException, IOException {
        ZeoServer server = scene.server(Encoding.PICKLE).start();
        try (Proxy proxy = new Proxy(port(server));
                ZeoClient client = ZeoClient.connect(
                        options(proxy).callTimeout(Duration.ofMillis(300)).build());
                ZeoClient impatient = ZeoClient.connect(options(proxy)
                        .waitTimeout(Duration.ZERO)
                        .serverTimeout(Duration.ofSeconds(1))
                        .build())) {
            long oid = Clients.create(client, "a")[0];
            proxy.holdAnswers(true);
            assertThatThrownBy(() -> client.load(oid)).hasMessage("no answer within 300 ms");
            proxy.refuse(true);
            proxy.cut();
            Await.until(
                    SOON,
                    () -> "fails at once",
                    () -> catchThrowable(() -> impatient.load(oid)) instanceof ServerUnavailableException);
            long start = System.nanoTime();
            assertThatThrownBy(() -> impatient.load(oid)).isInstanceOf(ServerUnavailableException.class);
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
        }
        server.stop();
    }

    @Test
    void rubbishInTheStream_isNoAnswer_andTheNextConnectionIsGood() throws InterruptedException, IOException {
        ZeoServer server = scene.server(Encoding.MSGPACK).start();
        Random random = new Random(5);
        try (Proxy proxy = new Proxy(port(server));
                ZeoClient client = ZeoClient.connect(
                        options(proxy).serverTimeout(Duration.ofMillis(500)).build())) {
            long[] oids = Clients.create(client, "a", "b", "c");
            for (int i = 0; i < 30; i++) {
                byte[] rubbish = new byte[1 + random.nextInt(100)];
                random.nextBytes(rubbish);
                long before = proxy.connections();
                proxy.inject(rubbish);
                // Some is the beginning of a long frame, which never ends: the server seems to say nothing any more.
                assertThat(client.async().loadAll(oids).join()).hasSize(3);
                assertThat(proxy.connections()).isGreaterThan(before);
            }
        }
        server.stop();
    }

    @ParameterizedTest
    @CsvSource({"ZEOLITE, true", "ZEOLITE, false", "PYTHON, true", "PYTHON, false"})
    void connectionBrokenDuringTheFinish_outcomeIsFoundOut(ServerKind kind, boolean arrives)
            throws InterruptedException, IOException {
        ZeoServer server = scene.server(Encoding.PICKLE).kind(kind).start();
        try (Proxy proxy = new Proxy(port(server));
                ZeoClient client = ZeoClient.connect(options(proxy).build());
                ZeoClient other = Clients.connect(server)) {
            long oid = Clients.create(client, "a")[0];
            long before = client.lastTransaction();
            for (boolean isNew : new boolean[] {true, false}) {
                ZeoTransaction transaction = client.begin("me", "unknown");
                long stored = isNew ? client.newOid() : oid;
                transaction.store(stored, isNew ? Tid.NONE : before, record("new " + isNew));
                transaction.vote();
                proxy.holdAnswers(true);
                proxy.holdRequests(!arrives);
                long held = proxy.heldRequestBytes();
                CompletableFuture<Long> finish = transaction.finishAsync();
                if (arrives) {
                    Await.until(
                            SOON,
                            () -> "committed",
                            () -> other.sync() > before
                                    && catchThrowable(() -> assertThat(value(
                                                            other.load(stored).data()))
                                                    .isEqualTo("new " + isNew))
                                            == null);
                } else {
                    Await.until(SOON, () -> "the request is in the proxy", () -> proxy.heldRequestBytes() > held);
                    assertThat(finish).isNotDone();
                }
                proxy.cut();
                Throwable failure = catchThrowable(() -> finish.get(30, TimeUnit.SECONDS));
                proxy.holdAnswers(false);
                proxy.holdRequests(false);
                if (!(failure.getCause() instanceof CommitUnknownException unknown)) {
                    throw new AssertionError("not unknown", failure);
                }
                CommitOutcome outcome = client.outcome(unknown);
                if (arrives) {
                    assertThat(outcome)
                            .isEqualTo(new CommitOutcome.Committed(
                                    other.load(stored).serial()));
                } else {
                    assertThat(outcome).isEqualTo(new CommitOutcome.NotCommitted());
                }
            }
            // The client and its turn are as good as new.
            Clients.create(client, "z");
        }
        server.stop();
    }

    @Test
    void connectionBrokenBeforeTheFinish_nothingIsCommitted() throws InterruptedException, IOException {
        ZeoServer server = scene.server(Encoding.PICKLE).start();
        try (Proxy proxy = new Proxy(port(server));
                ZeoClient client = ZeoClient.connect(options(proxy).build())) {
            long oid = Clients.create(client, "a")[0];
            ZeoTransaction transaction = client.begin().store(client.load(oid), record("b"));
            transaction.vote();
            proxy.cut();
            Await.until(SOON, () -> "reconnected", () -> proxy.connections() > 1);
            client.sync();
            assertThatThrownBy(transaction::finish).isInstanceOf(ServerUnavailableException.class);
            assertThat(value(client.load(oid).data())).isEqualTo("a");
            client.begin().store(client.load(oid), record("c")).commit();
        }
        server.stop();
    }

    @Test
    void hundredClients_workAndLeaveNoThread() throws InterruptedException {
        ZeoServer server = scene.server(Encoding.MSGPACK).start();
        List<ZeoClient> clients = new ArrayList<>();
        try (ZeoClient first = Clients.connect(server)) {
            Object[] values = new Object[100];
            Arrays.fill(values, "0");
            long[] oids = Clients.create(first, values);
            for (int i = 0; i < 100; i++) {
                clients.add(ZeoClient.open(Clients.options(server).build()));
            }
            List<CompletableFuture<Long>> commits = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                ZeoClient client = clients.get(i);
                client.info();
                client.sync();
                commits.add(client.begin()
                        .store(client.load(oids[i]), record("" + i))
                        .commitAsync());
            }
            long last =
                    commits.stream().mapToLong(CompletableFuture::join).max().orElseThrow();
            for (ZeoClient client : clients) {
                assertThat(client.sync()).isEqualTo(last);
                Map<Long, Revision> all = client.loadAll(oids);
                for (int i = 0; i < 100; i++) {
                    assertThat(value(Clients.found(all, oids[i]).data())).isEqualTo("" + i);
                }
            }
        } finally {
            clients.forEach(ZeoClient::close);
        }
        Clients.awaitNoThreads();
        server.stop();
    }

    @Test
    void callbacksThatWaitForOthers_allEnd() throws InterruptedException {
        ZeoServer server = scene.server(Encoding.PICKLE).start();
        try (ZeoClient client =
                ZeoClient.connect(Clients.options(server).cacheBytes(0).build())) {
            long oid = Clients.create(client, "a")[0];
            List<CompletableFuture<Revision>> outer = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                outer.add(client.async().load(oid).thenApply(first -> client.async()
                        .load(oid)
                        .thenApply(second -> client.load(oid))
                        .join()));
            }
            for (CompletableFuture<Revision> revision : outer) {
                assertThat(value(revision.join().data())).isEqualTo("a");
            }
            assertThat(client.async().load(oid).thenApply(last -> {
                        client.close();
                        return last.oid();
                    }))
                    .succeedsWithin(SOON)
                    .isEqualTo(oid);
        }
        Clients.awaitNoThreads();
        server.stop();
    }

    @Test
    void manyLoads_memoryStaysFlat() throws InterruptedException {
        ZeoServer server = scene.server(Encoding.PICKLE).start();
        int objects = 20_000;
        int rounds = 50 * Layout.scale();
        try (ZeoClient client =
                ZeoClient.connect(Clients.options(server).cacheBytes(1 << 20).build())) {
            Object[] values = new Object[objects];
            Arrays.fill(values, "x".repeat(100));
            long[] oids = Clients.create(client, values);
            long before = 0;
            for (int round = 0; round < rounds; round++) {
                assertThat(client.loadAll(oids)).hasSize(objects);
                if (round == rounds / 5) {
                    before = usedBytes();
                }
            }
            long after = usedBytes();
            System.err.println("FailureIT: " + (long) objects * rounds + " loads, " + (before >> 10) + " KB, then "
                    + (after >> 10) + " KB");
            assertThat(after - before).isLessThan(8L << 20);
            assertThat(client.cacheStatistics().bytes()).isLessThanOrEqualTo(1 << 20);
        }
        server.stop();
    }

    private static long usedBytes() {
        Runtime runtime = Runtime.getRuntime();
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 5; i++) {
            System.gc();
            least = Math.min(least, runtime.totalMemory() - runtime.freeMemory());
        }
        return least;
    }

    @Test
    void clientKilled_itsCacheFileIsGoodAndUsed() throws InterruptedException, IOException {
        ZeoServer server = scene.server(Encoding.PICKLE).start();
        Path file = scene.directory().resolve("cache");
        try (ZeoClient other = Clients.connect(server)) {
            Object[] values = new Object[500];
            Arrays.fill(values, "0");
            long[] oids = Clients.create(other, values);
            for (int kill = 0; kill < 3; kill++) {
                Process process = CacheKeeper.start(server.address(), file, oids);
                int mark = kill;
                CacheKeeper.awaitRounds(process, 3, () -> other.begin()
                        .store(other.load(oids[mark]), record("changed " + mark))
                        .commit());
                assertThatThrownBy(() -> ZeoClient.open(
                                Clients.options(server).cacheFile(file).build()))
                        .hasMessageContaining("is in use")
                        .hasMessageContaining(Long.toString(process.pid()));
                process.destroyForcibly().onExit().join();
                other.sync();
                other.begin()
                        .store(other.load(oids[mark + 10]), record("while away " + mark))
                        .commit();
                try (ZeoClient client = ZeoClient.connect(
                        Clients.options(server).cacheFile(file).build())) {
                    assertThat(client.lastTransaction()).isEqualTo(other.lastTransaction());
                    Map<Long, Revision> cached = client.loadAll(oids);
                    Map<Long, Revision> right = other.loadAll(oids);
                    for (long oid : oids) {
                        Revision expected = Clients.found(right, oid);
                        assertThat(Clients.found(cached, oid).serial()).isEqualTo(expected.serial());
                        assertThat(Clients.found(cached, oid).data()).isEqualTo(expected.data());
                    }
                    assertThat(client.cacheStatistics().hits()).isGreaterThan(400);
                }
            }
        }
        server.stop();
    }
}
