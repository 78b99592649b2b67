package io.zeolite.logging;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.jspecify.annotations.Nullable;

/**
 * A file that log messages are appended to, and that makes room for a new one before it grows too long: what was
 * {@code path} becomes {@code path.1}, {@code path.1} becomes {@code path.2}, and the oldest goes. Python's
 * {@code RotatingFileHandler} names them the same way. Not thread-safe.
 */
final class LogFile extends OutputStream {
    private final LogConfig.Destination.File config;
    private @Nullable FileOutputStream out;
    private long size;

    /** @throws IOException if the file cannot be opened for appending */
    LogFile(LogConfig.Destination.File config) throws IOException {
        this.config = config;
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
        FileOutputStream file = opened();
        if (config.maxSize() > 0 && size > 0 && size + length > config.maxSize()) {
            file.close();
            out = null;
            rotate();
            file = opened();
        }
        file.write(message, offset, length);
        size += length;
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

    private void rotate() throws IOException {
        for (int i = config.oldFiles(); i > 0; i--) {
            Path from = i == 1 ? config.path() : numbered(i - 1);
            if (Files.exists(from)) {
                Files.move(from, numbered(i), StandardCopyOption.REPLACE_EXISTING);
            }
        }
    }

    private Path numbered(int number) {
        return config.path().resolveSibling(config.path().getFileName() + "." + number);
    }
}
