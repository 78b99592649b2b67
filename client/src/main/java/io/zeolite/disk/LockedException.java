package io.zeolite.disk;

import java.io.IOException;
import java.nio.file.Path;

/** The lock file is held by another process, or somewhere else in this one. */
public final class LockedException extends IOException {
    private static final long serialVersionUID = 1L;

    /** Somebody has locked the file itself, by this name or another one. */
    public LockedException(Path path) {
        super("locked: " + path
                + " (a process has it open, by another name perhaps; only one at a time may have it open)");
    }

    /** @param holder what the lock file says of the holder: its process id, or what else stood there */
    public LockedException(Path path, String holder) {
        super("locked: " + path + " (held by process " + holder + "; only one at a time may have it open)");
    }
}
