package io.zeolite.storage.file;

import static io.zeolite.storage.file.FileFormat.DATA_HEADER_LENGTH;
import static io.zeolite.storage.file.FileFormat.TLOC_OFFSET;
import static io.zeolite.storage.file.FileFormat.TRANSACTION_HEADER_LENGTH;

import io.zeolite.disk.Disk;
import io.zeolite.disk.DiskFile;
import io.zeolite.disk.UnreadableException;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * Finds out what was in a damaged part of a data file: the records whose headers are still there. A header points to its
 * transaction, which lies in the same part, and has its tid; or, if that is damaged, is at least plausible.
 */
public final class LostRecords {
    private static final int WINDOW_LENGTH = 256 << 10;

    /** Is given what was found, in the order of the file. */
    public interface Visitor {
        void visit(long position, long oid, long tid);
    }

    private LostRecords() {}

    /**
     * Looks at every byte of a part of a file that the disk can read.
     *
     * @param start where a transaction starts, or should
     * @param end before which the records end
     */
    public static void scan(Disk disk, Path path, long start, long end, Visitor visitor) throws IOException {
        try (DiskFile file = disk.open(path, Disk.Mode.READ)) {
            FileWindow window = new FileWindow(file, ByteBuffer.allocate(WINDOW_LENGTH));
            long last = Math.min(end, file.size()) - DATA_HEADER_LENGTH;
            for (long at = start + TRANSACTION_HEADER_LENGTH; at <= last; at++) {
                if (!window.isReadable(at, DATA_HEADER_LENGTH)) {
                    at = FileWindow.afterUnreadable(at) - 1;
                    continue;
                }
                long transaction = window.getLong(at + TLOC_OFFSET);
                if (transaction < start || transaction > at - TRANSACTION_HEADER_LENGTH) {
                    continue;
                }
                DataHeader header = window.dataHeader(at);
                boolean plausible = header.versionLength() == 0
                        && header.previous() >= 0
                        && header.previous() < at
                        && (transaction == start || header.tid() == tidAt(window, transaction));
                if (plausible && header.tid() != Tid.NONE) {
                    visitor.visit(at, header.oid(), header.tid());
                }
            }
        }
    }

    private static long tidAt(FileWindow window, long transaction) throws IOException {
        try {
            return window.peekLong(transaction);
        } catch (UnreadableException e) {
            return Tid.NONE;
        }
    }
}
