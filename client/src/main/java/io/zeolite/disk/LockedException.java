package io.zeolite.disk;

import java.io.IOException;
import java.nio.file.Path;

/** The lock file is held by another process, or by another storage of this one. */
public final class LockedException extends IOException {
    private static final long serialVersionUID = 1L;

    /** @param holder what the lock file says of the holder: its process id, or what else stood there */
    public LockedException(Path path, String holder) {
        super("locked: " + path + " (held by process " + holder + "; only one server may have these files open)");
    }
}
