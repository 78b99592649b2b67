package io.zeolite.it;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.opentest4j.TestAbortedException;

/**
 * A Python with packages from the package index, in a virtual environment under {@code target}. It is made once, and again when
 * its requirements change. Where it cannot be made, for want of Python or of the package index, the scenarios are skipped, loudly;
 * with {@code CI=true} in the environment they fail instead.
 */
public final class PythonEnvironment {
    /** The clients. */
    public static final PythonEnvironment CLIENTS = new PythonEnvironment("python", "requirements.txt");

    /** An S3 server, and what has written buckets before; some of it says of itself that it wants a newer Python. */
    public static final PythonEnvironment S3 =
            new PythonEnvironment("python-s3", "requirements-s3.txt", "--no-deps", "--ignore-requires-python");

    private static final Duration INSTALL_TIME = Duration.ofMinutes(10);

    private final String name;
    private final Path home;
    private final Path requirements;
    private final List<String> options;

    private @Nullable String missing;
    private boolean ready;

    private PythonEnvironment(String name, String requirements, String... options) {
        this.name = name;
        this.home = Layout.TARGET.resolve(name);
        this.requirements = Layout.SCRIPTS.resolve(requirements);
        this.options = List.of(options);
    }

    /** The interpreter. Takes a minute the first time. */
    public synchronized Path interpreter() {
        if (!ready && missing == null) {
            prepare();
        }
        if (missing != null) {
            if ("true".equalsIgnoreCase(System.getenv("CI"))) {
                throw new AssertionError(missing);
            }
            throw new TestAbortedException(missing);
        }
        return home.resolve("bin/python");
    }

    private void prepare() {
        try {
            Files.createDirectories(Layout.TARGET);
            try (FileChannel lock = FileChannel.open(Layout.TARGET.resolve(name + ".lock"), CREATE, WRITE);
                    FileLock held = lock.lock()) {
                String wanted = fingerprint();
                Path stamp = home.resolve("zeolite-stamp");
                if (!Files.exists(stamp) || !Files.readString(stamp).equals(wanted)) {
                    make();
                    Files.writeString(stamp, wanted);
                }
            }
            ready = true;
        } catch (IOException e) {
            missing = "No Python environment for the integration tests: " + e.getMessage();
            System.err.println("\n*** SKIPPED: " + missing + "\n");
        }
    }

    private void make() throws IOException {
        String python = System.getProperty("zeolite.it.python", "python3");
        run(List.of(python, "-m", "venv", "--clear", home.toString()));
        List<String> install = new ArrayList<>(
                List.of(home.resolve("bin/python").toString(), "-m", "pip", "install", "--quiet", "--no-input"));
        install.addAll(options);
        install.addAll(List.of("-r", requirements.toString()));
        run(install);
    }

    private void run(List<String> command) throws IOException {
        Path output = Layout.TARGET.resolve(name + ".log");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            if (!process.waitFor(INSTALL_TIME.toSeconds(), TimeUnit.SECONDS)) {
                throw new IOException(
                        String.join(" ", command) + " did not end in " + INSTALL_TIME.toMinutes() + " min");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted in " + String.join(" ", command), e);
        } finally {
            process.destroyForcibly();
        }
        if (process.exitValue() != 0) {
            List<String> lines = Files.readAllLines(output);
            String last = lines.isEmpty() ? "" : lines.get(lines.size() - 1);
            throw new IOException(
                    String.join(" ", command) + " ended with " + process.exitValue() + ", " + output + ": " + last);
        }
    }

    private String fingerprint() {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            sha.update(home.toString().getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(sha.digest(Files.readAllBytes(requirements)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
