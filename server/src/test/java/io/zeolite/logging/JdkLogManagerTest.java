package io.zeolite.logging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

class JdkLogManagerTest {
    @Test
    void useQuickProvider_loggerOfTheJdk_warnsWithoutSearchingForAnother() throws Exception {
        assumeThat(Runtime.version().feature()).isLessThanOrEqualTo(Logging.LAST_KNOWN_JDK);
        String output = outputOf(Warning.class);

        assertThat(output)
                .contains("LogManager source:")
                .contains("WARNING: the disk is full")
                .doesNotContain("BootstrapLogger$DetectBackend source:");
    }

    /** Of a JVM of its own, with the classes that it loads. */
    private static String outputOf(Class<?> main) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xlog:class+load",
                        "-cp",
                        System.getProperty("java.class.path"),
                        main.getName())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).isZero();
        return output;
    }

    static final class Warning {
        private Warning() {}

        public static void main(String[] args) {
            Logging.useQuickProvider();
            Logger.getLogger("some.library").warning("the disk is full");
            // An orderly exit has the JDK ask for a logger of its own.
            Runtime.getRuntime().halt(0);
        }
    }
}
