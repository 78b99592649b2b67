package io.zeolite.it.commit;

import io.zeolite.it.Encoding;
import io.zeolite.it.Scene;
import io.zeolite.it.ZeoServer;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Refusals arrive in Python as the classes that Python's server raises. */
final class ConflictIT {
    private static final String TWO_STORAGES = """
            <filestorage first>
              path first.fs
            </filestorage>
            <mappingstorage second>
            </mappingstorage>
            """;

    @RegisterExtension
    final Scene scene = new Scene();

    @ParameterizedTest
    @EnumSource
    void conflictsAndMissingObjects_haveTheirClasses(Encoding encoding) throws InterruptedException {
        ZeoServer server = scene.server(encoding).start();
        scene.run("conflicts.py", "conflicts", server.address());
        scene.run("conflicts.py", "read_only_client", server.address());
        server.stop();
    }

    @ParameterizedTest
    @EnumSource
    void readOnlyServer_refusesWriters(Encoding encoding) throws InterruptedException {
        ZeoServer server = scene.server(encoding).start();
        scene.run("quick_start.py", "write", server.address(), 10);
        server.stop();
        server.option("read-only", "true").start();
        scene.run("conflicts.py", "read_only", server.address());
        server.stop();
    }

    @ParameterizedTest
    @EnumSource
    void twoStorages_inOneServer_areApart(Encoding encoding) throws InterruptedException {
        ZeoServer server = scene.server(encoding).storages(TWO_STORAGES).start();
        scene.run("conflicts.py", "two_storages", server.address());
        server.stop();
    }
}
