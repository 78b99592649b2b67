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
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.opentest4j.TestAbortedException;

/**
 * The Python with the packages of {@code requirements.txt}, in a virtual environment under {@code target/python}. It is made once,
 * and again when the requirements change. Where it cannot be made, for want of Python or of the package index, the scenarios
 * are skipped, loudly; with {@code CI=true} in the environment they fail instead.
 */
final class PythonEnvironment {
    private static final Path HOME = Layout.TARGET.resolve("python");
    private static final Path REQUIREMENTS = Layout.SCRIPTS.resolve("requirements.txt");
    private static final Duration INSTALL_TIME = Duration.ofMinutes(10);

    private static @Nullable String missing;
    private static boolean ready;

    private PythonEnvironment() {}

    /** The interpreter. Takes a minute the first time. */
    static synchronized Path interpreter() {
        if (!ready && missing == null) {
            prepare();
        }
        if (missing != null) {
            if ("true".equalsIgnoreCase(System.getenv("CI"))) {
                throw new AssertionError(missing);
            }
            throw new TestAbortedException(missing);
        }
        return HOME.resolve("bin/python");
    }

    private static void prepare() {
        try {
            Files.createDirectories(Layout.TARGET);
            try (FileChannel lock = FileChannel.open(Layout.TARGET.resolve("python.lock"), CREATE, WRITE);
                    FileLock held = lock.lock()) {
                String wanted = fingerprint();
                Path stamp = HOME.resolve("zeolite-stamp");
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

    private static void make() throws IOException {
        String python = System.getProperty("zeolite.it.python", "python3");
        run(List.of(python, "-m", "venv", "--clear", HOME.toString()));
        run(List.of(
                HOME.resolve("bin/python").toString(),
                "-m",
                "pip",
                "install",
                "--quiet",
                "--no-input",
                "-r",
                REQUIREMENTS.toString()));
    }

    private static void run(List<String> command) throws IOException {
        Path output = Layout.TARGET.resolve("python.log");
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

    private static String fingerprint() {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            sha.update(HOME.toString().getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(sha.digest(Files.readAllBytes(REQUIREMENTS)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
