package io.zeolite.storage.file;

import java.io.IOException;
import java.nio.file.Path;

/** A file that is not a data file of this format, or not one that can be written. It has not been changed. */
public final class FileStorageFormatException extends IOException {
    private static final long serialVersionUID = 1L;

    private FileStorageFormatException(String message) {
        super(message);
    }

    static FileStorageFormatException of(Path file, String found) {
        return new FileStorageFormatException(
                file + " is not a FileStorage data file: it starts with " + found + " (expected: FS30 or FS21)");
    }

    static FileStorageFormatException python2(Path file) {
        return new FileStorageFormatException(file
                + " is a database of Python 2 (it starts with FS21), which can only be read: open it with read-only"
                + " true, or convert it with zodbupdate (expected for writing: FS30)");
    }
}
