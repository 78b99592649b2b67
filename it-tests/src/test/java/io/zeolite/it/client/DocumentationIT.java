package io.zeolite.it.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.it.Encoding;
import io.zeolite.it.Layout;
import io.zeolite.it.Scene;
import io.zeolite.it.ZeoServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Every program in the documentation is compiled, and run against a server. */
final class DocumentationIT {
    private static final Pattern PROGRAM = Pattern.compile("(?ms)^```java\\n(.*?public class (\\w+) .*?)^```");

    @RegisterExtension
    final Scene scene = new Scene();

    @Test
    void programs_ofTheJavaClient_doWhatTheySay() throws IOException, InterruptedException {
        ZeoServer server = scene.server(Encoding.PICKLE).start();
        scene.run("graph.py", "make", server.address());
        assertThat(run(server, Layout.documentation().resolve("java-client.md")))
                .satisfiesExactly(
                        hello -> assertThat(hello).isEqualTo("world"),
                        walk -> assertThat(walk).contains("objects as of ", "persistent.mapping.PersistentMapping="),
                        count -> assertThat(count).isEqualTo("10"),
                        link -> assertThat(link).isEqualTo("true"),
                        blobs -> assertThat(blobs).isEqualTo("10 bytes: some bytes"),
                        later -> assertThat(later).isEqualTo("persistent.mapping.PersistentMapping"));
        assertThat(run(server, Layout.documentation().resolveSibling("README.md")))
                .singleElement()
                .satisfies(shown -> assertThat(shown).contains("PersistentMapping"));
        server.stop();
    }

    private List<String> run(ZeoServer server, Path page) throws IOException, InterruptedException {
        List<String> outputs = new ArrayList<>();
        Matcher program = PROGRAM.matcher(Files.readString(page));
        while (program.find()) {
            Path home = Files.createDirectories(scene.directory().resolve(program.group(2)));
            Path source = home.resolve(program.group(2) + ".java");
            Files.writeString(source, program.group(1));
            JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
            assertThat(compiler.run(
                            null,
                            null,
                            null,
                            "-Xlint:all,-processing",
                            "-d",
                            home.toString(),
                            "-cp",
                            System.getProperty("java.class.path"),
                            source.toString()))
                    .as("compiling %s of %s", program.group(2), page)
                    .isZero();
            outputs.add(start(server, home, program.group(2)));
        }
        return outputs;
    }

    private static String start(ZeoServer server, Path home, String program) throws IOException, InterruptedException {
        Path output = home.resolve("output");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        home + ":" + System.getProperty("java.class.path"),
                        program,
                        server.address())
                .directory(home.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            assertThat(process.waitFor(60, TimeUnit.SECONDS))
                    .as("%s ends", program)
                    .isTrue();
        } finally {
            process.destroyForcibly();
        }
        List<String> lines = Files.readAllLines(output);
        assertThat(process.exitValue()).as("%s: %s", program, lines).isZero();
        return lines.get(lines.size() - 1);
    }
}
