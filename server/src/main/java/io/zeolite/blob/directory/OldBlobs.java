package io.zeolite.blob.directory;

import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/**
 * Where blobs go that were packed away: the directory beside that of the blobs, with {@code .old} at the end of its name
 * and the same layout. It holds only them, not what stays: with what stays, it has all that belongs to
 * {@code Data.fs.old}.
 */
final class OldBlobs {
    private final Path blobs;
    private final Path old;
    private final boolean sync;

    /** @param sync whether blobs are forced to the disk */
    OldBlobs(Path blobs, boolean sync) {
        this.blobs = blobs;
        this.sync = sync;
        this.old = blobs.resolveSibling(blobs.getFileName() + ".old");
    }

    Path root() {
        return old;
    }

    /** Deletes what earlier packs have left. */
    void clear() throws IOException {
        if (!Files.exists(old)) {
            return;
        }
        Files.walkFileTree(old, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failure)
                    throws IOException {
                if (failure != null) {
                    throw failure;
                }
                Files.delete(directory);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    /**
     * Moves a file there, if it is there to be moved. If the directory of the blobs is a mount point or a link, that may
     * be another file system: then the file is copied, and that waits for the disk.
     */
    boolean take(Path file) throws IOException {
        Path target = old.resolve(blobs.relativize(file).toString());
        if (!Files.exists(old)) {
            Files.createDirectories(old);
            Path marker = blobs.resolve(BlobLayout.MARKER_FILE);
            if (Files.exists(marker)) {
                Files.copy(marker, old.resolve(BlobLayout.MARKER_FILE), StandardCopyOption.REPLACE_EXISTING);
            }
        }
        Files.createDirectories(target.getParent());
        try {
            move(file, target);
            return true;
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    private void move(Path file, Path target) throws IOException {
        try {
            Files.move(file, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            BlobDirectory.moveByCopy(file, target, sync);
        }
    }

    /** Deletes a directory, and those above it, as far as nothing is in them. Links stay. */
    void removeEmpty(Path lowest) throws IOException {
        Path directory = lowest;
        while (directory != null && directory.startsWith(blobs) && !directory.equals(blobs)) {
            if (Files.isSymbolicLink(directory)) {
                return;
            }
            try {
                Files.deleteIfExists(directory);
            } catch (FileSystemException e) {
                // Something is in it; or it may not be removed, and does no harm.
                return;
            }
            directory = directory.getParent();
        }
    }
}
