package io.zeolite.logging;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneId;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A file that log messages are appended to, and that makes room for a new one before it grows too long, or when its time
 * is over. By size, what was {@code path} becomes {@code path.1}, {@code path.1} becomes {@code path.2}, and the oldest
 * goes; by time, it becomes {@code path} with its date. Python's handlers name them the same way. Not thread-safe.
 */
final class LogFile extends OutputStream {
    private final LogConfig.Destination.File config;
    private final InstantSource clock;
    /** Asked only by who needs it: it searches all jars for zones. */
    private final Supplier<ZoneId> zone;

    private @Nullable FileOutputStream out;
    private long size;
    /** When the file is to be renamed for its time; never if it is not kept by time. */
    private Instant rotation = Instant.MAX;

    /** @throws IOException if the file cannot be opened for appending */
    LogFile(LogConfig.Destination.File config) throws IOException {
        this(config, InstantSource.system(), ZoneId::systemDefault);
    }

    LogFile(LogConfig.Destination.File config, InstantSource clock, Supplier<ZoneId> zone) throws IOException {
        this.config = config;
        this.clock = clock;
        this.zone = zone;
        if (config.timed() != null) {
            // The messages of the time before this start belong into a file of theirs, too.
            Instant last = Files.exists(config.path())
                    ? Files.getLastModifiedTime(config.path()).toInstant()
                    : clock.instant();
            rotation = config.timed().next(last, zone.get());
        }
        if (!config.delay()) {
            opened();
        }
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    /** Hands the bytes of one message to the system. */
    @Override
    public void write(byte[] message, int offset, int length) throws IOException {
        if (config.timed() != null && !clock.instant().isBefore(rotation)) {
            close();
            rotateByTime(config.timed(), config.timed().begin(rotation, zone.get()));
        }
        FileOutputStream file = opened();
        if (config.maxSize() > 0 && size > 0 && size + length > config.maxSize()) {
            close();
            rotateBySize();
            file = opened();
        }
        file.write(message, offset, length);
        size += length;
    }

    /** Goes on in a new file: somebody has renamed this one, or, where this class does so itself, is to be now. */
    void reopen() throws IOException {
        close();
        if (config.maxSize() > 0) {
            rotateBySize();
        } else if (config.timed() != null) {
            rotateByTime(config.timed(), clock.instant());
        }
        if (!config.delay()) {
            opened();
        }
    }

    @Override
    public void close() throws IOException {
        if (out != null) {
            out.close();
            out = null;
        }
    }

    private FileOutputStream opened() throws IOException {
        FileOutputStream file = out;
        if (file == null) {
            file = new FileOutputStream(config.path().toFile(), true);
            size = file.getChannel().size();
            out = file;
        }
        return file;
    }

    private void rotateBySize() throws IOException {
        for (int i = config.oldFiles(); i > 0; i--) {
            Path from = i == 1 ? config.path() : renamed(Integer.toString(i - 1));
            if (Files.exists(from)) {
                Files.move(from, renamed(Integer.toString(i)), StandardCopyOption.REPLACE_EXISTING);
            }
        }
    }

    private void rotateByTime(TimedRotation timed, Instant begin) throws IOException {
        rotation = timed.next(clock.instant(), zone.get());
        if (!Files.isRegularFile(config.path())) {
            return;
        }
        String suffix = timed.suffix(begin, zone.get());
        Path target = renamed(suffix);
        for (int i = 1; Files.exists(target); i++) {
            target = renamed(suffix + "." + i);
        }
        Files.move(config.path(), target);
        List<Path> old = timedFiles();
        for (Path oldest : old.subList(0, Math.max(0, old.size() - config.oldFiles()))) {
            Files.deleteIfExists(oldest);
        }
    }

    /** The renamed files, the oldest first. */
    private List<Path> timedFiles() throws IOException {
        String start = config.path().getFileName() + ".";
        try (Stream<Path> all = Files.list(config.path().toAbsolutePath().getParent())) {
            return all.filter(file -> {
                        String name = file.getFileName().toString();
                        return name.startsWith(start)
                                && TimedRotation.SUFFIX
                                        .matcher(name.substring(start.length()))
                                        .matches();
                    })
                    .sorted()
                    .toList();
        }
    }

    private Path renamed(String suffix) {
        return config.path().resolveSibling(config.path().getFileName() + "." + suffix);
    }
}
