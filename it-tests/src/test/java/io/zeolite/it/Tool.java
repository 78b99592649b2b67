package io.zeolite.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A command of the server's command line, in a process of its own. */
public final class Tool {
    private static final Duration TIME = Duration.ofMinutes(5);

    private final Process process;
    private final Path output;
    private final String name;

    private Tool(Process process, Path output, String name) {
        this.process = process;
        this.output = output;
        this.name = name;
    }

    /** Starts a command in a directory, where what it prints goes into a file. */
    public static Tool start(Path directory, Map<String, String> environment, String... words) {
        List<String> command = new ArrayList<>(List.of(Layout.launcher().toString()));
        command.addAll(List.of(words));
        Path output = directory.resolve(words[0] + ".out");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        builder.environment().putAll(environment);
        try {
            Process process = builder.start();
            Reaper.watch(process);
            return new Tool(process, output, String.join(" ", words));
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot start " + command, e);
        }
    }

    /** Waits for its end; returns what it printed. */
    public String finish(int status) throws InterruptedException {
        boolean ended = process.waitFor(TIME.toSeconds(), TimeUnit.SECONDS);
        String said = Story.read(output);
        assertThat(ended).as(name + " ends: " + said).isTrue();
        Reaper.forget(process);
        assertThat(process.exitValue()).as(name + ": " + said).isEqualTo(status);
        return said;
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    /** SIGKILL; returns when it is gone. */
    public void kill() {
        process.destroyForcibly().onExit().join();
        Reaper.forget(process);
    }
}
