package io.zeolite.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShutdownTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    Path directory;

    @SuppressWarnings("NullAway.Init") // Every test starts one.
    private Process process;

    @AfterEach
    void tearDown() {
        process.destroyForcibly();
    }

    @ParameterizedTest
    @CsvSource({"TERM, 0", "INT, 0", "HUP, 1"})
    void signal_runningServer_endsInOrderWithItsStatus(String signal, int status) throws Exception {
        start("serve", "--pid-file", "zeo.pid");
        awaitLine("Zeolite serves on ");
        assertThat(directory.resolve("zeo.pid")).hasContent(Long.toString(process.pid()));

        signal(signal);
        assertEndsWith(status);
        assertThat(directory.resolve("zeo.pid")).doesNotExist();
    }

    @ParameterizedTest
    @CsvSource({"TERM, 0", "HUP, 1"})
    void signal_whileStarting_endsAtOnceWithItsStatus(String signal, int status) throws Exception {
        start(List.of("-Dstarting="), "serve", "--pid-file", "zeo.pid");
        awaitLine("starting");
        assertThat(directory.resolve("zeo.pid")).hasContent(Long.toString(process.pid()));

        signal(signal);
        // Not after the minute that an orderly end may take.
        assertThat(process.waitFor(50, TimeUnit.SECONDS)).isTrue();
        assertEndsWith(status);
        assertThat(directory.resolve("zeo.pid")).doesNotExist();
    }

    private void signal(String signal) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid()))
                        .start()
                        .waitFor())
                .isZero();
    }

    @Test
    void exit_usageError_keepsItsStatus() throws Exception {
        start("serve", "--frob");

        assertEndsWith(2);
    }

    @Test
    void exit_failureAfterTheHookIsSet_keepsItsStatus() throws Exception {
        start("serve", "--address-file", "no/address");

        assertEndsWith(1);
    }

    /** Within a minute: a JVM that inherits an ignored SIGINT, as a job in the background does, never ends by it. */
    private void assertEndsWith(int status) throws InterruptedException {
        assertThat(process.waitFor(1, TimeUnit.MINUTES))
                .as("it ends; not so for SIGINT where the shell ignores that")
                .isTrue();
        assertThat(process.exitValue()).isEqualTo(status);
    }

    private void start(String... arguments) throws IOException {
        start(List.of(), arguments);
    }

    private void start(List<String> options, String... arguments) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), FakeMain.class.getName()));
        command.addAll(List.of(arguments));
        process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .start();
    }

    /** Reads what the process prints until a line starts so; the end of the output is a failure. */
    private void awaitLine(String start) throws IOException {
        BufferedReader reader = process.inputReader();
        StringBuilder seen = new StringBuilder();
        for (String line = reader.readLine(); line != null; line = reader.readLine()) {
            if (line.startsWith(start)) {
                return;
            }
            seen.append(line).append('\n');
        }
        throw new AssertionError("\"" + start + "\" never came: " + seen);
    }
}
