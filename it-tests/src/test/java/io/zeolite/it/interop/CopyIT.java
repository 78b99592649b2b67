package io.zeolite.it.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.it.Encoding;
import io.zeolite.it.Scene;
import io.zeolite.it.ServerKind;
import io.zeolite.it.ZeoServer;
import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whole storages copied by a Python client, transaction by transaction, between servers of both kinds. */
final class CopyIT {
    private static final int BLOBS = 3;

    @RegisterExtension
    final Scene scene = new Scene();

    @ParameterizedTest
    @CsvSource({
        "ZEOLITE, PYTHON, PICKLE",
        "PYTHON, ZEOLITE, PICKLE",
        "ZEOLITE, PYTHON, MSGPACK",
        "PYTHON, ZEOLITE, MSGPACK",
        "ZEOLITE, ZEOLITE, PICKLE"
    })
    void copyTransactionsFrom_undoneDeletedAndExtended_sameFile(ServerKind from, ServerKind to, Encoding encoding)
            throws InterruptedException, IOException {
        ZeoServer source = scene.server(encoding).kind(from);
        Files.createDirectories(source.directory());
        scene.run("copies.py", "make", source.directory());
        source.start();
        ZeoServer copy = scene.server(encoding).kind(to).start();
        ZeoServer withBlobs = scene.server(encoding).kind(to).start();

        assertThat(scene.run("copies.py", "copy", source.address(), copy.address())
                        .number("lines"))
                .isGreaterThan(500);
        assertThat(scene.run("copies.py", "to_file", source.address(), source.directory())
                        .number("blobs"))
                .isEqualTo(BLOBS);
        assertThat(scene.run("copies.py", "with_blobs", source.address(), withBlobs.address())
                        .number("blobs"))
                .isEqualTo(BLOBS);

        source.stop();
        copy.stop();
        withBlobs.stop();
        assertThat(scene.run("copies.py", "compare", source.dataFile(), copy.dataFile())
                        .number("identical"))
                .isEqualTo(1);
    }
}
