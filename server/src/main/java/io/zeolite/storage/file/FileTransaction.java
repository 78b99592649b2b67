package io.zeolite.storage.file;

import io.zeolite.storage.TransactionMetadata;

/**
 * A transaction of a data file; its lengths agree with each other and with the file.
 *
 * @param position where it starts
 * @param length {@code tlen}: its length in bytes without the 8 at its end that repeat it
 * @param status a blank if it is committed, {@code p} if a pack has rewritten it, {@code u} if an old version of ZODB has
 *     undone it so that its records do not count; anything else counts as a blank
 */
public record FileTransaction(long position, long tid, long length, byte status, TransactionMetadata metadata) {
    /** Where its records start. */
    public long recordsStart() {
        return position
                + FileFormat.TRANSACTION_HEADER_LENGTH
                + metadata.user().length
                + metadata.description().length
                + metadata.extension().length;
    }

    /** Where its records end. */
    public long recordsEnd() {
        return position + length;
    }

    /** Where the next transaction starts. */
    public long end() {
        return recordsEnd() + FileFormat.TRAILER_LENGTH;
    }

    /** Whether a pack has written it; its records do not point to those before them. */
    public boolean isPacked() {
        return status == FileFormat.PACKED;
    }

    /** Whether it was undone by an old version of ZODB: as if its records were not there. */
    public boolean isUndone() {
        return status == FileFormat.UNDONE;
    }
}
