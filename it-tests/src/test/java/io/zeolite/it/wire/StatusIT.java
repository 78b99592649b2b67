package io.zeolite.it.wire;

import io.zeolite.it.Encoding;
import io.zeolite.it.Scene;
import io.zeolite.it.ServerKind;
import io.zeolite.it.ZeoServer;
import java.util.Locale;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class StatusIT {
    private static final String STORAGES = """
            <filestorage file>
              path Data.fs
            </filestorage>
            <filestorage blobs>
              path Blobs.fs
              blob-dir blobs
            </filestorage>
            <mappingstorage mapping>
            </mappingstorage>
            <mappingstorage named>
              name of its own
            </mappingstorage>
            <demostorage demo>
              <filestorage>
                path Base.fs
              </filestorage>
            </demostorage>
            <demostorage of-files>
              <filestorage base>
                path Base2.fs
              </filestorage>
              <filestorage changes>
                path Changes.fs
              </filestorage>
            </demostorage>
            """;

    @RegisterExtension
    final Scene scene = new Scene();

    @ParameterizedTest
    @EnumSource
    void status_afterEachStep_hasTheFieldsAndCountsOfPython(Encoding encoding) throws InterruptedException {
        // Where the server resolves conflicts, Python's ends a transaction with one without counting it as aborted.
        ZeoServer server = scene.server(encoding)
                .option("transaction-timeout", "60")
                .option("client-conflict-resolution", "true")
                .start();
        String kind = ServerKind.underTest().name().toLowerCase(Locale.ROOT);
        scene.run("status.py", "counts", server.address(), kind);
        server.stop();
    }

    /** Every kind of storage, empty and with something in it. */
    @ParameterizedTest
    @EnumSource
    void info_ofEachStorage_isThatOfPython(Encoding encoding) throws InterruptedException {
        ZeoServer server = scene.server(encoding).storages(STORAGES).start();
        ZeoServer python = scene.server(encoding)
                .kind(ServerKind.PYTHON)
                .storages(STORAGES)
                .start();
        scene.run("status.py", "infos", server.address(), python.address());
        server.stop();
        python.stop();
    }
}
