package io.zeolite.session;

import io.zeolite.commit.staging.SerialFileWriter;
import io.zeolite.commit.staging.StagingFile;
import io.zeolite.error.TransactionException;
import io.zeolite.storage.Completion;
import io.zeolite.storage.Storage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The blob that a client is sending: at most one at a time on a connection, in one run of chunks. The bytes go to a file
 * on the I/O pool, and the client is held back while more than a little of them waits. Event loop only.
 */
final class BlobUpload {
    private static final Logger LOG = LoggerFactory.getLogger(BlobUpload.class);

    private final Storage storage;
    private final Executor io;
    private final Outbox outbox;
    private @Nullable SerialFileWriter writer;
    private boolean flushQueued;

    BlobUpload(Storage storage, Executor io, Outbox outbox) {
        this.storage = storage;
        this.io = io;
        this.outbox = outbox;
    }

    /** Begins a blob. A client that aborts in the middle of one just breaks it off: what there was is dropped. */
    void start() {
        drop();
        writer = new SerialFileWriter(() -> StagingFile.open(storage.newBlobFile(), storage.syncsBlobs()), io);
    }

    void write(byte[] chunk) {
        SerialFileWriter running = running();
        running.write(chunk);
        written(running);
    }

    /** The same of bytes that are not copied. */
    void write(ReceivedBytes chunk) {
        SerialFileWriter running = running();
        running.write(chunk.pieces(), chunk.keep());
        written(running);
    }

    private void written(SerialFileWriter running) {
        if (!flushQueued) {
            // It runs when all that has arrived by now is taken: a client that stops in the middle leaves nothing in
            // memory.
            flushQueued = true;
            outbox.execute(() -> {
                flushQueued = false;
                running.flush();
            });
        }
        if (running.isBacklogged(() -> outbox.execute(outbox::resumeReading))) {
            outbox.pauseReading();
        }
    }

    /**
     * Ends the blob. No message is taken before the outcome has been seen to, since a transaction stages complete files
     * only.
     *
     * @param outcome gets the file, which is then its own; called on the loop
     */
    void end(Completion<Path> outcome) {
        SerialFileWriter running = running();
        writer = null;
        outbox.pauseReading();
        running.finish(new Completion<>() {
            @Override
            public void complete(Path file) {
                outbox.execute(() -> {
                    outcome.complete(file);
                    outbox.resumeReading();
                });
            }

            @Override
            public void fail(Throwable failure) {
                outbox.execute(() -> {
                    outcome.fail(failure);
                    outbox.resumeReading();
                });
            }
        });
    }

    void drop() {
        if (writer != null) {
            writer.abort();
            writer = null;
        }
    }

    /** Deletes a file that no transaction wants. */
    void discard(Path file) {
        io.execute(() -> {
            try {
                Files.deleteIfExists(file);
            } catch (IOException e) {
                LOG.warn("cannot delete {}: {}", file, e.toString());
            }
        });
    }

    private SerialFileWriter running() {
        if (writer == null) {
            throw new TransactionException("a piece of a blob without storeBlobStart");
        }
        return writer;
    }
}
