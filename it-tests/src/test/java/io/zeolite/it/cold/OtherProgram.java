package io.zeolite.it.cold;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.it.PythonEnvironment;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The script {@code s3_objects.py}, in the environment that has the packages for it. */
final class OtherProgram implements AutoCloseable {
    private static final int MOST_SECONDS = 60;

    private final Process process;
    private final BufferedReader output;

    private OtherProgram(Process process) {
        this.process = process;
        this.output = process.inputReader(StandardCharsets.UTF_8);
    }

    /** Of the environment that has them. */
    private static Path interpreter() {
        return PythonEnvironment.S3.interpreter();
    }

    /** Python's server, with the package zodb-s3blobs at hand. */
    static List<String> runzeo() {
        return List.of(interpreter().toString(), script("runzeo_address_file.py"));
    }

    private static String script(String name) {
        return Path.of(System.getProperty("basedir", ""))
                .resolve("src/test/python")
                .resolve(name)
                .toAbsolutePath()
                .toString();
    }

    private static OtherProgram start(Path directory, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(interpreter().toString(), "-u", script("s3_objects.py")));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectError(directory.resolve("s3_objects.err").toFile())
                .start();
        return new OtherProgram(process);
    }

    /** moto's S3 server; it ends when this is closed. */
    static OtherProgram serve(Path directory, String bucket) throws IOException {
        return start(directory, "serve", bucket);
    }

    /** Has zodb-s3blobs write a database. */
    static void write(Path directory, String... arguments) throws IOException, InterruptedException {
        List<String> all = new ArrayList<>(List.of("write"));
        all.addAll(List.of(arguments));
        try (OtherProgram program = start(directory, all.toArray(new String[0]))) {
            assertThat(program.process.waitFor(MOST_SECONDS, TimeUnit.SECONDS)).isTrue();
            assertThat(program.process.exitValue())
                    .as("zodb-s3blobs; see " + directory.resolve("s3_objects.err"))
                    .isZero();
        }
    }

    /** The next line that begins so. */
    String line(String start) throws IOException {
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            if (line.startsWith(start)) {
                return line;
            }
        }
        throw new AssertionError("it has not printed " + start);
    }

    @Override
    public void close() {
        process.destroyForcibly().onExit().join();
    }
}
