package io.zeolite.tool.bucket;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import io.zeolite.blob.s3.S3Server;
import io.zeolite.blob.s3.S3Settings;
import io.zeolite.blob.s3.S3Settings.Credentials;
import io.zeolite.blob.s3.S3Store;
import io.zeolite.blob.tier.FaultProxy;
import io.zeolite.blob.tier.FaultProxy.Fault;
import io.zeolite.tool.ExitStatus;
import io.zeolite.tool.ToolOutput;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class BucketCheckTest {
    private static final Credentials KEYS = new Credentials.Keys(S3Server.ACCESS_KEY, S3Server.SECRET_KEY, null);

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    private Path home;

    private final ToolOutput output = new ToolOutput();

    private interface Work {
        void run(S3Server server, FaultProxy proxy) throws Exception;
    }

    private void withServer(Work work) throws Exception {
        try (S3Server server = S3Server.start(Files.createDirectories(home.resolve("s3")));
                FaultProxy proxy = FaultProxy.before(server.port())) {
            work.run(server, proxy);
        }
    }

    private static S3Settings settings(FaultProxy proxy) {
        return S3Server.settings(proxy.endpoint(), "site/", KEYS);
    }

    /** The level of each finding by its subject. */
    private Map<String, String> levels() throws IOException {
        Map<String, String> levels = new TreeMap<>();
        for (Map<?, ?> finding : ToolOutput.objects(output.json(), "findings")) {
            levels.put(Objects.toString(finding.get("subject")), Objects.toString(finding.get("level")));
        }
        return levels;
    }

    private static List<String> keys(S3Server server) throws IOException {
        List<String> keys = new ArrayList<>();
        try (S3Store store = new S3Store(server.settings(""))) {
            store.list("", object -> keys.add(object.key()));
        }
        return keys;
    }

    @Test
    void check_bucketThatWorks_findsWhatMattersAndLeavesNothing() throws Exception {
        withServer((server, proxy) -> {
            int status = new BucketCheck("it", true, output.console()).run(settings(proxy), false);
            assertThat(status).as(output.text()).isEqualTo(ExitStatus.WARNING);
            assertThat(levels())
                    .containsEntry("listing", "OK")
                    .containsEntry("writing", "OK")
                    .containsEntry("reading", "OK")
                    .containsEntry("ranges", "OK")
                    .containsEntry("multipart", "OK")
                    .containsEntry("deleting", "OK")
                    .containsEntry("public access", "OK")
                    .containsEntry("latency", "OK")
                    .containsEntry("encryption on the way", "OK")
                    .containsEntry("other prefixes", "WARNING")
                    .containsKeys("versioning", "lifecycle", "Object Lock", "If-None-Match", "checksums");
            assertThat(keys(server)).isEmpty();
        });
    }

    @Test
    void check_readOnly_warnsOfWhoCanWriteAndWritesNothing() throws Exception {
        withServer((server, proxy) -> {
            int status = new BucketCheck("it", true, output.console()).run(settings(proxy), true);
            assertThat(status).isEqualTo(ExitStatus.WARNING);
            assertThat(levels()).containsEntry("writing", "WARNING").doesNotContainKey("deleting");
            assertThat(output.text()).contains("can write, though read-only-bucket is on");
            assertThat(keys(server)).isEmpty();
        });
    }

    @Test
    void check_readOnly_readsWhatIsThere() throws Exception {
        withServer((server, proxy) -> {
            new BucketCheck("it", true, output.console()).run(settings(proxy), true);
            assertThat(levels()).containsEntry("reading", "WARNING");
            Path file = Files.write(home.resolve("upload"), new byte[3]);
            try (S3Store store = new S3Store(settings(proxy))) {
                store.put("x", file, 0, "text/plain");
            }
            ToolOutput allowed = new ToolOutput();
            new BucketCheck("it", false, allowed.console()).run(settings(proxy), true);
            assertThat(allowed.text()).contains("ok       reading: allowed");
            ToolOutput denied = new ToolOutput();
            // The list and the question for another prefix pass.
            proxy.setAfter(2, new Fault.Status(403));
            assertThat(new BucketCheck("it", false, denied.console()).run(settings(proxy), true))
                    .isEqualTo(ExitStatus.CRITICAL);
            assertThat(denied.text()).contains("ERROR    reading: cannot read: HTTP 403");
        });
    }

    /** Takes whatever it is sent, with checksums that are wrong too. It is not told how the bucket is set up. */
    private static void answer(HttpExchange exchange, List<String> written) throws IOException {
        String method = exchange.getRequestMethod();
        exchange.getRequestBody().readAllBytes();
        if (method.equals("PUT")) {
            written.add(exchange.getRequestURI().getPath());
        }
        String answer =
                switch (method) {
                    case "GET" -> "<ListBucketResult></ListBucketResult>";
                    case "POST" ->
                        "<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>";
                    default -> "";
                };
        byte[] body = answer.getBytes(StandardCharsets.UTF_8);
        boolean missing = method.equals("HEAD") || isSetting(exchange);
        exchange.sendResponseHeaders(missing ? 404 : 200, body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    private static boolean isSetting(HttpExchange exchange) {
        return List.of("versioning", "lifecycle", "publicAccessBlock", "object-lock")
                .contains("" + exchange.getRequestURI().getQuery());
    }

    private interface WorkAt {
        void run(S3Settings settings) throws Exception;
    }

    /** Does something with a store of a test's own. */
    private static void withStore(HttpHandler handler, WorkAt work) throws Exception {
        HttpServer store = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        store.createContext("/", handler);
        store.start();
        try {
            URI endpoint = URI.create("http://127.0.0.1:" + store.getAddress().getPort());
            work.run(S3Server.settings(endpoint, "site/", KEYS));
        } finally {
            store.stop(0);
        }
    }

    @Test
    void check_requesterPays_isSaidWithEachRequest() throws Exception {
        List<String> unpaid = new CopyOnWriteArrayList<>();
        HttpHandler store = exchange -> {
            String payer = exchange.getRequestHeaders().getFirst("x-amz-request-payer");
            if (!"requester".equals(payer) && !isSetting(exchange)) {
                unpaid.add(exchange.getRequestMethod() + " " + exchange.getRequestURI());
            }
            answer(exchange, new ArrayList<>());
        };
        withStore(store, plain -> {
            new BucketCheck("it", true, output.console()).run(S3Server.withRequesterPays(plain), false);
        });
        assertThat(levels()).containsEntry("multipart", "OK").containsEntry("unfinished uploads", "OK");
        assertThat(unpaid).isEmpty();
    }

    @Test
    void check_storeThatIsBusy_isNotTakenForOneThatRefuses() throws Exception {
        HttpHandler store = exchange -> {
            boolean anonymous = exchange.getRequestHeaders().getFirst("Authorization") == null;
            if (anonymous || exchange.getRequestMethod().equals("DELETE")) {
                exchange.sendResponseHeaders(503, -1);
                exchange.close();
            } else {
                answer(exchange, new ArrayList<>());
            }
        };
        withStore(store, settings -> new BucketCheck("it", true, output.console()).run(settings, false));
        assertThat(levels()).containsEntry("public access", "WARNING").containsEntry("deleting", "WARNING");
        assertThat(output.text())
                .contains("not known: cannot read without credentials: HTTP 503", "cannot delete: HTTP 503")
                .contains("is left behind");
    }

    /** What is found about lifecycle rules where there is this one. */
    private static String lifecycle(String rule) throws Exception {
        byte[] rules = ("<LifecycleConfiguration><Rule><Status>Enabled</Status>" + rule
                        + "<AbortIncompleteMultipartUpload><DaysAfterInitiation>7</DaysAfterInitiation>"
                        + "</AbortIncompleteMultipartUpload></Rule></LifecycleConfiguration>")
                .getBytes(StandardCharsets.UTF_8);
        HttpHandler store = exchange -> {
            if ("lifecycle".equals(exchange.getRequestURI().getQuery())) {
                exchange.sendResponseHeaders(200, rules.length);
                exchange.getResponseBody().write(rules);
                exchange.close();
            } else {
                answer(exchange, new ArrayList<>());
            }
        };
        ToolOutput told = new ToolOutput();
        withStore(store, settings -> new BucketCheck("it", false, told.console()).run(settings, false));
        return told.text().replaceAll("(?s).*\n(\\w+) +lifecycle: ([^\n]*)\n.*", "$1 $2");
    }

    @Test
    void check_ruleThatMovesToAnArchive_isNamed() throws Exception {
        Map<String, String> levels = new TreeMap<>();
        for (String storageClass : List.of("GLACIER_IR", "GLACIER", "DEEP_ARCHIVE")) {
            levels.put(
                    storageClass,
                    lifecycle("<Filter><Prefix>site/</Prefix></Filter><Transition><Days>30</Days><StorageClass>"
                            + storageClass + "</StorageClass></Transition>"));
        }
        String moves = "ERROR a rule moves objects to %s, where they cannot be read until they are restored";
        assertThat(levels)
                .containsEntry("GLACIER_IR", "ok uploads that were not finished are aborted by a rule")
                .containsEntry("GLACIER", String.format(moves, "GLACIER"))
                .containsEntry("DEEP_ARCHIVE", String.format(moves, "DEEP_ARCHIVE"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<Filter><Prefix>%s</Prefix></Filter>",
                "<Filter><And><Prefix>%s</Prefix><ObjectSizeGreaterThan>1</ObjectSizeGreaterThan></And></Filter>",
                "<Prefix>%s</Prefix>",
            })
    void check_ruleThatDeletes_isAFaultForThisPrefixOnly(String place) throws Exception {
        String rule = place + "<Expiration><Days>30</Days></Expiration>";
        assertThat(lifecycle(String.format(rule, "site/"))).startsWith("ERROR a rule deletes objects");
        assertThat(lifecycle(String.format(rule, "backups/"))).startsWith("ok ");
    }

    @Test
    void check_readOnlyAndStoreLooksAtNoChecksum_writesNothing() throws Exception {
        List<String> written = new CopyOnWriteArrayList<>();
        withStore(exchange -> answer(exchange, written), settings -> new BucketCheck("it", true, output.console())
                .run(settings, true));
        assertThat(output.text()).contains("can write, though read-only-bucket is on");
        assertThat(written).isEmpty();
    }

    @Test
    void check_readOnlyAndDenied_isAsItShouldBe() throws Exception {
        withServer((server, proxy) -> {
            // The list and the question for another prefix pass.
            proxy.setAfter(2, new Fault.Status(403));
            new BucketCheck("it", true, output.console()).run(settings(proxy), true);
            assertThat(levels()).containsEntry("writing", "OK");
        });
    }

    @Test
    void check_wrongSecretOrNoBucket_saysWhatToLookAt() throws Exception {
        withServer((server, proxy) -> {
            Credentials wrong = new Credentials.Keys(S3Server.ACCESS_KEY, "wrong", null);
            S3Settings settings = S3Server.settings(proxy.endpoint(), "", wrong);
            assertThat(new BucketCheck("it", false, output.console()).run(settings, false))
                    .isEqualTo(ExitStatus.CRITICAL);
            assertThat(output.text())
                    .contains("ERROR    reaching the bucket: ", "SignatureDoesNotMatch", "-> look at endpoint, region")
                    .endsWith("CRITICAL: it\n");
        });
    }

    @Test
    void check_directory_isTriedToo() throws Exception {
        Path directory = home.resolve("cold");
        assertThat(new BucketCheck("it", false, output.console()).run(directory, false))
                .isEqualTo(ExitStatus.CRITICAL);
        Files.createDirectories(directory);
        assertThat(new BucketCheck("it", false, output.console()).run(directory, false))
                .isEqualTo(ExitStatus.OK);
        assertThat(output.text()).contains("there is no directory", "ok       writing and deleting: allowed");
        assertThat(directory).isEmptyDirectory();
    }
}
