package io.zeolite.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The file with the process id, for as long as the server runs. A server does not fail for want of it. */
final class PidFile implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger("ZEO.runzeo");

    private final @Nullable Path path;
    private final String content = ProcessHandle.current().pid() + "\n";

    /** @param path null if there is to be none */
    PidFile(@Nullable Path path) {
        this.path = path;
    }

    void write() {
        if (path != null) {
            try {
                Files.writeString(path, content);
            } catch (IOException e) {
                LOG.error("PID file '{}' cannot be written: {}", path, e.toString());
            }
        }
    }

    /** Removes the file, unless another process has written its own id there since. */
    @Override
    public void close() {
        try {
            if (path != null && Files.exists(path) && Files.readString(path).equals(content)) {
                Files.delete(path);
            }
        } catch (IOException e) {
            LOG.error("PID file '{}' could not be removed: {}", path, e.toString());
        }
    }
}
