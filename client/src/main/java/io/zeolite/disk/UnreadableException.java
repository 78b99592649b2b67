package io.zeolite.disk;

import java.io.IOException;
import java.nio.file.Path;

/** The disk cannot read a part of a file, as where a sector is bad. */
public final class UnreadableException extends IOException {
    private static final long serialVersionUID = 1L;

    private final long offset;

    /**
     * @param offset from where on nothing was read
     * @param length how many bytes were still to be read
     * @param cause what the system says
     */
    public UnreadableException(Path path, long offset, int length, IOException cause) {
        super(path + ": cannot read " + length + " bytes at " + offset + ": " + cause.getMessage(), cause);
        this.offset = offset;
    }

    /** Where in the file. */
    public long offset() {
        return offset;
    }
}
