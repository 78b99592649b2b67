package io.zeolite.it.interop;

import io.zeolite.it.Encoding;
import io.zeolite.it.Scene;
import io.zeolite.it.ZeoServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Changes over a base, used by Python clients. */
final class DemoIT {
    @RegisterExtension
    final Scene scene = new Scene();

    private ZeoServer server(Encoding encoding, String changes) throws InterruptedException, IOException {
        ZeoServer server = scene.server(encoding).storages("""
                <demostorage 1>
                  <filestorage base>
                    path base.fs
                    blob-dir base-blobs
                    read-only true
                  </filestorage>
                %s</demostorage>
                """.formatted(changes));
        Path home = Files.createDirectories(server.directory());
        scene.run("demo.py", "make_base", home);
        Files.copy(home.resolve("base.fs"), home.resolve("copy.fs"));
        return server.start();
    }

    @ParameterizedTest
    @EnumSource
    void demoStorage_changesInMemory_leavesTheBaseAsItIs(Encoding encoding) throws InterruptedException, IOException {
        ZeoServer server = server(encoding, "");
        scene.run("demo.py", "use", server.address(), server.directory(), "memory");
        server.stop();
        scene.run("demo.py", "untouched", server.directory());
    }

    @ParameterizedTest
    @EnumSource
    void demoStorage_changesInAFile_undoneAndKept(Encoding encoding) throws InterruptedException, IOException {
        ZeoServer server = server(encoding, """
                  <filestorage changes>
                    path changes.fs
                    blob-dir changes-blobs
                  </filestorage>
                """);
        scene.run("demo.py", "use", server.address(), server.directory(), "undo");
        server.stop();
        server.start();
        scene.run("demo.py", "again", server.address());
        server.stop();
        scene.run("demo.py", "untouched", server.directory());
    }
}
