package io.zeolite.blob.directory;

import io.zeolite.blob.NewFile;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Creates directories so that they survive a crash of the machine. Any thread may call it; it waits for the disk.
 *
 * <p>A directory that exists when a thread looks may have been created by another thread that is still forcing its
 * parent. So looking, creating and forcing happen under one lock for each directory, and from the top down: a directory
 * that one can see under its lock is on disk, and so is everything above it.
 */
final class DurableDirectories {
    /** So often directories may vanish at the wrong moment: whoever takes away a blob removes what becomes empty. */
    static final int MAX_ATTEMPTS = 10;

    /** Directories share these by their hash. No thread holds two of them. */
    private final Object[] locks = new Object[64];

    private final boolean sync;

    /** @param sync whether they are forced at all */
    DurableDirectories(boolean sync) {
        this.sync = sync;
        Arrays.setAll(locks, i -> new Object());
    }

    /**
     * Creates a directory and those above it that are missing, with the permissions that the umask leaves.
     *
     * @param directory an absolute path
     */
    void create(Path directory) throws IOException {
        for (int attempt = 1; ; attempt++) {
            try {
                createAll(directory);
                return;
            } catch (NoSuchFileException e) {
                if (attempt == MAX_ATTEMPTS) {
                    throw e;
                }
            }
        }
    }

    private void createAll(Path directory) throws IOException {
        Path parent = directory.getParent();
        if (parent == null) {
            return;
        }
        if (!Files.isDirectory(directory)) {
            createAll(parent);
        }
        synchronized (locks[Math.floorMod(directory.hashCode(), locks.length)]) {
            if (!Files.isDirectory(directory)) {
                createOne(directory, parent);
            }
        }
    }

    private void createOne(Path directory, Path parent) throws IOException {
        try {
            Files.createDirectory(directory);
        } catch (FileAlreadyExistsException e) {
            // A client that shares the blob directory creates directories too.
            if (!Files.isDirectory(directory)) {
                throw e;
            }
        }
        if (!sync) {
            return;
        }
        try {
            force(parent);
        } catch (IOException e) {
            withdraw(directory, e);
            throw e;
        }
    }

    /** The next one to come must not take for safe what may not be on disk. */
    private static void withdraw(Path directory, IOException reason) {
        try {
            Files.deleteIfExists(directory);
        } catch (IOException e) {
            reason.addSuppressed(e);
        }
    }

    /**
     * Makes the entries of a directory survive a crash of the machine.
     *
     * @throws NoSuchFileException if it is not there
     */
    static void force(Path directory) throws IOException {
        try {
            NewFile.force(directory);
        } catch (NoSuchFileException e) {
            throw e;
        } catch (IOException e) {
            throw new IOException("cannot force the directory " + directory + ": " + e, e);
        }
    }
}
