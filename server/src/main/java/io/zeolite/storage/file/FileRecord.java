package io.zeolite.storage.file;

/**
 * A record of a data file; it lies within its transaction.
 *
 * @param position where it starts
 * @param tid mostly that of its transaction
 * @param previous {@code prev}: where the object's record is that was current before; 0 if there was none, or a pack has
 *     removed it. Nothing says that it is right
 * @param transaction {@code tloc}: where its transaction starts
 * @param dataLength {@code plen}: of its data in bytes; 0 if it has none
 * @param backPointer without data, where the older record of the object is whose data it shares, or 0 if the object does
 *     not exist as of this record (its creation was undone, or it was deleted). Nothing says that it is right
 */
public record FileRecord(
        long position, long oid, long tid, long previous, long transaction, long dataLength, long backPointer) {
    public boolean hasData() {
        return dataLength != 0;
    }

    /** Whether it says that the object does not exist. */
    public boolean isDeletion() {
        return dataLength == 0 && backPointer == 0;
    }

    /** Where it ends. */
    public long end() {
        return header().end();
    }

    DataHeader header() {
        return new DataHeader(position, oid, tid, previous, transaction, 0, dataLength);
    }
}
