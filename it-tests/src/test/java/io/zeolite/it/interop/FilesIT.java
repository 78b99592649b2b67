package io.zeolite.it.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.it.Encoding;
import io.zeolite.it.Scene;
import io.zeolite.it.ZeoServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The same files, in turn with Python and with the server. */
final class FilesIT {
    @RegisterExtension
    final Scene scene = new Scene();

    @ParameterizedTest
    @EnumSource
    void filesThatPythonMade_served_areWhatPythonReads(Encoding encoding) throws InterruptedException, IOException {
        ZeoServer server = scene.server(encoding);
        Path blobs = server.directory().resolve("blobs");
        Files.createDirectories(server.directory());
        scene.run("files.py", "make", server.directory());
        server.start();
        assertThat(scene.run("files.py", "compare", server.address(), server.directory())
                        .number("revisions"))
                .isGreaterThan(500);
        server.stop();
        scene.run("files.py", "examine", server.dataFile(), blobs);

        scene.run("files.py", "extend", server.dataFile(), blobs);
        server.start();
        scene.run("files.py", "extended", server.address());
        server.stop();
        scene.run("files.py", "examine", server.dataFile(), blobs);
    }
}
