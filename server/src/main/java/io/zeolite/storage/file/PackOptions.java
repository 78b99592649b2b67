package io.zeolite.storage.file;

/**
 * How a file storage is packed.
 *
 * @param gc whether objects are removed that nothing refers to; if not, only old revisions are
 * @param keepOld whether the file of before stays under the name {@code Data.fs.old}
 */
public record PackOptions(boolean gc, boolean keepOld) {
    /** As in Python. */
    public static final PackOptions DEFAULT = new PackOptions(true, true);
}
