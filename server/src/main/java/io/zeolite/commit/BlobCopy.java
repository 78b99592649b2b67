package io.zeolite.commit;

import io.zeolite.client.blob.OpenBlob;
import java.io.EOFException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Copies a blob into a file, as far as it is there; no thread waits for the rest. */
final class BlobCopy {
    private final OpenBlob source;
    private final Path file;
    private final Executor io;
    private final Consumer<@Nullable Throwable> ended;
    private long position;

    /**
     * A copy that is to be made.
     *
     * @param source closed at the end
     * @param file exists
     * @param ended hears of the end: null when all of it is on the disk, else why not
     */
    BlobCopy(OpenBlob source, Path file, Executor io, Consumer<@Nullable Throwable> ended) {
        this.source = source;
        this.file = file;
        this.io = io;
        this.ended = ended;
    }

    /** Begins, on a thread that may wait for the disk. */
    void start() {
        try {
            if (!copy()) {
                source.whenAvailable(position, () -> io.execute(this::start));
                return;
            }
        } catch (IOException | RuntimeException e) {
            end(e);
            return;
        }
        Throwable failure = position == source.size() ? null : source.failure();
        end(failure);
    }

    /** @return whether there is nothing more to come */
    private boolean copy() throws IOException {
        boolean hasFailed = source.failure() != null;
        try (FileChannel target = FileChannel.open(file, StandardOpenOption.WRITE)) {
            target.position(position);
            for (long available = source.available(); position < available; ) {
                long count = source.channel().transferTo(position, available - position, target);
                if (count == 0) {
                    throw new EOFException("the file ends at " + position + " bytes (expected: " + available + ")");
                }
                position += count;
            }
            if (position == source.size()) {
                target.force(true);
                return true;
            }
        }
        return hasFailed;
    }

    private void end(@Nullable Throwable failure) {
        Throwable problem = failure;
        try {
            source.close();
        } catch (IOException e) {
            problem = problem == null ? e : problem;
        }
        ended.accept(problem);
    }
}
