package io.zeolite.storage.file;

import static io.zeolite.storage.file.FileFormat.TRAILER_LENGTH;

import io.zeolite.storage.LogTransaction;
import io.zeolite.storage.StagedRecords;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;

/**
 * Blocks that a crash of the machine has kept from the disk.
 *
 * <p>On a disk that writes blocks as wholes a batch may be forced once, together with what makes it count, if the lack of
 * any of its blocks shows. There are zeros in place of a block that was not written, from the end of older data on. So each must hold all
 * of a number that is never zero and that readers check: the length of a transaction, at its beginning or its end, or the
 * position of its transaction that each record has. Where a long record fills a block, nothing in it is checked.
 */
final class LostBlocks {
    /** The length of a block. */
    static final int BLOCK_LENGTH = 4096;

    /** The longest batch that is forced once. What a crash may have left of one is looked for within so much at the end of a file. */
    static final int MAX_BATCH_LENGTH = 64 << 10;

    /** The last block in which there is a number that is checked. */
    private long checked;

    private boolean unchecked;

    private LostBlocks(long start) {
        checked = start / BLOCK_LENGTH - 1;
    }

    /**
     * Whether it would show if any block of a batch were lost.
     *
     * @param positions where each transaction starts, and where the last one ends
     */
    static boolean wouldShow(List<LogTransaction> transactions, long[] positions) {
        long end = positions[transactions.size()];
        if (end - positions[0] > MAX_BATCH_LENGTH) {
            return false;
        }
        LostBlocks blocks = new LostBlocks(positions[0]);
        for (int i = 0; i < transactions.size(); i++) {
            LogTransaction transaction = transactions.get(i);
            StagedRecords records = transaction.records();
            blocks.addNumber(positions[i] + FileFormat.LENGTH_OFFSET);
            long record = positions[i] + BatchWriter.headerLength(transaction.metadata());
            for (int j = 0; j < records.count(); j++) {
                blocks.addNumber(record + FileFormat.TLOC_OFFSET);
                record += BatchWriter.lengthOf(records, j);
            }
            blocks.addNumber(positions[i + 1] - TRAILER_LENGTH);
        }
        return !blocks.unchecked && blocks.checked == block(end - 1);
    }

    private void addNumber(long position) {
        long block = block(position);
        if (block == block(position + Long.BYTES - 1)) {
            unchecked |= block > checked + 1;
            checked = block;
        }
    }

    private static long block(long position) {
        return position / BLOCK_LENGTH;
    }

    /**
     * Whether some of a number lies in a block that is zeros, from the end of older data on.
     *
     * @param size where the file ends
     * @param start where its transaction starts
     */
    static boolean hasPartOf(FileWindow window, long size, long start, long number) throws IOException {
        long last = Math.min(number + Long.BYTES, size) - 1;
        for (long block = block(number); block <= block(last); block++) {
            long from = Math.max(block * BLOCK_LENGTH, start);
            byte[] bytes = window.getBytes(from, (int) (Math.min((block + 1) * BLOCK_LENGTH, size) - from));
            if (Arrays.equals(bytes, new byte[bytes.length])) {
                return true;
            }
        }
        return false;
    }
}
