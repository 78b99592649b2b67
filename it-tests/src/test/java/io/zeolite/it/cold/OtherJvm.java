package io.zeolite.it.cold;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** {@link FigureWork} in a process of its own. It prints what it has found when it is done, or told to end. */
final class OtherJvm implements AutoCloseable {
    private final String work;
    private final Process process;
    private final BufferedReader output;
    private final Path errors;

    private OtherJvm(String work, Process process, Path errors) {
        this.work = work;
        this.process = process;
        this.output = process.inputReader(StandardCharsets.UTF_8);
        this.errors = errors;
    }

    /** Starts it in a directory, and returns when it is about to begin. */
    static OtherJvm start(Path directory, String... work) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                FigureWork.class.getName()));
        command.addAll(List.of(work));
        Path errors = directory.resolve("figures-" + work[0] + ".err");
        Process process =
                new ProcessBuilder(command).redirectError(errors.toFile()).start();
        OtherJvm started = new OtherJvm(work[0], process, errors);
        started.line(FigureWork.READY);
        return started;
    }

    /** What it has found: the rest of a line that begins so. Waits for it. */
    String line(String start) throws IOException {
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            if (line.startsWith(start)) {
                return line.substring(start.length()).strip();
            }
        }
        throw new AssertionError(work + " has ended without '" + start + "'; see " + errors);
    }

    /** Tells it to end; it prints what it has found then. */
    void end() throws IOException {
        process.getOutputStream().close();
    }

    @Override
    public void close() {
        process.destroyForcibly().onExit().join();
    }
}
