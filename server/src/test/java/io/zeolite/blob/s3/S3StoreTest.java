package io.zeolite.blob.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import io.zeolite.blob.BlobStore;
import io.zeolite.blob.BlobStoreContract;
import io.zeolite.blob.KeyLayout;
import io.zeolite.blob.ReadOnlyStore;
import io.zeolite.blob.StoreException;
import io.zeolite.blob.StoreException.Reason;
import io.zeolite.blob.StoredContent;
import io.zeolite.blob.StoredObject;
import io.zeolite.blob.s3.S3Settings.Credentials;
import io.zeolite.blob.s3.S3Settings.Encryption;
import io.zeolite.blob.tier.FaultProxy;
import io.zeolite.blob.tier.FaultProxy.Fault;
import io.zeolite.blob.tier.OwnedStore;
import io.zeolite.blob.tier.RetryingStore;
import io.zeolite.blob.tier.TierSettings;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import software.amazon.awssdk.services.s3.S3Client;

final class S3StoreTest extends BlobStoreContract {
    @SuppressWarnings("NullAway.Init") // Set when the store is made.
    private S3Server server;

    @Override
    protected BlobStore create() throws Exception {
        server = S3Server.start(Files.createDirectories(directory.resolve("s3")));
        return new S3Store(server.settings("site/"));
    }

    @Override
    protected void end() throws Exception {
        if (server != null) {
            server.close();
        }
    }

    private Path file(String text) throws Exception {
        return Files.writeString(directory.resolve("file"), text);
    }

    @Test
    void put_withAPrefix_isSeenUnderItAlone() throws Exception {
        try (S3Store site = new S3Store(server.settings("site/"));
                S3Store other = new S3Store(server.settings("other/"));
                S3Client client = S3Clients.create(server.settings(""))) {
            site.put("a.blob", file("abc"), 0x364b3fb7, "image/png");
            assertReason(Reason.NOT_FOUND, () -> other.stat("a.blob"));
            var head =
                    client.headObject(request -> request.bucket(S3Server.BUCKET).key("site/a.blob"));
            assertThat(head.contentType()).isEqualTo("image/png");
            assertThat(site.stat("a.blob").crc32c()).isEqualTo(0x364b3fb7);
            try (StoredContent content = site.open("a.blob", 0, null)) {
                assertThat(content.object().crc32c()).isEqualTo(0x364b3fb7);
            }
        }
    }

    @Test
    void anyRequest_withAWrongSecret_isDenied() {
        try (S3Store store = new S3Store(
                S3Server.settings(server.endpoint(), "", new Credentials.Keys(S3Server.ACCESS_KEY, "wrong", null)))) {
            assertReason(Reason.DENIED, () -> store.stat("a.blob"));
            assertReason(Reason.DENIED, () -> store.open("a.blob", 0, null));
        }
    }

    @Test
    void anyRequest_withoutSignature_isDenied() throws Exception {
        try (S3Store owner = new S3Store(server.settings(""));
                S3Store store = new S3Store(S3Server.settings(server.endpoint(), "", new Credentials.Anonymous()))) {
            owner.put("a.blob", file("abc"), 0x364b3fb7, "text/plain");
            assertReason(Reason.DENIED, () -> store.open("a.blob", 0, null));
        }
    }

    @Test
    void anyRequest_bucketThatIsNotThere_isRefusedAndNotMissing() {
        S3Settings settings = new S3Settings(
                "elsewhere",
                "",
                null,
                server.endpoint(),
                null,
                null,
                new Encryption.Default(),
                false,
                new Credentials.Keys(S3Server.ACCESS_KEY, S3Server.SECRET_KEY, null),
                null,
                Duration.ofSeconds(5),
                Duration.ofSeconds(5),
                8);
        try (S3Store store = new S3Store(settings)) {
            assertReason(Reason.REFUSED, () -> store.open("a.blob", 0, null));
        }
    }

    @Test
    void anyRequest_nobodyListens_isUnavailable() throws Exception {
        URI endpoint = server.endpoint();
        server.close();
        try (S3Store store =
                new S3Store(S3Server.settings(endpoint, "", new Credentials.Keys("id", "very-secret-text", null)))) {
            assertReason(Reason.UNAVAILABLE, () -> store.open("a.blob", 0, null));
            try {
                store.stat("a.blob");
            } catch (StoreException e) {
                assertThat(e.getMessage()).contains("s3://blobs/a.blob").doesNotContain("very-secret-text");
            }
        }
    }

    @Test
    void paceParts_isAskedBeforeEachPart() throws Exception {
        try (S3Store store = new S3Store(server.settings(""))) {
            List<Long> asked = new ArrayList<>();
            store.paceParts(asked::add);
            store.put("whole.blob", file("abc"), 0x364b3fb7, "text/plain");
            assertThat(asked).isEmpty();
            store.putInParts("parts.blob", file("abc"), 0x364b3fb7, "text/plain");
            assertThat(asked).containsExactly(3L);
        }
    }

    @Test
    void put_withAWrongChecksumInTheHeader_isRefused() throws Exception {
        S3Settings plain = server.settings("");
        S3Settings settings = new S3Settings(
                plain.bucket(),
                "",
                null,
                plain.endpoint(),
                null,
                null,
                plain.encryption(),
                false,
                plain.credentials(),
                true,
                plain.connectTimeout(),
                plain.readTimeout(),
                8);
        try (S3Store store = new S3Store(settings)) {
            store.put("good.blob", file("abc"), 0x364b3fb7, "text/plain");
            assertThat(store.stat("good.blob").crc32c()).isEqualTo(0x364b3fb7);
            assertReason(Reason.REFUSED, () -> store.put("bad.blob", file("abc"), 1, "text/plain"));
            assertReason(Reason.NOT_FOUND, () -> store.stat("bad.blob"));
        }
    }

    @Test
    void checksum_thatContradictsTheNote_doesNotCount() throws Exception {
        for (String type : List.of("", "x-amz-checksum-type: FULL_OBJECT\r\n")) {
            String wrong = "ETag: \"1\"\r\nx-amz-checksum-crc32c: AAAAAQ==\r\n" + type;
            String headers = wrong + "x-amz-meta-zeolite-crc32c: 364b3fb7\r\n";
            try (FaultProxy proxy = FaultProxy.before(server.port());
                    S3Store store = new S3Store(S3Server.withChecksums(settings(proxy.endpoint()), true))) {
                proxy.set(new Fault.Page(headers, "abc"));
                try (StoredContent content = store.open("a.blob", 0, null)) {
                    assertThat(content.object().crc32c()).isEqualTo(0x364b3fb7);
                }
                assertThat(store.stat("a.blob").crc32c()).isEqualTo(0x364b3fb7);
                assertThat(store.attest("a.blob").crc32c()).isNull();
                proxy.set(new Fault.Page(wrong, "abc"));
                assertThat(store.stat("a.blob").crc32c()).isEqualTo(1);
                assertThat(store.attest("a.blob").crc32c()).isEqualTo(1);
            }
        }
    }

    @Test
    void attest_objectInAnArchive_isRefusedEvenIfItIsRestored() throws Exception {
        String restored = "x-amz-restore: ongoing-request=\"false\", expiry-date=\"Fri, 21 Dec 2029 00:00:00 GMT\"\r\n";
        Map<String, String> archives = Map.of(
                "x-amz-storage-class: GLACIER\r\n" + restored,
                "GLACIER",
                "x-amz-storage-class: DEEP_ARCHIVE\r\nx-amz-restore: ongoing-request=\"true\"\r\n",
                "DEEP_ARCHIVE",
                "x-amz-storage-class: INTELLIGENT_TIERING\r\nx-amz-archive-status: ARCHIVE_ACCESS\r\n",
                "INTELLIGENT_TIERING (ARCHIVE_ACCESS)");
        try (FaultProxy proxy = FaultProxy.before(server.port());
                S3Store store = new S3Store(settings(proxy.endpoint()))) {
            for (Map.Entry<String, String> archive : archives.entrySet()) {
                proxy.set(new Fault.Page("ETag: \"1\"\r\n" + archive.getKey(), "abc"));
                assertReason(Reason.ARCHIVED, () -> store.attest("a.blob"));
                assertThatThrownBy(() -> store.attest("a.blob"))
                        .hasMessageContaining("s3://blobs/a.blob is in the storage class " + archive.getValue() + ",");
                assertThat(store.stat("a.blob").size()).isEqualTo(3);
            }
            // The first is a class that is no archive outside of AWS.
            for (String readable : List.of("GLACIER\r\n", "GLACIER_IR\r\n", "INTELLIGENT_TIERING\r\n")) {
                proxy.set(new Fault.Page("ETag: \"1\"\r\nx-amz-storage-class: " + readable, "abc"));
                assertThat(store.attest("a.blob").size()).isEqualTo(3);
            }
        }
    }

    @Test
    void open_objectInAnArchive_saysNothingOfOthers() throws Exception {
        try (FaultProxy proxy = FaultProxy.before(server.port());
                S3Store store = new S3Store(settings(proxy.endpoint()))) {
            String archived = "<Error><Code>InvalidObjectState</Code><Message>archived</Message></Error>";
            proxy.set(new Fault.Page(403, "x-amz-id-2: 1\r\n", archived));
            assertReason(Reason.ARCHIVED, () -> store.open("a.blob", 0, null));
        }
    }

    /** A file whose every megabyte is another one. */
    private Path largeFile(long size) throws IOException {
        Path file = directory.resolve("large");
        byte[] megabyte = new byte[1 << 20];
        try (OutputStream out = Files.newOutputStream(file)) {
            for (long left = size; left > 0; left -= megabyte.length) {
                new Random(left).nextBytes(megabyte);
                out.write(megabyte, 0, (int) Math.min(megabyte.length, left));
            }
        }
        return file;
    }

    private static int checksum(Path file) throws IOException {
        return new FilePart(file, 0, Files.size(file)).crc32c();
    }

    @Test
    void put_largeFile_goesInPartsAndComesBackWhole() throws Exception {
        Path file = largeFile(S3Upload.LARGEST_IN_ONE + 12_345);
        try (S3Store store = new S3Store(server.settings("site/"))) {
            StoredObject written = store.put("a.blob", file, checksum(file), "image/png");
            assertThat(written.version()).as("as S3 marks what came in parts").contains("-5");
            assertThat(store.stat("a.blob").size()).isEqualTo(Files.size(file));
            assertThat(store.stat("a.blob").crc32c()).isEqualTo(checksum(file));
            assertThat(server.contentType("site/a.blob")).isEqualTo("image/png");
            Path back = directory.resolve("back");
            try (StoredContent content = store.open("a.blob", 0, null);
                    FileChannel out = FileChannel.open(back, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                ByteBuffer buffer = ByteBuffer.allocate(1 << 20);
                while (content.read(buffer.clear()) >= 0) {
                    out.write(buffer.flip());
                }
            }
            assertThat(Files.mismatch(file, back)).isEqualTo(-1);
        }
    }

    @Test
    void put_partThatFailsOnce_isSentAgain() throws Exception {
        Path file = largeFile(S3Upload.LARGEST_IN_ONE + 1);
        try (FaultProxy proxy = FaultProxy.before(server.port());
                S3Store store = new S3Store(settings(proxy.endpoint()))) {
            proxy.setAfter(3, new Fault.Status(503));
            store.put("a.blob", file, checksum(file), "image/png");
            assertThat(store.stat("a.blob").size()).isEqualTo(Files.size(file));
        }
    }

    @Test
    void putInParts_failureInTheAnswerOfTheLastRequest_isUnavailable() throws Exception {
        Path file = file("abc");
        for (String code : List.of("InternalError", "ServiceUnavailable", "SlowDown")) {
            try (Answering answering = new Answering(request -> !request.startsWith("POST")
                            ? "200 "
                            : request.contains("uploadId=")
                                    ? "200 " + error(code)
                                    : "200 <InitiateMultipartUploadResult><UploadId>1</UploadId>"
                                            + "</InitiateMultipartUploadResult>");
                    S3Store store = answering.store()) {
                assertReason(Reason.UNAVAILABLE, () -> store.putInParts("a.blob", file, 0x364b3fb7, "text/plain"));
                assertThat(answering.asked).last().asString().startsWith("DELETE");
            }
        }
    }

    @Test
    void put_partsThatFail_leaveNeitherObjectNorUpload() throws Exception {
        Path file = largeFile(S3Upload.LARGEST_IN_ONE + 1);
        try (FaultProxy proxy = FaultProxy.before(server.port());
                S3Store store = new S3Store(settings(proxy.endpoint()))) {
            // The upload begins; no part gets through.
            proxy.setAfter(1, new Fault.Status(503), 15);
            assertReason(Reason.UNAVAILABLE, () -> store.put("a.blob", file, checksum(file), "image/png"));
            proxy.set(new Fault.None());
            assertReason(Reason.NOT_FOUND, () -> store.stat("a.blob"));
        }
    }

    @Test
    void putInParts_fileThatIsRemovedMeanwhile_isMissing() throws Exception {
        Path file = file("abc");
        try (S3Store store = new S3Store(server.settings(""))) {
            store.paceParts(bytes -> {
                assertThat(file.toFile().delete()).isTrue();
            });
            assertThatThrownBy(() -> store.putInParts("a.blob", file, 0x364b3fb7, "text/plain"))
                    .isInstanceOf(NoSuchFileException.class);
        }
    }

    @Test
    @Timeout(100)
    void put_storeThatStopsReading_isUnavailable() throws Exception {
        // More than the system takes in the store's place.
        Path file = largeFile(16 << 20);
        int crc = checksum(file);
        WriteTimeout timeout = new WriteTimeout(Duration.ofMillis(500), Long.MAX_VALUE);
        try (FaultProxy proxy = FaultProxy.before(server.port());
                S3Store store = new S3Store(settings(proxy.endpoint()), timeout)) {
            proxy.set(new Fault.Deaf());
            assertReason(Reason.UNAVAILABLE, () -> store.put("a.blob", file, crc, "image/png"));
            // The upload begins; its part is tried three times.
            proxy.setAfter(1, new Fault.Deaf(), 3);
            assertReason(Reason.UNAVAILABLE, () -> store.putInParts("a.blob", file, crc, "image/png"));
            assertThat(proxy.requests()).isEqualTo(6);
        }
    }

    @Test
    void writeTimeout_largerBody_isGivenMoreTime() {
        WriteTimeout timeout = WriteTimeout.of(server.settings(""));
        assertThat(timeout.forBytes(0).apiCallAttemptTimeout()).contains(Duration.ofSeconds(90));
        assertThat(timeout.forBytes(16 << 20).apiCallAttemptTimeout()).contains(Duration.ofSeconds(90 + 512));
    }

    @Test
    void open_readToItsLastByte_leavesTheConnectionToTheNextRequest() throws Exception {
        Path file = file("abc");
        try (FaultProxy proxy = FaultProxy.before(server.port());
                S3Store store = new S3Store(settings(proxy.endpoint()))) {
            store.put("a.blob", file, 0x364b3fb7, "text/plain");
            for (int offset = 0; offset < 3; offset++) {
                try (StoredContent content = store.open("a.blob", offset, null)) {
                    // As whoever knows the length reads: the end itself is not asked for.
                    ByteBuffer rest = ByteBuffer.allocate(3 - offset);
                    while (rest.hasRemaining()) {
                        content.read(rest);
                    }
                }
            }
            assertThat(proxy.connections()).isEqualTo(1);
        }
    }

    @Test
    void open_notReadToItsEnd_givesTheConnectionUp() throws Exception {
        Path file = file("abc");
        try (FaultProxy proxy = FaultProxy.before(server.port());
                S3Store store = new S3Store(settings(proxy.endpoint()))) {
            store.put("a.blob", file, 0x364b3fb7, "text/plain");
            try (StoredContent content = store.open("a.blob", 0, null)) {
                content.read(ByteBuffer.allocate(1));
            }
            store.stat("a.blob");
            assertThat(proxy.connections()).isEqualTo(2);
        }
    }

    @Test
    void open_storeThatIgnoresIfMatch_givesNoOtherVersion() throws Exception {
        String list = "<ListBucketResult><Name>blobs</Name><IsTruncated>false</IsTruncated><Contents><Key>a.blob</Key>"
                + "<ETag>\"2\"</ETag></Contents></ListBucketResult>";
        for (String sign : List.of("x-amz-id-2", "X-Other")) {
            try (Answering answering = new Answering(
                            request -> "200 " + (request.contains("list-type") ? list : "abc"),
                            Map.of("ETag", "\"2\"", sign, "1"));
                    S3Store store = answering.store()) {
                // More often than there may be connections.
                for (int i = 0; i < 20; i++) {
                    assertReason(Reason.CHANGED, () -> store.open("a.blob", 0, "\"1\""));
                }
                store.open("a.blob", 0, null).close();
                store.open("a.blob", 0, "\"2\"").close();
            }
        }
    }

    @Test
    void abortStaleUploads_abortsOldOnesUnderThePrefix() throws Exception {
        try (S3Store store = new S3Store(server.settings("site/"));
                S3Client client = S3Clients.create(server.settings(""))) {
            String blob = KeyLayout.FLAT.key(1, 2);
            for (String key : List.of(
                    "site/" + blob, "site/" + KeyLayout.NESTED.key(1, 2), "site/.zeolite-probe", "other/" + blob)) {
                client.createMultipartUpload(
                        request -> request.bucket(S3Server.BUCKET).key(key));
            }
            assertThat(store.abortStaleUploads(Instant.now().minusSeconds(3600)))
                    .isZero();
            assertThat(store.abortStaleUploads(Instant.now().plusSeconds(60))).isEqualTo(3);
            assertThat(store.abortStaleUploads(Instant.now().plusSeconds(60))).isZero();
        }
    }

    @Test
    void abortStaleUploads_ofOthers_areLeftAlone() throws Exception {
        try (S3Store store = new S3Store(server.settings(""));
                S3Client client = S3Clients.create(server.settings(""))) {
            for (String key :
                    List.of("backup.tar", "x/" + KeyLayout.FLAT.key(1, 2), "x/" + KeyLayout.NESTED.key(1, 2))) {
                client.createMultipartUpload(
                        request -> request.bucket(S3Server.BUCKET).key(key));
            }
            assertThat(store.abortStaleUploads(Instant.now().plusSeconds(60))).isZero();
        }
    }

    /** A store of which a test says what it answers. */
    private static final class Answering implements AutoCloseable {
        private final HttpServer http =
                HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        private final List<String> asked = Collections.synchronizedList(new ArrayList<>());

        /** @param answers a status and a body for a method and a path; there is no length in what HEAD is told */
        Answering(Function<String, String> answers) throws IOException {
            this(answers, Map.of());
        }

        Answering(Function<String, String> answers, Map<String, String> headers) throws IOException {
            http.createContext("/", exchange -> {
                exchange.getRequestBody().readAllBytes();
                String request = exchange.getRequestMethod() + " " + exchange.getRequestURI();
                asked.add(request);
                String[] answer = answers.apply(request).split(" ", 2);
                headers.forEach(exchange.getResponseHeaders()::add);
                boolean isHead = request.startsWith("HEAD");
                byte[] body = isHead ? new byte[0] : answer[1].getBytes(StandardCharsets.UTF_8);
                exchange.sendResponseHeaders(Integer.parseInt(answer[0]), body.length == 0 ? -1 : body.length);
                exchange.getResponseBody().write(body);
                exchange.close();
            });
            http.start();
        }

        S3Store store() {
            return new S3Store(
                    settings(URI.create("http://127.0.0.1:" + http.getAddress().getPort())));
        }

        @Override
        public void close() {
            http.stop(0);
        }
    }

    private static String error(String code) {
        return "<Error><Code>" + code + "</Code><Message>no</Message></Error>";
    }

    @Test
    void anyRequest_pageOfAProxy_isNoObject() throws Exception {
        try (Answering answering = new Answering(request -> "200 <html>We are back soon</html>");
                S3Store store = answering.store()) {
            assertReason(Reason.UNAVAILABLE, () -> store.open("a.blob", 0, null));
            assertReason(Reason.UNAVAILABLE, () -> store.stat("a.blob"));
            assertReason(Reason.UNAVAILABLE, () -> store.attest("a.blob"));
        }
    }

    @Test
    void anyRequest_pageOfAProxyWithAnETag_isNoObject() throws Exception {
        Map<String, String> headers = Map.of("ETag", "\"5f-abc\"", "X-Amz-Cf-Id", "1");
        for (String page : List.of("<html>We are back soon</html>", "<html><br>We are back soon</html>")) {
            try (Answering answering = new Answering(request -> "200 " + page, headers);
                    S3Store store = answering.store()) {
                assertReason(Reason.UNAVAILABLE, () -> store.open("a.blob", 0, null));
                assertReason(Reason.UNAVAILABLE, () -> store.open("a.blob", 0, "\"1\""));
                assertReason(Reason.UNAVAILABLE, () -> store.stat("a.blob"));
                assertReason(Reason.UNAVAILABLE, () -> store.attest("a.blob"));
            }
        }
    }

    @Test
    void anyRequest_pageWithAnETagWhileTheStoreAnswersToo_isNoObject() throws Exception {
        Path file = file("abc");
        Fault page = new Fault.Page("ETag: \"5f-abc\"\r\n", "<html>We are back soon</html>");
        try (FaultProxy proxy = FaultProxy.before(server.port());
                S3Store store = new S3Store(settings(proxy.endpoint()))) {
            store.put("a.blob", file, 0x364b3fb7, "text/plain");
            proxy.set(page, 1);
            assertReason(Reason.UNAVAILABLE, () -> store.open("a.blob", 0, null));
            proxy.set(page, 1);
            assertThatThrownBy(() -> store.stat("none.blob")).hasMessageContaining("something else than the store");
        }
    }

    @Test
    void anyRequest_storeWithoutHeadersOfItsOwn_isKnownByItsList() throws Exception {
        Path file = file("abc");
        try (FaultProxy proxy = FaultProxy.before(server.port());
                S3Store store = new S3Store(settings(proxy.endpoint()))) {
            store.put("a.blob", file, 0x364b3fb7, "text/plain");
            store.put("a.blob.more", file, 0x364b3fb7, "text/plain");
            proxy.set(new Fault.Plain("x-amz-"));
            assertThat(store.stat("a.blob").size()).isEqualTo(3);
            assertThat(proxy.requests()).isEqualTo(4);
            try (StoredContent content = store.open("a.blob", 1, null)) {
                ByteBuffer rest = ByteBuffer.allocate(3);
                while (content.read(rest) >= 0) {
                    // Until the end.
                }
                assertThat(Arrays.copyOf(rest.array(), rest.position()))
                        .asString()
                        .isEqualTo("bc");
                assertThat(proxy.requests()).isEqualTo(7);
                store.open("a.blob", 2, content.object().version()).close();
                assertThat(proxy.requests()).as("known by its version").isEqualTo(8);
            }
        }
    }

    @Test
    void anyRequest_balancerThatFindsNoStore_isUnavailable() throws Exception {
        for (String page : List.of("<html><body>No such page</body></html>", "<html><br>No such page</html>", "")) {
            try (Answering answering = new Answering(request -> "404 " + page);
                    S3Store store = answering.store()) {
                assertReason(Reason.UNAVAILABLE, () -> store.open("a.blob", 0, null));
                assertReason(Reason.UNAVAILABLE, () -> store.stat("a.blob"));
                assertReason(Reason.UNAVAILABLE, () -> store.attest("a.blob"));
                assertReason(Reason.UNAVAILABLE, () -> store.delete("a.blob"));
                assertReason(Reason.UNAVAILABLE, () -> store.list("", object -> {}));
            }
        }
    }

    @Test
    void failure_answerWithoutXml_isToldByItsStatus() throws Exception {
        try (FaultProxy proxy = FaultProxy.before(server.port());
                S3Store store = new S3Store(settings(proxy.endpoint()))) {
            proxy.set(new Fault.Status(500));
            assertThatThrownBy(() -> store.open("a.blob", 0, null))
                    .hasMessage("cannot read s3://blobs/a.blob: HTTP 500 Trouble");
            proxy.set(new Fault.None());
            assertThatThrownBy(() -> store.open("a.blob", 0, null))
                    .hasMessage("cannot read s3://blobs/a.blob: HTTP 404 NoSuchKey, The specified key does not exist.");
        }
    }

    @Test
    void stat_missingObject_isFoundByNobody() throws Exception {
        Path file = file("abc");
        try (FaultProxy proxy = FaultProxy.before(server.port());
                S3Store store = new S3Store(settings(proxy.endpoint()))) {
            store.put("a.blob.more", file, 0x364b3fb7, "text/plain");
            assertReason(Reason.NOT_FOUND, () -> store.stat("a.blob"));
            assertThat(proxy.requests()).isEqualTo(2);
            proxy.set(new Fault.Plain("x-amz-"));
            assertReason(Reason.NOT_FOUND, () -> store.stat("a.blob"));
            assertReason(Reason.NOT_FOUND, () -> store.open("a.blob", 0, null));
            proxy.set(new Fault.Status(404), 1);
            assertReason(Reason.UNAVAILABLE, () -> store.stat("a.blob.more"));
        }
    }

    @Test
    void stat_answerWithoutALength_isRefused() throws Exception {
        try (Answering answering = new Answering(request -> "200 ", Map.of("ETag", "\"1\"", "x-amz-id-2", "1"));
                S3Store store = answering.store()) {
            assertReason(Reason.REFUSED, () -> store.stat("a.blob"));
            assertReason(Reason.REFUSED, () -> store.attest("a.blob"));
            assertThatThrownBy(() -> store.stat("a.blob")).hasMessageContaining("s3://blobs/a.blob");
        }
    }

    @Test
    void delete_storeThatMissesTheObject_isDone() throws Exception {
        try (Answering answering = new Answering(request -> "404 " + error("NoSuchKey"));
                S3Store store = answering.store()) {
            store.delete("a.blob");
        }
        try (Answering answering = new Answering(request -> "404 " + error("NoSuchBucket"));
                S3Store store = answering.store()) {
            assertReason(Reason.REFUSED, () -> store.delete("a.blob"));
        }
    }

    @Test
    void deleteAll_storeThatTakesOneAtATime_goesOnAfterAFailure() throws Exception {
        try (Answering answering = new Answering(request -> request.startsWith("POST")
                        ? "501 " + error("NotImplemented")
                        : request.contains("b.blob")
                                ? "403 " + error("AccessDenied")
                                : request.contains("c.blob") ? "404 " + error("NoSuchKey") : "204 ");
                S3Store store = answering.store()) {
            assertThat(store.deleteAll(List.of("a.blob", "b.blob", "c.blob", "d.blob")))
                    .containsOnlyKeys("b.blob");
            assertThat(answering.asked).hasSize(5);
        }
    }

    @Test
    void deleteAll_someRefused_tellsOfThem() throws Exception {
        String errors =
                "<DeleteResult><Error><Key>b.blob</Key><Code>AccessDenied</Code><Message>locked</Message></Error>"
                        + "<Error><Key>c.blob</Key><Code>NoSuchKey</Code><Message>none</Message></Error></DeleteResult>";
        try (Answering answering = new Answering(request -> "200 " + errors);
                S3Store store = answering.store()) {
            Map<String, StoreException> failures = store.deleteAll(List.of("a.blob", "b.blob", "c.blob"));
            assertThat(failures).containsOnlyKeys("b.blob");
            assertThat(failures.get("b.blob")).hasMessageContaining("s3://blobs/b.blob: AccessDenied, locked");
        }
    }

    @Test
    void deleteAll_pageOfAProxy_isNoAnswer() throws Exception {
        Path file = file("abc");
        List<String> keys = List.of("a.blob", "b.blob");
        try (FaultProxy proxy = FaultProxy.before(server.port());
                S3Store store = new S3Store(settings(proxy.endpoint()))) {
            for (String key : keys) {
                store.put(key, file, 0x364b3fb7, "text/plain");
            }
            for (String page : List.of("<html>We are back soon</html>", "<html><br>We are back soon</html>", "")) {
                proxy.set(new Fault.Page("Content-Type: text/html\r\nX-Amz-Cf-Id: 1\r\n", page), 1);
                assertReason(Reason.UNAVAILABLE, () -> store.deleteAll(keys));
            }
            assertThat(store.stat("a.blob").size()).isEqualTo(3);
            // One that sends no headers of its own names what is gone.
            proxy.set(new Fault.Plain("x-amz-"));
            assertThat(store.deleteAll(keys)).isEmpty();
            proxy.set(new Fault.None());
            assertReason(Reason.NOT_FOUND, () -> store.stat("a.blob"));
        }
    }

    @Test
    void list_moreThanAPageWithoutANewToken_isNotTakenForComplete() throws Exception {
        for (String token : List.of("", "<NextContinuationToken>same</NextContinuationToken>")) {
            String page = "<ListBucketResult><IsTruncated>true</IsTruncated>" + token + "</ListBucketResult>";
            try (Answering answering = new Answering(request -> "200 " + page);
                    S3Store store = answering.store()) {
                assertReason(Reason.REFUSED, () -> store.list("", object -> {}));
            }
        }
    }

    @Test
    void list_everyOtherRequestFails_goesOnWhereItWas() throws Exception {
        AtomicInteger requests = new AtomicInteger();
        List<String> keys = new ArrayList<>();
        TierSettings twoAttempts = new TierSettings(1, 2, Duration.ofMillis(1), Duration.ofMillis(1), 1000);
        try (Answering answering = new Answering(request -> {
                    if (requests.incrementAndGet() % 2 == 1) {
                        return "503 ";
                    }
                    int page = request.contains("continuation-token=")
                            ? Integer.parseInt(request.replaceAll(".*continuation-token=(\\d+).*", "$1"))
                            : 0;
                    return "200 <ListBucketResult><IsTruncated>" + (page < 7) + "</IsTruncated><NextContinuationToken>"
                            + (page + 1) + "</NextContinuationToken><Contents><Key>" + page
                            + "</Key><Size>1</Size><LastModified>2026-11-30T00:00:00.000Z</LastModified></Contents>"
                            + "</ListBucketResult>";
                });
                RetryingStore store = new RetryingStore(
                        new OwnedStore(new ReadOnlyStore(answering.store()), directory, null), twoAttempts)) {
            store.list("", object -> keys.add(object.key()));
        }
        assertThat(keys).containsExactly("0", "1", "2", "3", "4", "5", "6", "7");
        assertThat(requests).hasValue(16);
    }

    @Test
    void list_pageOfAProxy_isNotTakenForAnEmptyBucket() throws Exception {
        for (String page : List.of("<html><body>We are back soon</body></html>", "<html><br>We are back soon</html>")) {
            try (Answering answering = new Answering(request -> "200 " + page);
                    S3Store store = answering.store()) {
                assertReason(Reason.UNAVAILABLE, () -> store.list("", object -> {}));
                assertReason(Reason.UNAVAILABLE, () -> store.isEmpty(""));
            }
        }
    }

    @Test
    void mayWrite_credentialsThatAreNotKnown_mayNot() throws Exception {
        try (S3Store store = new S3Store(
                S3Server.settings(server.endpoint(), "", new Credentials.Keys("nobody", "nothing", null)))) {
            assertThat(store.mayWrite()).isFalse();
        }
    }

    private static S3Settings settings(URI endpoint) {
        return S3Server.settings(endpoint, "", new Credentials.Keys(S3Server.ACCESS_KEY, S3Server.SECRET_KEY, null));
    }

    @Test
    void partBytes_largestObject_hasNoMoreThanTenThousandParts() {
        long most = 5L << 40;
        assertThat(S3Upload.partBytes(100 << 20)).isEqualTo(16 << 20);
        assertThat(S3Upload.partBytes(most) * 10_000).isGreaterThanOrEqualTo(most);
    }

    @Test
    void settings_shownInAMessage_holdNoSecret() {
        String key = Base64.getEncoder().encodeToString(new byte[32]);
        S3Settings settings = new S3Settings(
                "b",
                "",
                null,
                null,
                null,
                null,
                new Encryption.CustomerKey(key),
                false,
                new Credentials.Keys("id", "very-secret-text", "token-text"),
                null,
                Duration.ofSeconds(5),
                Duration.ofSeconds(5),
                8);
        assertThat(settings.toString()).doesNotContain("very-secret-text", "token-text", key);
        assertThat(CustomerKey.of(key).toString()).doesNotContain(key);
    }
}
