package io.zeolite.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file with the process id, for as long as the server starts and runs. A server does not fail for want of it. Any thread
 * may call it.
 */
final class PidFile implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger("ZEO.runzeo");

    private final @Nullable Path path;
    private final String content = ProcessHandle.current().pid() + "\n";
    private boolean written;
    private boolean closed;

    /** @param path null if there is to be none */
    PidFile(@Nullable Path path) {
        this.path = path;
    }

    /** Leaves the file to a process that lives: it may be a server beside which this one cannot start. */
    synchronized void writeUnlessTaken() {
        if (path != null && !isTaken(path)) {
            write();
        }
    }

    private boolean isTaken(Path file) {
        try {
            String found = Files.readString(file);
            return !found.equals(content)
                    && ProcessHandle.of(Long.parseLong(found.strip())).isPresent();
        } catch (NoSuchFileException | NumberFormatException e) {
            return false;
        } catch (IOException e) {
            // It cannot be told, perhaps since it is another user's.
            return true;
        }
    }

    /** Writes the file in the place of any other, if it is not written yet. */
    synchronized void write() {
        if (path != null && !written && !closed) {
            written = true;
            try {
                if (!Files.isWritable(path)) {
                    // One of another user, who is gone, may still be replaced.
                    Files.deleteIfExists(path);
                }
                Files.writeString(path, content);
            } catch (IOException e) {
                LOG.error("PID file '{}' cannot be written: {}", path, e.toString());
            }
        }
    }

    /** Removes the file, unless another process has written its own id there since. */
    @Override
    public synchronized void close() {
        closed = true;
        try {
            if (path != null && Files.exists(path) && Files.readString(path).equals(content)) {
                Files.delete(path);
            }
        } catch (IOException e) {
            LOG.error("PID file '{}' could not be removed: {}", path, e.toString());
        }
    }
}
