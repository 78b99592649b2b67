package io.zeolite.commit.staging;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Reads records of a spill file. Records are asked for mostly in the order in which they were written, so it reads ahead
 * as long as they are, and exactly the record if they are not. One thread at a time.
 */
final class SpillReader {
    private static final int READ_AHEAD_BYTES = 1 << 18;

    /** How far the next record may be from the last one, because of superseded ones between them. */
    private static final int GAP_BYTES = 1 << 16;

    private final ByteBuffer ahead = ByteBuffer.allocate(READ_AHEAD_BYTES);
    /** Where in the file the buffer's content starts. */
    private long aheadPosition;

    private long lastEnd;

    SpillReader() {
        ahead.limit(0);
    }

    byte[] read(StagingFile file, long position, int length) throws IOException {
        byte[] record = new byte[length];
        boolean inOrder = position >= lastEnd && position - lastEnd < GAP_BYTES;
        lastEnd = position + length;
        if (!isAhead(position, length)) {
            if (!inOrder || length > READ_AHEAD_BYTES) {
                fill(file, ByteBuffer.wrap(record), position, length);
                return record;
            }
            // Until it is filled it holds nothing: the record may be asked for again if it cannot be read now.
            ahead.limit(0);
            ByteBuffer room = ahead.duplicate().clear();
            fill(file, room, position, length);
            ahead.limit(room.position());
            aheadPosition = position;
        }
        ahead.get((int) (position - aheadPosition), record);
        return record;
    }

    private boolean isAhead(long position, int length) {
        return position >= aheadPosition && position + length <= aheadPosition + ahead.limit();
    }

    private void fill(StagingFile file, ByteBuffer buffer, long position, int length) throws IOException {
        int read = file.read(buffer, position);
        if (read < length) {
            throw new EOFException(file.path() + " ends within a staged record: " + read + " bytes at " + position
                    + " (expected: " + length + ")");
        }
    }
}
