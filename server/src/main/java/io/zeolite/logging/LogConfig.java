package io.zeolite.logging;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is logged, and where to. Levels are Python's numbers: DEBUG 10, INFO 20, WARNING 30, ERROR 40, CRITICAL 50.
 *
 * @param level messages below it go nowhere
 * @param targets each message goes to every one of them
 */
public record LogConfig(int level, List<Target> targets) {
    public static final int INFO = 20;

    /** Without {@code <eventlog>}: everything from INFO up on the standard error stream, a line each. */
    public static final LogConfig DEFAULT = new LogConfig(
            INFO,
            List.of(new Target(
                    Destination.Stream.STDERR,
                    0,
                    LogFormat.of("%(asctime)s %(levelname)s %(name)s %(message)s", LogFormat.ISO_SECONDS))));

    public LogConfig {
        targets = List.copyOf(targets);
    }

    /**
     * @param level messages below it are left out
     * @param format what a message looks like, without the newline at its end
     */
    public record Target(Destination destination, int level, LogFormat format) {}

    /** Where messages are written to. */
    public sealed interface Destination {
        /** The standard streams of the process. */
        enum Stream implements Destination {
            STDOUT,
            STDERR
        }

        /**
         * A file that is appended to.
         *
         * @param maxSize in bytes: the file is renamed before it grows beyond this; 0 means never
         * @param timed when the file is renamed for the time that it covers; null means never
         * @param oldFiles how many renamed files are kept: by size as {@code path.1} (the newest), {@code path.2}, ...; by
         *     time as {@code path.2026-11-24} or longer
         * @param delay whether the file is only opened for its first message
         */
        record File(
                Path path, long maxSize, @Nullable TimedRotation timed, int oldFiles, Charset charset, boolean delay)
                implements Destination {
            public File(Path path) {
                this(path, 0, 0, StandardCharsets.UTF_8, false);
            }

            public File(Path path, long maxSize, int oldFiles, Charset charset, boolean delay) {
                this(path, maxSize, null, oldFiles, charset, delay);
            }
        }
    }
}
