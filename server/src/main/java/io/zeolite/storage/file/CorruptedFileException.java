package io.zeolite.storage.file;

import io.zeolite.disk.UnreadableException;
import io.zeolite.pickle.PickleException;
import io.zeolite.zodb.Oid;
import java.io.IOException;
import java.nio.file.Path;

/** A data file is damaged where no crash can have done it, so that somebody has to look at it. Nothing was changed. */
public final class CorruptedFileException extends IOException {
    private static final long serialVersionUID = 1L;

    private final long offset;

    CorruptedFileException(Path file, long offset, String what, String found, String expected) {
        super(file + " is damaged at offset " + offset + ": " + what + " is " + found + " (expected: " + expected
                + ")");
        this.offset = offset;
    }

    CorruptedFileException(Path file, long offset, long oid, PickleException cause) {
        super(
                file + ": the record of object " + Oid.toString(oid) + " cannot be read, at offset " + offset + ": "
                        + cause.getMessage(),
                cause);
        this.offset = offset;
    }

    CorruptedFileException(UnreadableException cause) {
        super(cause.getMessage(), cause);
        this.offset = cause.offset();
    }

    /** Where in the file. */
    public long offset() {
        return offset;
    }
}
