package io.zeolite.tool.blobs;

import io.zeolite.blob.BlobRevision;
import io.zeolite.blob.directory.BlobDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Puts files of blobs into a blob directory, as if they had been committed there: complete, on the disk, with the permissions
 * of committed files. A server may use it meanwhile. Any thread.
 */
final class LocalBlobs {
    private static final String MARKER = ".layout";

    private final BlobDirectory directory;

    LocalBlobs(Path path) throws IOException {
        if (Files.exists(path.resolve(MARKER))) {
            directory = BlobDirectory.openReadOnly(path);
            Files.createDirectories(path.resolve("tmp"));
        } else {
            // No server has ever had it, so none is at work there.
            directory = BlobDirectory.open(path);
        }
    }

    Path path(BlobRevision revision) {
        return directory.path(revision.oid(), revision.tid());
    }

    /** A file to be filled and then given to {@link #place}; a server that starts meanwhile removes it. */
    Path newFile() throws IOException {
        return directory.newTemporaryFile();
    }

    /** Gives a file its place; on disk when this returns. */
    void place(Path staged, BlobRevision revision) throws IOException {
        directory.forceFile(staged);
        directory.prepare(revision.oid());
        Path changed = directory.commit(staged, revision.oid(), revision.tid());
        directory.forceDirectories(List.of(changed), Runnable::run);
    }
}
