package io.zeolite.it.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.it.Encoding;
import io.zeolite.it.Layout;
import io.zeolite.it.Scene;
import io.zeolite.it.ServerKind;
import io.zeolite.it.ZeoServer;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Clients that compress their records, at servers of both kinds one after the other, with one configuration. */
final class CompressionIT {
    private static final int OBJECTS = 20;

    @RegisterExtension
    final Scene scene = new Scene();

    private ZeoServer server(ServerKind kind) {
        return scene.server(Encoding.PICKLE).kind(kind).storages("""
                %%import zc.zlibstorage
                <serverzlibstorage 1>
                  <filestorage>
                    path %1$s/Data.fs
                    blob-dir %1$s/blobs
                  </filestorage>
                </serverzlibstorage>
                """.formatted(scene.directory()));
    }

    @ParameterizedTest
    @CsvSource({"ZEOLITE, ZEOLITE", "PYTHON, ZEOLITE", "ZEOLITE, PYTHON"})
    void pack_compressedRecords_removesTheGarbageAndNothingElse(ServerKind filled, ServerKind packed)
            throws InterruptedException {
        ZeoServer first = server(filled).start();
        String garbage = scene.run("compression.py", "fill", first.address()).text("garbage");
        first.stop();
        ZeoServer second = server(packed).start();
        scene.run("compression.py", "pack", second.address(), garbage);
        second.stop();

        Path data = scene.directory().resolve("Data.fs");
        Path blobs = scene.directory().resolve("blobs");
        assertThat(scene.run("compression.py", "inspect", data, blobs, garbage, Layout.launcher())
                        .number("compressed"))
                .isGreaterThanOrEqualTo(OBJECTS);
    }
}
