package io.zeolite.storage.file;

/**
 * How a file storage is opened.
 *
 * @param create whether data that is there is deleted
 * @param readOnly whether nothing on disk may change; others may write meanwhile, which is not seen
 * @param indexSaveInterval after how many records the index is saved, if it is not so large that this would be too often;
 *     what is not in it must be scanned when a storage is opened that was not closed
 * @param pack how it is packed
 * @param mapped whether records are read from memory that is mapped to the file, which is quicker; the process then seems to
 *     use as much memory as has been read
 */
public record FileLogOptions(
        boolean create, boolean readOnly, long indexSaveInterval, PackOptions pack, boolean mapped) {
    public static final long DEFAULT_INDEX_SAVE_INTERVAL = 100_000;

    /** To read and write what is there, or start anew if nothing is. */
    public static final FileLogOptions DEFAULT = new FileLogOptions(false, false, DEFAULT_INDEX_SAVE_INTERVAL);

    public static final FileLogOptions CREATE = new FileLogOptions(true, false, DEFAULT_INDEX_SAVE_INTERVAL);

    public static final FileLogOptions READ_ONLY = new FileLogOptions(false, true, DEFAULT_INDEX_SAVE_INTERVAL);

    public FileLogOptions(boolean create, boolean readOnly, long indexSaveInterval) {
        this(create, readOnly, indexSaveInterval, PackOptions.DEFAULT, true);
    }

    public FileLogOptions {
        if (create && readOnly) {
            throw new IllegalArgumentException("create: true (expected: false for a read-only storage)");
        }
        if (indexSaveInterval < 1) {
            throw new IllegalArgumentException("indexSaveInterval: " + indexSaveInterval + " (expected: at least 1)");
        }
    }
}
