package io.zeolite.tool.blobs;

import io.zeolite.blob.BlobRevision;
import io.zeolite.blob.NewFile;
import io.zeolite.blob.directory.BlobDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Puts files of blobs into a blob directory, as if they had been committed there: complete, on the disk, with the permissions
 * of committed files. A server may use it meanwhile. What root makes belongs to the owner of the directory, or of the one above if
 * there was none. Any thread.
 */
final class LocalBlobs {
    private static final String MARKER = ".layout";

    private final Path root;
    private final BlobDirectory directory;

    LocalBlobs(Path path) throws IOException {
        root = path.toAbsolutePath().normalize();
        Path marker = root.resolve(MARKER);
        Path temporary = root.resolve("tmp");
        List<Path> missing = missing(temporary);
        if (Files.exists(marker)) {
            directory = BlobDirectory.openReadOnly(root);
            Files.createDirectories(temporary);
        } else {
            // No server has ever had it, so none is at work there.
            directory = BlobDirectory.open(root);
            missing.add(marker);
        }
        // The ones above come first.
        missing.forEach(made -> NewFile.giveToOwnerOf(made.resolveSibling(""), made));
    }

    /** The directories that are not there on the way to one, from the top down. */
    private static List<Path> missing(Path path) {
        List<Path> missing = new ArrayList<>();
        for (Path each = path; each != null && Files.notExists(each); each = each.getParent()) {
            missing.add(0, each);
        }
        return missing;
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
        NewFile.giveToOwnerOf(root, staged);
        directory.forceFile(staged);
        List<Path> missing = missing(directory.oidDirectory(revision.oid()));
        directory.prepare(revision.oid());
        missing.forEach(made -> NewFile.giveToOwnerOf(root, made));
        Path changed = directory.commit(staged, revision.oid(), revision.tid());
        directory.forceDirectories(List.of(changed), Runnable::run);
    }
}
