package io.zeolite.storage.index;

import io.zeolite.disk.Disk;
import io.zeolite.disk.DiskFile;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * {@code Data.fs.index}, as Python's {@code ZODB.fsIndex} writes and reads it.
 *
 * <p>It is a sequence of pickles, protocol 3: first the length that the data file had, as an int; then for each prefix
 * of 6 bytes, ascending, a tuple of that prefix and a bucket, both bytes; then {@code None}. A bucket holds n suffixes of
 * 2 bytes, ascending, and after them n positions of 6 bytes, all big-endian: oid = prefix + suffix. Older forms (a
 * pickled dict) are not read; without an index the data file is scanned.
 */
public final class IndexFile {
    /** The length of a data file that has nothing but its first four bytes. */
    private static final long EMPTY_DATA_LENGTH = 4;

    private IndexFile() {}

    /**
     * What an index file holds.
     *
     * @param end the length that the data file had when it was saved
     */
    public record Contents(long end, PositionIndex index) {}

    /**
     * Reads an index file. It is only checked in itself, not against the data file.
     *
     * @return empty if there is no such file
     * @throws MalformedIndexException if it is not what this class would write
     */
    public static Optional<Contents> read(Disk disk, Path path) throws IOException {
        try (DiskFile file = disk.open(path, Disk.Mode.READ)) {
            return Optional.of(new IndexReader(file).read());
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    /**
     * Replaces an index file: after a crash there is the old one or the new one. Must not run while the index is
     * written.
     *
     * <p>An index without entries for a data file with transactions is not written but deleted, because Python cannot
     * open a storage that has one.
     */
    public static void write(Disk disk, Path path, PositionIndex index, long end) throws IOException {
        if (index.size() == 0 && end > EMPTY_DATA_LENGTH) {
            delete(disk, path);
            return;
        }
        Path temporary = path.resolveSibling(path.getFileName() + ".index_tmp");
        try {
            try (DiskFile file = disk.open(temporary, Disk.Mode.REPLACE)) {
                new IndexWriter(file).write(index, end);
                file.force();
            }
            disk.move(temporary, path);
        } catch (IOException e) {
            deleteAfter(e, disk, temporary);
            throw e;
        }
        disk.forceDirectoryOf(path);
    }

    /** Deletes an index file if it is there. */
    public static void delete(Disk disk, Path path) throws IOException {
        if (disk.exists(path)) {
            disk.delete(path);
            disk.forceDirectoryOf(path);
        }
    }

    private static void deleteAfter(IOException failure, Disk disk, Path path) {
        try {
            disk.delete(path);
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }
}
