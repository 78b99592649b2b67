package io.zeolite.storage.file;

import io.zeolite.zodb.Oid;
import java.io.IOException;
import java.nio.file.Path;

/** A record that was looked for is not, or not whole, where the file says that it is. */
public final class CorruptedDataException extends IOException {
    private static final long serialVersionUID = 1L;

    private final long offset;
    private final long oid;

    CorruptedDataException(Path file, long offset, long oid, String what, long found, String expected) {
        super(file + " is damaged at offset " + offset + ", in a record of object " + Oid.toString(oid) + ": " + what
                + " is " + Long.toUnsignedString(found) + " (expected: " + expected + ")");
        this.offset = offset;
        this.oid = oid;
    }

    /** Where in the file. */
    public long offset() {
        return offset;
    }

    /** The object that was looked for. */
    public long oid() {
        return oid;
    }
}
