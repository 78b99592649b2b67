package io.zeolite.storage.file;

import io.zeolite.disk.DiskFile;
import io.zeolite.error.CallException;
import io.zeolite.error.PosKeyException;
import io.zeolite.storage.CurrentRecord;
import io.zeolite.storage.index.PositionIndex;
import io.zeolite.zodb.Oid;
import java.io.IOException;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A data file with its index and how much of it may be seen: all that a read needs. A pack replaces it as a whole.
 *
 * <p>A read takes one generation and asks it alone, since positions of one file mean nothing in another. The file of a
 * replaced generation is closed at once; closing waits for reads of the file that are under way, and those that come
 * later fail with a {@link java.nio.channels.ClosedChannelException}, whereupon the read is done again in the new
 * generation (see {@link FileLog}). So a load, which is short, costs nothing for this. Whoever reads for long, and
 * wants to see one state, keeps the file open with {@link #retain}.
 */
final class Generation {
    private static final long LAST_OID = -1;

    private final DiskFile file;
    private final PositionIndex index;
    /** The log itself, as long as this is its generation, and those who retain it. */
    private final AtomicInteger users = new AtomicInteger(1);

    /** Where the last transaction that was appended ends; the file may be longer while others are being appended. */
    private volatile long appendedEnd;

    private volatile Published published;

    /**
     * What readers see.
     *
     * @param tid the last transaction
     * @param end where it ends in the file
     */
    record Published(long tid, long end, long length, long maxOid) {}

    Generation(DiskFile file, PositionIndex index, long lastTid, long end) {
        this.file = file;
        this.index = index;
        this.appendedEnd = end;
        this.published = new Published(lastTid, end, index.size(), index.maxOid());
    }

    DiskFile file() {
        return file;
    }

    PositionIndex index() {
        return index;
    }

    Published published() {
        return published;
    }

    long appendedEnd() {
        return appendedEnd;
    }

    /** By the committer, when the bytes up to here are on disk. */
    void appended(long end) {
        appendedEnd = end;
    }

    /** By the committer: what is to be visible up to a transaction, when the index knows just that. */
    Published upTo(long tid, long end) {
        return new Published(tid, end, index.size(), index.maxOid());
    }

    /** By the committer. */
    void publish(Published next) {
        published = next;
    }

    /** Reads the records of an object as they are visible now. */
    RecordReader reader(long oid) {
        // In this order: the index may be ahead of what is visible, but never of what has been appended.
        long visibleEnd = published.end;
        long position = index.get(oid);
        return new RecordReader(file, oid, position, visibleEnd, appendedEnd);
    }

    /** What there is to iterate over. */
    LogIterator.View view() {
        Published visible = published;
        return new LogIterator.View(file, visible.tid, visible.end);
    }

    /** See {@link io.zeolite.storage.TransactionLog#recordIternext}. */
    CurrentRecord recordFrom(long oid) throws IOException {
        OptionalLong found = visible(index.nextFrom(oid));
        if (found.isEmpty()) {
            throw CallException.badValue("no object from " + Oid.toString(oid) + " on");
        }
        long first = found.getAsLong();
        RecordReader reader = reader(first);
        DataHeader record = reader.newest();
        byte[] data = record == null ? null : reader.data(record);
        if (record == null || data == null) {
            throw PosKeyException.noObject(first);
        }
        return new CurrentRecord(first, record.tid(), data, visible(nextAfter(first)));
    }

    /** The first object from one on that has a visible record; the index may be ahead of what is visible. */
    private OptionalLong visible(OptionalLong from) throws IOException {
        OptionalLong found = from;
        while (found.isPresent() && reader(found.getAsLong()).newest() == null) {
            found = nextAfter(found.getAsLong());
        }
        return found;
    }

    private OptionalLong nextAfter(long oid) {
        return oid == LAST_OID ? OptionalLong.empty() : index.nextFrom(oid + 1);
    }

    /** Keeps the file open until {@link #release}. Returns false if it is closed already. */
    boolean retain() {
        int count = users.get();
        while (count > 0 && !users.compareAndSet(count, count + 1)) {
            count = users.get();
        }
        return count > 0;
    }

    /** Closes the file if nobody retains it any more. */
    void release() throws IOException {
        if (users.decrementAndGet() == 0) {
            file.close();
        }
    }
}
