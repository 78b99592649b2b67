package io.zeolite.it.cold;

import io.zeolite.blob.BlobStore;
import io.zeolite.blob.BlobStoreContract;
import io.zeolite.blob.s3.S3Server;
import io.zeolite.blob.s3.S3Settings.Credentials;
import io.zeolite.blob.s3.S3Store;
import java.net.URI;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** What every store does, on an S3 server that others have written in another language. */
final class MotoIT extends BlobStoreContract {
    private static final AtomicInteger PREFIXES = new AtomicInteger();

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    private static Path home;

    @SuppressWarnings("NullAway.Init") // Set before all tests.
    private static OtherProgram server;

    @SuppressWarnings("NullAway.Init")
    private static URI endpoint;

    @BeforeAll
    static void start() throws Exception {
        server = OtherProgram.serve(home, S3Server.BUCKET);
        endpoint = URI.create(server.line("http"));
    }

    @AfterAll
    static void stop() {
        // There is none where its packages are not installed.
        if (server != null) {
            server.close();
        }
    }

    /** Each test has a prefix of its own. */
    @Override
    protected BlobStore create() {
        String prefix = "site" + PREFIXES.incrementAndGet() + "/";
        return new S3Store(S3Server.settings(endpoint, prefix, new Credentials.Keys("local", "local", null)));
    }
}
