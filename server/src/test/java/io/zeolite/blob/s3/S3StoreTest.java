package io.zeolite.blob.s3;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.blob.BlobStore;
import io.zeolite.blob.BlobStoreContract;
import io.zeolite.blob.StoreException;
import io.zeolite.blob.StoreException.Reason;
import io.zeolite.blob.StoredContent;
import io.zeolite.blob.s3.S3Settings.Credentials;
import io.zeolite.blob.s3.S3Settings.Encryption;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.s3.S3Client;

final class S3StoreTest extends BlobStoreContract {
    @SuppressWarnings("NullAway.Init") // Set when the store is made.
    private S3Server server;

    @Override
    protected BlobStore create() throws Exception {
        server = S3Server.start(Files.createDirectories(directory.resolve("s3")));
        return new S3Store(server.settings("site/"));
    }

    @AfterEach
    void stop() throws Exception {
        server.close();
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
