package io.zeolite.storage.file;

import java.io.IOException;
import java.nio.file.Path;

/** A file that is not a data file of this format. It has not been changed. */
public final class FileStorageFormatException extends IOException {
    private static final long serialVersionUID = 1L;

    FileStorageFormatException(Path file, String found) {
        super(file + " is not a FileStorage data file: it starts with " + found + " (expected: FS30)");
    }
}
