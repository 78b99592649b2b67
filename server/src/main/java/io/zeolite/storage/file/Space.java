package io.zeolite.storage.file;

import io.zeolite.disk.DiskFile;
import io.zeolite.disk.NoSpaceException;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The room that is kept on the disk for transactions that may be finished. Used by the committer. */
final class Space {
    private static final Logger LOG = LoggerFactory.getLogger(Space.class);

    /** Room is made ahead, so that most reservations need not ask the system. */
    private static final long AHEAD = 4 << 20;
    /** With this much that nobody needs, room is given back: that of a large transaction that was given up. */
    private static final long MAX_UNUSED = 2 * AHEAD;

    private final DiskFile file;
    private long reserved;
    /** Up to where the disk has room for the file, as far as we have asked; 0 if it is unknown. */
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

    /** @param end where the file ends now */
    void release(long end, long bytes) {
        if (bytes > reserved) {
            throw new IllegalArgumentException("release: " + bytes + " (expected: at most " + reserved + ")");
        }
        reserved -= bytes;
        if (reserved == 0 && roomEnd - end > MAX_UNUSED) {
            giveBack();
        }
    }

    /** Leaves the file no more room than it needs; for one that is to be closed, or of which nobody knows. */
    void giveBack() {
        roomEnd = 0;
        try {
            file.releaseRoom();
        } catch (IOException e) {
            LOG.warn("{}", e.getMessage());
        }
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
        if (roomEnd == 0) {
            // What a pack has kept for itself, or the process before this one.
            giveBack();
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
