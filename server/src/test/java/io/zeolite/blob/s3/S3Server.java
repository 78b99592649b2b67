package io.zeolite.blob.s3;

import io.zeolite.blob.s3.S3Settings.Credentials;
import io.zeolite.blob.s3.S3Settings.Encryption;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.nio2blob.FilesystemNio2BlobStore;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;

/** A real S3 server, with credentials, that keeps its objects in a directory. */
public final class S3Server implements AutoCloseable {
    public static final String ACCESS_KEY = "local-identity";
    public static final String SECRET_KEY = "local-credential";
    public static final String BUCKET = "blobs";

    /** Also on a machine that is busy with other things. */
    private static final Duration PATIENT = Duration.ofSeconds(30);

    private final S3Proxy proxy;

    private S3Server(S3Proxy proxy) {
        this.proxy = proxy;
    }

    /** Starts it on a free port, with an empty bucket {@link #BUCKET}. */
    public static S3Server start(Path directory) throws Exception {
        S3Proxy proxy = S3Proxy.builder()
                .blobStore(new FilesystemNio2BlobStore(directory.toString()))
                .endpoint(URI.create("http://127.0.0.1:0"))
                .awsAuthentication(AuthenticationType.AWS_V4, ACCESS_KEY, SECRET_KEY)
                .build();
        proxy.start();
        S3Server server = new S3Server(proxy);
        server.createBucket(BUCKET);
        return server;
    }

    public void createBucket(String name) {
        try (S3Client client = S3Clients.create(settings(""))) {
            client.createBucket(request -> request.bucket(name));
        }
    }

    public int port() {
        return proxy.getPort();
    }

    public URI endpoint() {
        return URI.create("http://127.0.0.1:" + port());
    }

    public S3Settings settings(String prefix) {
        return settings(endpoint(), prefix, new Credentials.Keys(ACCESS_KEY, SECRET_KEY, null));
    }

    /** Those of this server's bucket, by way of another address perhaps. */
    public static S3Settings settings(URI endpoint, String prefix, Credentials credentials) {
        return new S3Settings(
                BUCKET,
                prefix,
                null,
                endpoint,
                null,
                null,
                new Encryption.Default(),
                false,
                credentials,
                null,
                PATIENT,
                PATIENT,
                8);
    }

    /** The same settings, but for whether checksums travel in headers. */
    public static S3Settings withChecksums(S3Settings plain, boolean checksums) {
        return with(plain, plain.requesterPays(), checksums);
    }

    /** The same settings, but that requests say who pays. */
    public static S3Settings withRequesterPays(S3Settings plain) {
        return with(plain, true, plain.checksums());
    }

    private static S3Settings with(S3Settings plain, boolean requesterPays, @Nullable Boolean checksums) {
        return new S3Settings(
                plain.bucket(),
                plain.prefix(),
                plain.region(),
                plain.endpoint(),
                plain.pathStyle(),
                plain.storageClass(),
                plain.encryption(),
                requesterPays,
                plain.credentials(),
                checksums,
                plain.connectTimeout(),
                plain.readTimeout(),
                plain.maxConnections());
    }

    /** Writes an object as others do, without Zeolite's checksum. */
    public void put(String key, byte[] bytes) {
        try (S3Client client = S3Clients.create(settings(""))) {
            client.putObject(request -> request.bucket(BUCKET).key(key), RequestBody.fromBytes(bytes));
        }
    }

    /** The media type of an object. */
    public String contentType(String key) {
        try (S3Client client = S3Clients.create(settings(""))) {
            return client.headObject(request -> request.bucket(BUCKET).key(key)).contentType();
        }
    }

    @Override
    public void close() throws Exception {
        proxy.stop();
    }
}
