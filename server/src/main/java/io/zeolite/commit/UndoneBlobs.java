package io.zeolite.commit;

import io.zeolite.blob.BlobRevision;
import io.zeolite.blob.ColdBlobs;
import io.zeolite.blob.directory.BlobDirectory;
import io.zeolite.client.blob.OpenBlob;
import io.zeolite.error.PosKeyException;
import io.zeolite.error.TransactionException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files of those revisions of blobs that a transaction brings back by undoing. They are made sure of while it is
 * staged, before it asks for locks: nobody may wait for a store while it holds the lock of the whole storage. A file that
 * is in the blob directory gets a second name, so that it does not matter whether it is archived meanwhile.
 */
final class UndoneBlobs {
    private static final Logger LOG = LoggerFactory.getLogger(UndoneBlobs.class);

    private final BlobDirectory directory;
    private final ColdBlobs cold;
    private final Executor io;
    private final IoBarrier pendingIo;
    private final Map<BlobRevision, Path> files = new HashMap<>();
    private boolean discarded;

    /** @param pendingIo has not ended as long as a file is on its way */
    UndoneBlobs(BlobDirectory directory, ColdBlobs cold, Executor io, IoBarrier pendingIo) {
        this.directory = directory;
        this.cold = cold;
        this.io = io;
        this.pendingIo = pendingIo;
    }

    /** Begins to make sure of a file. On an I/O thread. */
    void fetch(BlobRevision revision) throws IOException {
        Path file;
        try {
            file = directory.stageAgain(revision.oid(), revision.tid());
        } catch (PosKeyException missing) {
            pendingIo.begin();
            cold.open(revision.oid(), revision.tid(), missing)
                    .whenComplete((source, failure) -> io.execute(() -> opened(revision, source, failure)));
            return;
        }
        keep(revision, file);
    }

    private void opened(BlobRevision revision, OpenBlob source, Throwable failure) {
        if (failure != null) {
            // Whatever is chained to a future wraps what went wrong.
            Throwable cause = failure instanceof CompletionException ? failure.getCause() : null;
            pendingIo.end(cause == null ? failure : cause);
            return;
        }
        try {
            Path file = directory.newTemporaryFile();
            keep(revision, file);
            new BlobCopy(source, file, io, pendingIo::end).start();
        } catch (IOException | RuntimeException e) {
            close(source);
            pendingIo.end(e);
        }
    }

    private static void close(OpenBlob source) {
        try {
            source.close();
        } catch (IOException e) {
            LOG.warn("cannot close a blob: {}", e.toString());
        }
    }

    private void keep(BlobRevision revision, Path file) throws IOException {
        Path obsolete;
        boolean unwanted;
        synchronized (files) {
            unwanted = discarded;
            obsolete = unwanted ? file : files.put(revision, file);
        }
        if (obsolete != null) {
            Files.deleteIfExists(obsolete);
        }
        if (unwanted) {
            throw new TransactionException("the transaction was aborted");
        }
    }

    /**
     * Another name of the file of a revision, for the caller.
     *
     * @throws PosKeyException if there is none; then the transaction that is undone is not the one that was found first
     */
    Path stage(BlobRevision revision) throws IOException {
        Path file;
        synchronized (files) {
            file = files.get(revision);
        }
        return file == null ? directory.stageAgain(revision.oid(), revision.tid()) : directory.stageAgain(file);
    }

    /**
     * Deletes at once whatever is still to come.
     *
     * @return whether there is nothing to {@link #discard}
     */
    boolean refuseAny() {
        synchronized (files) {
            discarded = true;
            return files.isEmpty();
        }
    }

    /** Deletes them, and those that are still to come. */
    void discard() {
        Map<BlobRevision, Path> unneeded;
        synchronized (files) {
            discarded = true;
            unneeded = Map.copyOf(files);
            files.clear();
        }
        unneeded.values().forEach(LocalTransaction::deleteStaged);
    }
}
