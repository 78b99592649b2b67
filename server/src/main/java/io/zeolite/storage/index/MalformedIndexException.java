package io.zeolite.storage.index;

import java.io.IOException;
import java.nio.file.Path;

/** An index file that cannot be used. Nothing is lost by that: the data file says what stood in it. */
public final class MalformedIndexException extends IOException {
    private static final long serialVersionUID = 1L;

    MalformedIndexException(Path path, long offset, String found, String expected) {
        super(path + " at " + offset + ": " + found + " (expected: " + expected + ")");
    }
}
