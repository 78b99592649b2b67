package io.zeolite.it.edge;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.it.Await;
import io.zeolite.it.Encoding;
import io.zeolite.it.Layout;
import io.zeolite.it.Proxy;
import io.zeolite.it.PythonScript;
import io.zeolite.it.Scene;
import io.zeolite.it.ServerKind;
import io.zeolite.it.ZeoServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Python clients at a server in front of another one, and at one in front of that. */
@DisabledIfSystemProperty(
        named = ServerKind.PROPERTY,
        matches = ServerKind.PYTHON_VALUE,
        disabledReason = "A client of Python's server in front of another one waits where this one does not")
final class EdgeIT {
    private static final Duration SCRIPT_TIME = Duration.ofMinutes(5);
    private static final long BLOB_CACHE_BYTES = 4L << 20;
    private static final long ARRIVING_BYTES = 3_000_000;
    private static final Pattern INDENTED = Pattern.compile("(?m)^ {4}<zeoclient 1>\n(?: {4}.*\n)+? {4}</zeoclient>\n");

    @RegisterExtension
    final Scene scene = new Scene();

    private ZeoServer edge(ZeoServer other, Encoding encoding, String keys) {
        return scene.server(encoding).storages("""
                <zeoclient 1>
                  server %s
                  blob-dir blobs
                  blob-cache-size 4MB
                %s</zeoclient>
                """.formatted(other.address(), keys));
    }

    /** The second server is in front of the first one, and speaks with it what the first one does not with its own. */
    @ParameterizedTest
    @CsvSource({"ZEOLITE, MSGPACK, PICKLE", "PYTHON, PICKLE, MSGPACK"})
    void edge_chainOfTwo_servesTheStorageOfAnotherServer(ServerKind kind, Encoding ofCentral, Encoding ofEdges)
            throws InterruptedException, IOException {
        ZeoServer central = scene.server(ofCentral).kind(kind).start();
        ZeoServer first = edge(central, ofEdges, "").start();
        ZeoServer second = edge(first, ofEdges, "").start();

        PythonScript script = scene.start("edge.py", "use", central.address(), first.address(), second.address());
        script.awaitLine("kill");
        central.kill();
        script.say("killed");
        script.awaitLine("start again");
        central.start();
        script.say("started");
        script.finish(SCRIPT_TIME);

        assertThat(bytesBelow(first.directory().resolve("blobs"))).isLessThanOrEqualTo(BLOB_CACHE_BYTES);
        // Each reason once: a server that is about to end may still accept a connection, and reset it.
        assertThat(first.log()).containsOnlyOnce("cannot connect to " + central.address() + ": Connection refused");
        second.stop();
        first.stop();
        central.stop();
    }

    @ParameterizedTest
    @CsvSource({"ZEOLITE, MSGPACK", "PYTHON, PICKLE"})
    void transactionsWithBlobs_ofEightClients_areWhole(ServerKind kind, Encoding encoding) throws InterruptedException {
        ZeoServer central = scene.server(encoding).kind(kind).start();
        ZeoServer edge = edge(central, encoding, "").start();
        scene.run("edge.py", "whole", central.address(), edge.address());
        edge.stop();
        central.stop();
    }

    /** Each is remembered for the sake of its time limit, but not what it stored. */
    @Test
    void manyLargeTransactions_needNoMoreMemoryThanOne() throws InterruptedException {
        ZeoServer central = scene.server(Encoding.MSGPACK).start();
        ZeoServer edge = edge(central, Encoding.MSGPACK, "  cache-size 10MB\n")
                .environment("ZEOLITE_JAVA_OPTS", "-Xmx144m")
                .start();
        scene.run("edge.py", "many_large", central.address(), edge.address());
        edge.stop();
        central.stop();
    }

    @Test
    void edge_withoutTheOtherServer_startsOnlyIfItNeedNotWait() throws InterruptedException {
        ZeoServer central = scene.server(Encoding.MSGPACK).start();
        central.kill();
        ZeoServer waiting = edge(central, Encoding.MSGPACK, "  wait-timeout 1\n");
        assertThat(waiting.startInVain()).isNotZero();
        assertThat(waiting.log()).contains("storage 1: no connection within 1000 ms");

        ZeoServer first = edge(central, Encoding.MSGPACK, "  wait off\n").start();
        PythonScript script = scene.start("edge.py", "early", first.address());
        script.awaitLine("connecting");
        central.start();
        script.finish(SCRIPT_TIME);
    }

    /** The recipe of {@code docs/edge.md}, with its own text; without the other server, all that is read is in the cache. */
    @Test
    void recipe_eightProcesses_shareOneBlobCache() throws InterruptedException, IOException {
        ZeoServer central = scene.server(Encoding.MSGPACK).start();
        Matcher recipe =
                INDENTED.matcher(Files.readString(Layout.documentation().resolve("edge.md")));
        assertThat(recipe.find()).as("a <zeoclient> in edge.md").isTrue();
        ZeoServer edge = scene.server(Encoding.MSGPACK)
                .storages(recipe.group()
                        .replace("central.example.com:8100", central.address())
                        .replace("/var/cache/zeolite", "cache"));
        Files.createDirectories(edge.directory());
        edge.start();

        PythonScript script = scene.start("edge.py", "eight", edge.address());
        script.awaitLine("kill");
        central.kill();
        script.say("killed");
        script.finish(SCRIPT_TIME);
    }

    @Test
    void edge_overTls_hasItsCacheFileAgain() throws InterruptedException {
        ZeoServer central =
                scene.server(Encoding.MSGPACK).tls(tls("server", "client")).start();
        String keys = "  cache-path objects.cache\n  <ssl>\n%s  </ssl>\n".formatted(tls("client", "server"));
        ZeoServer edge = edge(central, Encoding.MSGPACK, keys).start();
        scene.run("edge.py", "fill", edge.address());
        edge.stop();
        edge.start();
        scene.run("edge.py", "again", "client@" + central.address(), edge.address());
        edge.stop();
        central.stop();
    }

    /** Which it proves by starting: it does only when the other server has taken it on. */
    @ParameterizedTest
    @CsvSource({"server, server-pkcs1", "server, server-pkcs1-aes256", "ec, ec-key", "ec, ec-aes128"})
    void edge_overTls_withAKeyThatIsNoPkcs8(String certificate, String key) throws InterruptedException, IOException {
        ZeoServer central =
                scene.server(Encoding.MSGPACK).tls(tls("server", certificate)).start();
        Path password = Files.writeString(scene.directory().resolve("password"), "1234\n");
        String ssl = """
                certificate %1$s/%2$s.pem
                key %1$s/%3$s.pem
                password-file %4$s
                authenticate %1$s/server.pem
                """.formatted(Layout.tls(), certificate, key, password);
        edge(central, Encoding.MSGPACK, "  <ssl>\n" + ssl + "  </ssl>\n")
                .start()
                .stop();
        central.stop();
    }

    private static String tls(String own, String other) {
        return """
                certificate %1$s/%2$s.pem
                key %1$s/%2$s-key.pem
                authenticate %1$s/%3$s.pem
                """.formatted(Layout.tls(), own, other);
    }

    /** Transactions keep their tids, and what is deleted and undone in them, on their way to the other server. */
    @Test
    void copy_throughAServerInFront_isTheSameFile() throws InterruptedException, IOException {
        ZeoServer source = scene.server(Encoding.PICKLE);
        Files.createDirectories(source.directory());
        scene.run("copies.py", "make", source.directory());
        source.start();
        ZeoServer central = scene.server(Encoding.PICKLE).start();
        ZeoServer edge = edge(central, Encoding.PICKLE, "").start();

        assertThat(scene.run("copies.py", "copy", source.address(), edge.address())
                        .number("lines"))
                .isGreaterThan(500);
        edge.stop();
        central.stop();
        source.stop();
        assertThat(scene.run("copies.py", "compare", source.dataFile(), central.dataFile())
                        .number("identical"))
                .isEqualTo(1);
    }

    /** The lock is held at both servers, and each lets it go. */
    @Test
    void client_hangingAfterItsVote_isDroppedAndTheOtherServerKept() throws InterruptedException {
        ZeoServer central = scene.server(Encoding.MSGPACK).start();
        ZeoServer edge = edge(central, Encoding.MSGPACK, "")
                .option("transaction-timeout", "1")
                .start();
        scene.run("crash.py", "timeout", edge.address());
        assertThat(edge.log())
                .contains("Transaction timeout after 1 seconds")
                .containsOnlyOnce("connected to " + central.address());
        edge.stop();
        central.stop();
    }

    @Test
    void readOnlyServer_isUsedUntilThereIsAnother() throws InterruptedException, IOException {
        ZeoServer central = scene.server(Encoding.MSGPACK).start();
        scene.run("edge.py", "fill", central.address());
        central.stop();
        ZeoServer replica = scene.server(Encoding.MSGPACK).option("read-only", "true");
        Files.createDirectories(replica.directory());
        Files.copy(central.dataFile(), replica.dataFile());
        replica.start();
        ZeoServer edge = edge(
                        central,
                        Encoding.MSGPACK,
                        "  server " + replica.address() + "\n  read-only-fallback on\n  wait-timeout 5\n")
                .start();

        PythonScript script = scene.start("edge.py", "fall_back", edge.address());
        script.awaitLine("start");
        central.start();
        script.say("started");
        script.finish(SCRIPT_TIME);
        scene.run("edge.py", "written", central.address());
        edge.stop();
        replica.stop();
        central.stop();
    }

    @ParameterizedTest
    @EnumSource
    void blobs_inADirectoryOfBoth_areNotSent(ServerKind kind) throws InterruptedException {
        ZeoServer central = scene.server(Encoding.MSGPACK).kind(kind).start();
        ZeoServer edge = scene.server(Encoding.MSGPACK)
                .storages("""
                        <zeoclient 1>
                          server %s
                          blob-dir %s
                          shared-blob-dir on
                        </zeoclient>
                        """.formatted(central.address(), central.directory().resolve("blobs")))
                .start();
        scene.run("edge.py", "shared", central.address(), edge.address(), central.directory());
        edge.stop();
        central.stop();
    }

    /** Both clients have some of a blob when most of it has not come to the server in front of them, and it comes once. */
    @Test
    void blob_isSentOnWhileItArrives_onceForAll() throws InterruptedException, IOException {
        ZeoServer central = scene.server(Encoding.MSGPACK).start();
        try (Proxy network = new Proxy(port(central))) {
            ZeoServer edge = edge(network, "").start();
            PythonScript script = begun(central, network, edge);
            network.holdAnswers(false);
            long before = network.answerBytes();
            script.say("go on");
            script.finish(SCRIPT_TIME);
            assertThat(network.answerBytes() - before).isLessThan(ARRIVING_BYTES);
            edge.stop();
        }
        central.stop();
    }

    @Test
    void blob_connectionBreaksInTheMiddle_itsRestComesOnTheNextOne() throws InterruptedException, IOException {
        ZeoServer central = scene.server(Encoding.MSGPACK).start();
        try (Proxy network = new Proxy(port(central))) {
            ZeoServer edge = edge(network, "").start();
            PythonScript script = begun(central, network, edge);
            network.cut();
            network.holdAnswers(false);
            script.say("go on");
            script.finish(SCRIPT_TIME);
            edge.stop();
        }
        central.stop();
    }

    /** A client that had lost its connection would append the whole blob to what it has. */
    @Test
    void blob_otherServerIsAwayForLong_itsRestComesWhenItIsBack() throws InterruptedException, IOException {
        ZeoServer central = scene.server(Encoding.MSGPACK).start();
        try (Proxy network = new Proxy(port(central))) {
            ZeoServer edge =
                    edge(network, "  wait-timeout 5\n  server-timeout 2\n").start();
            PythonScript script = begun(central, network, edge);
            central.kill();
            Await.until(SCRIPT_TIME, edge::log, () -> edge.log().contains("the rest of a blob is waited for: no conn"));
            network.holdAnswers(false);
            central.start();
            script.say("go on");
            script.finish(SCRIPT_TIME);
            edge.stop();
        }
        central.stop();
    }

    /** A script with two clients that have got some of a blob; nothing more comes to the server in front of them. */
    private PythonScript begun(ZeoServer central, Proxy network, ZeoServer edge) throws InterruptedException {
        PythonScript script = scene.start("edge.py", "arriving", central.address(), edge.address());
        script.awaitLine("ready");
        network.passAnswers(ARRIVING_BYTES / 3);
        script.say("read");
        script.awaitLine("begun");
        return script;
    }

    private ZeoServer edge(Proxy network, String keys) {
        return scene.server(Encoding.MSGPACK).storages("""
                <zeoclient 1>
                  server %s
                  blob-dir blobs
                %s</zeoclient>
                """.formatted(network.text(), keys));
    }

    private static int port(ZeoServer server) {
        return Integer.parseInt(server.address().substring(server.address().lastIndexOf(':') + 1));
    }

    private static long bytesBelow(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(file -> Objects.requireNonNull(file.getFileName())
                            .toString()
                            .endsWith(".blob"))
                    .mapToLong(file -> file.toFile().length())
                    .sum();
        }
    }
}
