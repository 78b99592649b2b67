package io.zeolite.disk;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Files and directories by name. Any thread may use it. */
public interface Disk {
    /** How {@link #open} treats a file that is there, or is not. */
    enum Mode {
        /** Read an existing file. */
        READ,
        /** Read and write; an absent file is created empty. */
        READ_WRITE,
        /** Read and write; an existing file is emptied, an absent one is created. */
        REPLACE
    }

    /**
     * Opens a file.
     *
     * @throws java.nio.file.NoSuchFileException if it is to be read and is not there
     */
    DiskFile open(Path path, Mode mode) throws IOException;

    /** Whether there is a file or a directory, perhaps at the end of a symbolic link. */
    boolean exists(Path path) throws IOException;

    /** Where a symbolic link leads, as it says itself; null if there is none of this name. */
    default @Nullable Path linkTarget(Path path) throws IOException {
        return null;
    }

    /** Renames a file at once, over an existing one if need be. On disk after the next {@link #forceDirectory}. */
    void move(Path from, Path to) throws IOException;

    /** Gives a file a second name, which must be free. On disk after the next {@link #forceDirectory}. */
    void link(Path existing, Path name) throws IOException;

    /** Whether two names, both of which are there, are names of one file. */
    boolean isSameFile(Path one, Path other) throws IOException;

    /** Deletes a file if it is there. */
    void delete(Path path) throws IOException;

    /** Makes creations, renames and deletions in a directory survive a crash of the machine. */
    void forceDirectory(Path directory) throws IOException;

    /** The same for the directory that a file is in. */
    default void forceDirectoryOf(Path file) throws IOException {
        forceDirectory(Objects.requireNonNullElse(file.getParent(), Path.of("")));
    }

    /**
     * Takes the lock file that Python's {@code zc.lockfile} takes: {@code flock} on the file, which then holds a space,
     * the process id and a newline. The lock goes with the process, however it ends; the file stays.
     *
     * @throws LockedException at once if another process, or this one, holds it
     */
    Closeable lock(Path path) throws IOException;
}
