package io.zeolite.storage.file;

import static io.zeolite.storage.file.FileFormat.TRAILER_LENGTH;
import static io.zeolite.storage.file.FileFormat.TRANSACTION_HEADER_LENGTH;
import static io.zeolite.storage.file.FileFormat.UNFINISHED;

import io.zeolite.disk.UnreadableException;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the end of the committed part of a data file from damage to it.
 *
 * <p>A crash leaves a tail that was never forced to disk: any part of it may be missing or be zeros. What is left of it
 * ends before its end says it does, or is marked as unfinished, or has a status that no committed transaction has; and
 * there is no committed transaction in it (see {@link FileLog} on the order in which things are written). Or it is short,
 * and one of its transactions is not whole since a block of it is zeros (see {@link LostBlocks}). Such a tail is to be cut
 * off. Any other transaction that says that it is committed and is not whole, or that does not look committed although
 * committed ones follow, was damaged later: that is for somebody to look at, and the file is refused.
 */
final class FileEnd {
    private static final Logger LOG = LoggerFactory.getLogger(FileEnd.class);

    /** What {@link #unfinished} says where a block is missing. What follows may be whole, and does not count. */
    static final String LOST_BLOCK = "a block of it was not written to the disk";

    /** No position. */
    static final long NONE = -1;

    private final FileWindow window;
    private final Path path;
    private final long size;

    /** @param size the length of the file, or of the part of it that counts */
    FileEnd(FileWindow window, long size) {
        this.window = window;
        this.path = window.file().path();
        this.size = size;
    }

    /** Why there is no transaction at a position before the end; null if there is room for one. */
    @Nullable
    String tooShort(long position) {
        return size - position >= TRANSACTION_HEADER_LENGTH
                ? null
                : "the last transaction has " + (size - position) + " bytes (expected: at least "
                        + TRANSACTION_HEADER_LENGTH + ")";
    }

    /**
     * Why the file ends before a transaction; null if it does not.
     *
     * @param lastTid the transaction before it
     * @throws CorruptedFileException if the file is damaged where no crash can have done it
     */
    @Nullable
    String unfinished(TransactionHeader header, long lastTid) throws IOException {
        if (header.status() == UNFINISHED) {
            return "the transaction was not committed";
        }
        @Nullable Damage damage;
        if (!header.fitsInto(size)) {
            damage = new Damage(
                    header.position() + FileFormat.LENGTH_OFFSET,
                    "the length of a transaction",
                    Long.toUnsignedString(header.length()),
                    "at most " + (size - header.position() - TRAILER_LENGTH));
        } else if (lacksBlock(header)) {
            return LOST_BLOCK;
        } else if (!FileFormat.isCommitted(header.status()) || isFollowedByGarbage(header)) {
            damage = TransactionCheck.check(window, header, TransactionCheck.RecordVisitor.NONE);
        } else {
            return null;
        }
        if (damage == null) {
            LOG.warn(
                    "{}: the transaction at {} has the status {} (expected: a blank)",
                    path,
                    header.position(),
                    header.status());
            return null;
        }
        long next = committedAfter(header.position(), lastTid);
        if (next != NONE) {
            throw new Damage(
                            damage.offset(),
                            damage.what(),
                            damage.found(),
                            damage.expected() + "; committed transactions follow it, the next at " + next)
                    .toException(path);
        }
        return damage.what() + " is " + damage.found() + " (expected: " + damage.expected() + ")";
    }

    /**
     * Whether a transaction is not whole and may be of a batch that was forced once, some of whose blocks are missing: what is wrong
     * with it lies in one, or its length does, with which everything is wrong. Zeros elsewhere may be data.
     */
    private boolean lacksBlock(TransactionHeader header) throws IOException {
        if (size - header.position() > LostBlocks.MAX_BATCH_LENGTH) {
            return false;
        }
        try {
            long start = header.position();
            @Nullable Damage damage = TransactionCheck.check(window, header, TransactionCheck.RecordVisitor.NONE);
            return damage != null
                    && (LostBlocks.hasPartOf(window, size, start, start + FileFormat.LENGTH_OFFSET)
                            || LostBlocks.hasPartOf(window, size, start, damage.offset()));
        } catch (UnreadableException e) {
            // What the disk cannot read is not zeros.
            return false;
        }
    }

    /** Whether a transaction that is too short for itself is not followed by the end of any transaction. */
    private boolean isFollowedByGarbage(TransactionHeader header) throws IOException {
        if (header.length() >= header.headerLength()) {
            return false;
        }
        long last = window.peekLong(size - TRAILER_LENGTH);
        return last < TRANSACTION_HEADER_LENGTH || last > size - header.position();
    }

    /**
     * Finds the next whole, committed transaction after a position. Every byte is tried, because nothing says how far the
     * damage goes.
     *
     * @param lastTid what its tid must be after
     * @return where it starts, or {@link #NONE}
     */
    long committedAfter(long position, long lastTid) throws IOException {
        for (long start = position + 1; start <= lastStart(); start++) {
            if (isCommitted(start, lastTid)) {
                return start;
            }
        }
        return NONE;
    }

    /**
     * The same with any tid, over what the disk cannot read. Not for an end that is to be cut off: there may be committed
     * transactions in what is passed over.
     */
    long readableAfter(long position) throws IOException {
        long start = position + 1;
        while (start <= lastStart()) {
            if (!window.isReadable(start, TRANSACTION_HEADER_LENGTH)) {
                start = FileWindow.afterUnreadable(start);
                continue;
            }
            try {
                if (isCommitted(start, Tid.NONE)) {
                    return start;
                }
            } catch (UnreadableException e) {
                // It is not whole, if it is a transaction at all.
            }
            start++;
        }
        return NONE;
    }

    private long lastStart() {
        return size - TRANSACTION_HEADER_LENGTH - TRAILER_LENGTH;
    }

    private boolean isCommitted(long start, long lastTid) throws IOException {
        long length = window.getLong(start + FileFormat.LENGTH_OFFSET);
        if (length < TRANSACTION_HEADER_LENGTH || length > size - start - TRAILER_LENGTH) {
            return false;
        }
        TransactionHeader header = window.transactionHeader(start);
        return FileFormat.isCommitted(header.status())
                && Tid.isAfter(header.tid(), lastTid)
                && TransactionCheck.check(window, header, TransactionCheck.RecordVisitor.NONE) == null;
    }
}
