package io.zeolite.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The server under test, in a process and a directory of its own. It is described first ({@link #option}, {@link #storages},
 * {@link #environment}) and may be started, stopped or killed, and started again, then on the port that it had.
 */
public final class ZeoServer {
    private static final Duration START_TIME = Duration.ofMinutes(2);
    private static final Duration STOP_TIME = Duration.ofSeconds(10);
    private static final String EVENT_LOG = """
            <eventlog>
              level INFO
              <logfile>
                path server.log
              </logfile>
            </eventlog>
            """;
    private static final Pattern ADDRESS = Pattern.compile("\\[\"([0-9a-f.:]+)\", (\\d+)]\\s*");

    private final Path directory;
    private final Map<String, String> options = new LinkedHashMap<>();
    private final Map<String, String> environment = new LinkedHashMap<>();
    private String storages = """
            <filestorage 1>
              path Data.fs
              blob-dir blobs
            </filestorage>
            """;
    private String tls = "";
    private String host = "127.0.0.1";
    private @Nullable String socket;
    private @Nullable String addressText;
    private @Nullable String text;
    private List<String> command = ServerKind.underTest().command();
    private int port;
    private @Nullable Process process;

    ZeoServer(Path directory, Encoding encoding) {
        this.directory = directory;
        options.put("msgpack", encoding.msgpack());
    }

    /** A key of the section {@code <zeo>}. */
    public ZeoServer option(String key, String value) {
        options.put(key, value);
        return this;
    }

    /** The storage sections, in place of a {@code Data.fs} with {@code blobs} in the server's directory. */
    public ZeoServer storages(String sections) {
        storages = sections;
        return this;
    }

    /** The keys of the section {@code <ssl>}, a line each. */
    public ZeoServer tls(String keys) {
        tls = "  <ssl>\n" + keys + "  </ssl>\n";
        return this;
    }

    /** Where it listens, in place of 127.0.0.1: as the configuration has it, without a port. */
    public ZeoServer host(String name) {
        host = name;
        return this;
    }

    /** The address exactly as the configuration has it; the server can be reached at 127.0.0.1. */
    public ZeoServer addressText(String text) {
        addressText = text;
        return this;
    }

    /** The whole configuration, in place of all that is described. */
    public ZeoServer configuration(String all) {
        text = all;
        return this;
    }

    /** Starts the server with what new files may not be. */
    public ZeoServer underUmask(String umask) {
        command = Stream.concat(Stream.of("sh", "-c", "umask " + umask + "; exec \"$@\"", "sh"), command.stream())
                .toList();
        return this;
    }

    /** The path of the Unix socket that it listens on, in place of a port. */
    public ZeoServer socket(String path) {
        socket = path;
        return this;
    }

    public ZeoServer environment(String name, String value) {
        environment.put(name, value);
        return this;
    }

    /** What starts the server, in place of that of {@link ServerKind}; it is given {@code -C} and {@code --address-file}. */
    public ZeoServer command(List<String> words) {
        command = words;
        return this;
    }

    /** Another server than the one under test, for scenarios with both. */
    public ZeoServer kind(ServerKind kind) {
        return command(kind.command());
    }

    /** Returns when the server listens. */
    public ZeoServer start() {
        Process started = launch(true);
        Await.until(START_TIME, () -> "the server has not written " + addressFile(), () -> {
            if (Files.exists(addressFile())) {
                return true;
            }
            if (!started.isAlive()) {
                throw new AssertionError(
                        "The server ended with " + started.exitValue() + " before it listened:\n" + story());
            }
            return false;
        });
        if (socket != null) {
            assertThat(Story.read(addressFile()).strip()).isEqualTo('"' + socket + '"');
            return this;
        }
        Matcher address = ADDRESS.matcher(Story.read(addressFile()));
        assertThat(address.matches())
                .as("address file: " + Story.read(addressFile()))
                .isTrue();
        port = Integer.parseInt(address.group(2));
        return this;
    }

    /** Starts the command with no arguments at all, which serves a storage of its own on that port. */
    public ZeoServer startPlain(int defaultPort) {
        Process started = launch(false);
        port = defaultPort;
        Await.until(START_TIME, () -> "nothing listens on port " + port, () -> {
            assertThat(started.isAlive()).as("the server lives").isTrue();
            return listens();
        });
        return this;
    }

    /** Starts a server that is expected to refuse; returns its exit code. */
    public int startInVain() throws InterruptedException {
        Process started = launch(true);
        assertThat(started.waitFor(START_TIME.toSeconds(), TimeUnit.SECONDS))
                .as("ended by itself")
                .isTrue();
        Reaper.forget(started);
        return started.exitValue();
    }

    /** SIGTERM, which must end the server in good time and with exit code 0. */
    public void stop() throws InterruptedException {
        Process running = running();
        running.destroy();
        if (!running.waitFor(STOP_TIME.toSeconds(), TimeUnit.SECONDS)) {
            throw new AssertionError("The server did not end within " + STOP_TIME.toSeconds() + " s of SIGTERM");
        }
        Reaper.forget(running);
        assertThat(running.exitValue()).as("exit code after SIGTERM").isZero();
    }

    /** SIGKILL; returns when the process is gone. */
    public void kill() {
        Process running = running();
        running.destroyForcibly().onExit().join();
        Reaper.forget(running);
    }

    public boolean isAlive() {
        return process != null && process.isAlive();
    }

    /** For the clients: host and port, or the path of the socket from the directory of the test, as absolute ones are too long. */
    public String address() {
        return socket == null
                ? host + ":" + port
                : "./"
                        + Objects.requireNonNull(directory.toAbsolutePath().getParent())
                                .relativize(directory
                                        .toAbsolutePath()
                                        .resolve(socket)
                                        .normalize());
    }

    /** Has a signal sent to the process, by its name without SIG. */
    public void signal(String name) throws InterruptedException {
        try {
            int status = new ProcessBuilder("kill", "-" + name, Long.toString(pid()))
                    .inheritIO()
                    .start()
                    .waitFor();
            assertThat(status).as("exit code of kill").isZero();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns when the log has a line that contains the text. */
    public void awaitLog(String text) {
        Await.until(START_TIME, () -> "the log says '" + text + "'", () -> log().contains(text));
    }

    public Path directory() {
        return directory;
    }

    public Path dataFile() {
        return directory.resolve("Data.fs");
    }

    public long pid() {
        return running().pid();
    }

    /** Bytes of memory that the process holds now. */
    public long residentBytes() {
        try {
            return Files.readAllLines(Path.of("/proc", Long.toString(pid()), "status")).stream()
                    .filter(line -> line.startsWith("VmRSS:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
                    .findFirst()
                    .orElseThrow();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The event log and what the process printed. */
    public String log() {
        return Story.read(logFile()) + Story.read(outputFile());
    }

    /** Files in the temporary directory of the blobs that were last written before then. */
    public List<Path> temporaryBlobsFromBefore(Instant then) {
        Path temporary = directory.resolve("blobs/tmp");
        if (!Files.isDirectory(temporary)) {
            return List.of();
        }
        try (var files = Files.list(temporary)) {
            return files.filter(file -> file.toFile().lastModified() < then.toEpochMilli())
                    .filter(Files::isRegularFile)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What the server said, for the report of a failed test; with its threads if it is a JVM that still runs. */
    String story() {
        String state = process == null
                ? "never started"
                : process.isAlive() ? "running as " + process.pid() : "ended with " + process.exitValue();
        String story = Story.of("server in " + directory + " (" + state + ")", outputFile(), logFile());
        return isAlive() && ServerKind.underTest() == ServerKind.ZEOLITE ? story + threads() : story;
    }

    private Process launch(boolean configured) {
        if (isAlive()) {
            throw new IllegalStateException("The server runs already, as " + pid());
        }
        List<String> words = new ArrayList<>(command);
        if (configured) {
            words.addAll(
                    List.of("-C", "zeo.conf", "--address-file", addressFile().toString()));
        }
        try {
            Files.createDirectories(directory);
            Files.deleteIfExists(addressFile());
            if (configured) {
                Files.writeString(directory.resolve("zeo.conf"), configuration());
            }
            ProcessBuilder builder = new ProcessBuilder(words)
                    .directory(directory.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(
                            ProcessBuilder.Redirect.appendTo(outputFile().toFile()));
            builder.environment().remove("ZEO_MSGPACK");
            builder.environment().putAll(environment);
            Process started = builder.start();
            process = started;
            Reaper.watch(started);
            return started;
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot start " + words, e);
        }
    }

    private String configuration() {
        if (text != null) {
            return text;
        }
        return described();
    }

    private String described() {
        String address = socket == null ? host + ":" + port : socket;
        StringBuilder lines =
                new StringBuilder("<zeo>\n  address " + (addressText == null ? address : addressText) + "\n");
        options.forEach((key, value) ->
                lines.append("  ").append(key).append(' ').append(value).append('\n'));
        return lines.append(tls)
                .append("</zeo>\n")
                .append(storages)
                .append(EVENT_LOG)
                .toString();
    }

    private boolean listens() {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    private Process running() {
        if (process == null) {
            throw new IllegalStateException("The server was not started");
        }
        return process;
    }

    private String threads() {
        String jstack =
                Path.of(System.getProperty("java.home"), "bin", "jstack").toString();
        Path dump = directory.resolve("threads.txt");
        try {
            Process dumper = new ProcessBuilder(jstack, Long.toString(pid()))
                    .redirectErrorStream(true)
                    .redirectOutput(dump.toFile())
                    .start();
            if (!dumper.waitFor(10, TimeUnit.SECONDS)) {
                dumper.destroyForcibly();
                return "no thread dump within 10 s\n";
            }
            return Story.read(dump);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "no thread dump: interrupted\n";
        } catch (IOException e) {
            return "no thread dump: " + e + '\n';
        }
    }

    private Path addressFile() {
        return directory.resolve("address.json");
    }

    /** What the process prints, output and errors. */
    public Path outputFile() {
        return directory.resolve("server.out");
    }

    private Path logFile() {
        return directory.resolve("server.log");
    }
}
