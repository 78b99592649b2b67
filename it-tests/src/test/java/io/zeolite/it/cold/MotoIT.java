package io.zeolite.it.cold;

import io.zeolite.blob.BlobStore;
import io.zeolite.blob.BlobStoreContract;
import io.zeolite.blob.s3.S3Server;
import io.zeolite.blob.s3.S3Settings.Credentials;
import io.zeolite.blob.s3.S3Store;
import java.net.URI;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;

/** What every store does, on an S3 server that others have written in another language. */
final class MotoIT extends BlobStoreContract {
    private @Nullable OtherProgram server;

    @Override
    protected BlobStore create() throws Exception {
        OtherProgram started = OtherProgram.serve(directory, S3Server.BUCKET);
        server = started;
        URI endpoint = URI.create(started.line("http"));
        return new S3Store(S3Server.settings(endpoint, "site/", new Credentials.Keys("local", "local", null)));
    }

    @AfterEach
    void stop() {
        if (server != null) {
            server.close();
        }
    }
}
