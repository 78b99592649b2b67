package io.zeolite.disk;

import java.io.IOException;
import java.nio.file.Path;

/** The disk has no room for what is to be written. Nothing has been written. */
public final class NoSpaceException extends IOException {
    private static final long serialVersionUID = 1L;

    private final long neededBytes;
    private final long availableBytes;

    public NoSpaceException(Path path, long neededBytes, long availableBytes) {
        this(path, neededBytes, availableBytes, "");
    }

    /** @param purpose what the room is for, in the words after "needed"; may be empty */
    public NoSpaceException(Path path, long neededBytes, long availableBytes, String purpose) {
        super("no space for " + path + ": " + neededBytes + " bytes needed " + (purpose.isEmpty() ? "" : purpose + " ")
                + "(available: " + availableBytes + ")");
        this.neededBytes = neededBytes;
        this.availableBytes = availableBytes;
    }

    public long neededBytes() {
        return neededBytes;
    }

    public long availableBytes() {
        return availableBytes;
    }
}
