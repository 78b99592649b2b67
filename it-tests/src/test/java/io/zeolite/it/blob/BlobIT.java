package io.zeolite.it.blob;

import io.zeolite.it.Encoding;
import io.zeolite.it.Scene;
import io.zeolite.it.ZeoServer;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class BlobIT {
    private static final int BIG_MEGABYTES = 300;
    private static final String WRAPPED = """
            <blobstorage 1>
              blob-dir blobs
              <filestorage>
                path Data.fs
              </filestorage>
            </blobstorage>
            """;

    @RegisterExtension
    final Scene scene = new Scene();

    @ParameterizedTest
    @EnumSource
    void allSizes_comeBackAsTheyWereSent(Encoding encoding) throws InterruptedException {
        ZeoServer server = scene.server(encoding).start();
        scene.run("blobs.py", "sizes", server.address(), blobs(server), "own");
        server.stop();
        scene.run("files.py", "examine", server.dataFile(), blobs(server));
    }

    @ParameterizedTest
    @EnumSource
    void allSizes_inASharedDirectory_comeBackAsTheyWereSent(Encoding encoding) throws InterruptedException {
        ZeoServer server = scene.server(encoding).storages(WRAPPED).start();
        scene.run("blobs.py", "sizes", server.address(), blobs(server), "shared");
        server.stop();
        scene.run("files.py", "examine", server.dataFile(), blobs(server));
    }

    @ParameterizedTest
    @EnumSource
    void uploads_aborted_leaveNothing(Encoding encoding) throws InterruptedException {
        ZeoServer server = scene.server(encoding).start();
        scene.run("blobs.py", "aborted", server.address(), blobs(server));
        server.stop();
    }

    @ParameterizedTest
    @EnumSource
    void bigBlob_upAndDown_letsSmallTransactionsPass(Encoding encoding) throws InterruptedException {
        ZeoServer server = scene.server(encoding).start();
        System.err.println("BlobIT " + encoding + ": "
                + scene.start("blobs.py", "big", server.address(), blobs(server), BIG_MEGABYTES)
                        .finish(Duration.ofMinutes(8))
                        .json());
        server.stop();
    }

    private static Path blobs(ZeoServer server) {
        return server.directory().resolve("blobs");
    }
}
