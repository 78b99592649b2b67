package io.zeolite.storage.file;

import io.zeolite.disk.DiskFile;
import io.zeolite.disk.NoSpaceException;
import java.io.IOException;

/** The room that is kept on the disk for transactions that may be finished. Used by the committer. */
final class Space {
    /** Room is made ahead, so that most reservations need not ask the system. */
    private static final long AHEAD = 4 << 20;

    private final DiskFile file;
    private long reserved;
    /** Up to where the disk has room for the file, as far as we have asked. */
    private long roomEnd;

    Space(DiskFile file) {
        this.file = file;
    }

    /** For a file that takes the place of another, with what is reserved there; {@link #renew} makes room for it. */
    Space(DiskFile file, Space other) {
        this.file = file;
        this.reserved = other.reserved;
    }

    /**
     * @param end where the file ends now
     * @throws NoSpaceException if there is no room; nothing has been reserved
     */
    void reserve(long end, long bytes) throws IOException {
        long needed = end + reserved + bytes;
        if (needed > FileFormat.POSITION_LIMIT) {
            throw new NoSpaceException(file.path(), bytes, FileFormat.POSITION_LIMIT - end - reserved);
        }
        makeRoom(needed);
        reserved += bytes;
    }

    void release(long bytes) {
        if (bytes > reserved) {
            throw new IllegalArgumentException("release: " + bytes + " (expected: at most " + reserved + ")");
        }
        reserved -= bytes;
    }

    /** Makes room anew for what is reserved, after the file has been cut off, which gives room back. */
    void renew(long end) throws IOException {
        roomEnd = 0;
        makeRoom(end + reserved);
    }

    private void makeRoom(long needed) throws IOException {
        if (needed <= roomEnd) {
            return;
        }
        try {
            file.reserve(needed + AHEAD);
            roomEnd = needed + AHEAD;
        } catch (NoSpaceException e) {
            file.reserve(needed);
            roomEnd = needed;
        }
    }
}
