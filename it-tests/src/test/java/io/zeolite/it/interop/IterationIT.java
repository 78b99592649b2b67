package io.zeolite.it.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.it.Encoding;
import io.zeolite.it.Scene;
import io.zeolite.it.ZeoServer;
import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Walks over transactions and records, as copying a storage does it. */
final class IterationIT {
    @RegisterExtension
    final Scene scene = new Scene();

    @ParameterizedTest
    @EnumSource
    void iterators_overAFileThatPythonMade_giveWhatPythonGives(Encoding encoding)
            throws InterruptedException, IOException {
        ZeoServer server = scene.server(encoding);
        Files.createDirectories(server.directory());
        scene.run("iterate.py", "make", server.directory());
        server.start();
        assertThat(scene.run("iterate.py", "compare", server.address(), server.directory())
                        .number("lines"))
                .isGreaterThan(500);
        assertThat(scene.run("iterate.py", "meanwhile", server.address()).number("commits"))
                .isPositive();
        server.stop();
    }
}
