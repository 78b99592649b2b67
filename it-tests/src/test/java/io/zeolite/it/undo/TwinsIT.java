package io.zeolite.it.undo;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.it.Encoding;
import io.zeolite.it.Layout;
import io.zeolite.it.PythonResult;
import io.zeolite.it.Scene;
import io.zeolite.it.ServerKind;
import io.zeolite.it.ZeoServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Random stores, deletions, undos, restores and packs with given tids, in a storage of the server and in one of Python's.
 * After each of them, the two files are the same, byte by byte.
 */
@DisabledIfSystemProperty(
        named = ServerKind.PROPERTY,
        matches = ServerKind.PYTHON_VALUE,
        disabledReason = "it is the other side of the comparison")
final class TwinsIT {
    private static final int STORAGES = 10 * Layout.scale();

    @RegisterExtension
    final Scene scene = new Scene();

    @ParameterizedTest
    @EnumSource
    void randomChanges_makeTheFileThatPythonMakes(Encoding encoding) throws InterruptedException, IOException {
        long seed = Long.getLong("zeolite.it.seed", ThreadLocalRandom.current().nextLong());
        System.err.println("TwinsIT " + encoding + ": -Dzeolite.it.seed=" + seed);
        StringBuilder sections = new StringBuilder();
        List<Object> arguments = new ArrayList<>();
        for (int n = 1; n <= STORAGES; n++) {
            Path file = Files.createDirectories(scene.directory().resolve("twins/" + n))
                    .resolve("Data.fs");
            // As the script has it.
            boolean gc = n % 2 == 1;
            sections.append("""
                    <filestorage %s>
                      path %s
                      pack-gc %s
                    </filestorage>
                    """.formatted(n, file, gc));
            arguments.add(file);
        }
        ZeoServer server = scene.server(encoding).storages(sections.toString()).start();
        arguments.addAll(0, List.of("twins", server.address(), seed));
        PythonResult result = scene.run("twins.py", arguments.toArray());
        System.err.println("TwinsIT " + encoding + ": " + result.json());
        assertThat(result.number("pack done")).isPositive();
        assertThat(result.number("undo done")).isPositive();
        assertThat(result.number("undo refused")).isPositive();

        server.stop();
        server.start();
    }
}
