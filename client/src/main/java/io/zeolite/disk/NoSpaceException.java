package io.zeolite.disk;

import java.io.IOException;
import java.nio.file.Path;

/** The disk has no room for what is to be written. Nothing has been written. */
public final class NoSpaceException extends IOException {
    private static final long serialVersionUID = 1L;

    public NoSpaceException(Path path, long neededBytes, long availableBytes) {
        super("no space for " + path + ": " + neededBytes + " bytes needed (available: " + availableBytes + ")");
    }
}
