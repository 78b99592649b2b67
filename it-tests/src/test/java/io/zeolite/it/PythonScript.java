package io.zeolite.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A running script of {@code src/test/python}. It talks with the test in lines: what it prints is awaited with {@link #awaitLine},
 * {@link #say} writes to its standard input. It fails by ending with another exit code than 0.
 */
public final class PythonScript {
    private static final Duration LINE_TIME = Duration.ofMinutes(3);

    private final String name;
    private final Process process;
    private final Path output;
    private final Path errors;
    private final Writer input;
    private int linesSeen;

    private PythonScript(String name, Process process, Path output, Path errors) {
        this.name = name;
        this.process = process;
        this.output = output;
        this.errors = errors;
        this.input = process.outputWriter(StandardCharsets.UTF_8);
    }

    /**
     * Starts a script outside of a {@link Scene}; whoever does that ends it.
     *
     * @param directory where it runs, and where what it prints is written
     * @param label what it is called in messages, and the name of these files
     */
    public static PythonScript start(Path directory, String label, String script, List<String> arguments) {
        List<String> command = new ArrayList<>();
        // With faulthandler, a script that hangs says where when it is ended with SIGABRT.
        command.addAll(List.of(PythonEnvironment.CLIENTS.interpreter().toString(), "-u", "-X", "faulthandler"));
        command.add(Layout.SCRIPTS.resolve(script).toString());
        command.addAll(arguments);
        Path output = directory.resolve(label + ".out");
        Path errors = directory.resolve(label + ".err");
        try {
            ProcessBuilder builder = new ProcessBuilder(command)
                    .directory(directory.toFile())
                    .redirectOutput(output.toFile())
                    .redirectError(errors.toFile());
            builder.environment().put("PYTHONDONTWRITEBYTECODE", "1");
            Process process = builder.start();
            Reaper.watch(process);
            return new PythonScript(label, process, output, errors);
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot start " + script, e);
        }
    }

    /** Waits until the script has printed a line, not seen by an earlier call, that starts with the text, and returns it. */
    public String awaitLine(String start) {
        String[] found = new String[1];
        Await.until(LINE_TIME, () -> name + " has not printed '" + start + "'", () -> {
            boolean ended = !process.isAlive();
            List<String> lines = lines();
            while (linesSeen < lines.size()) {
                String line = lines.get(linesSeen++);
                if (line.startsWith(start)) {
                    found[0] = line;
                    return true;
                }
            }
            if (ended) {
                throw new AssertionError(
                        name + " ended with " + process.exitValue() + " before it printed '" + start + "'");
            }
            return false;
        });
        return found[0];
    }

    public void say(String line) {
        try {
            input.write(line + "\n");
            input.flush();
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot write to " + name, e);
        }
    }

    /** Waits for the end of the script, which must be its own and with exit code 0. */
    public PythonResult finish(Duration deadline) throws InterruptedException {
        if (!process.waitFor(deadline.toMillis(), TimeUnit.MILLISECONDS)) {
            showWhereItHangs();
            throw new AssertionError(name + " did not end within " + deadline.toSeconds() + " s");
        }
        if (process.exitValue() != 0) {
            throw new AssertionError(name + " ended with " + process.exitValue() + ": " + lastLine(errors));
        }
        Reaper.forget(process);
        return new PythonResult(lastLine(output));
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    /** SIGKILL, and waits until the process is gone. */
    public void kill() {
        process.destroyForcibly().onExit().join();
        Reaper.forget(process);
    }

    /** What the script said, for the report of a failed test. */
    public String story() {
        return Story.of(
                name + " (" + (process.isAlive() ? "running" : "ended with " + process.exitValue()) + ")",
                output,
                errors);
    }

    private void showWhereItHangs() throws InterruptedException {
        try {
            new ProcessBuilder("kill", "-ABRT", Long.toString(process.pid()))
                    .start()
                    .waitFor();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        process.waitFor(5, TimeUnit.SECONDS);
    }

    /** What it has printed so far, in whole lines: one that is being written is not there yet. */
    public List<String> lines() {
        String text = Story.read(output);
        return text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
    }

    private static String lastLine(Path file) {
        List<String> lines = Story.read(file).lines().toList();
        return lines.isEmpty() ? "" : lines.get(lines.size() - 1);
    }
}
