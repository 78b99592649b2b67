package io.zeolite.storage.file;

import static io.zeolite.storage.file.FileFormat.DATA_HEADER_LENGTH;
import static io.zeolite.storage.file.FileFormat.FIRST_TRANSACTION;
import static io.zeolite.storage.file.FileFormat.PACKED;

import io.zeolite.pickle.RecordScanner;
import io.zeolite.pickle.ReferenceKind;
import io.zeolite.storage.index.PositionIndex;
import io.zeolite.zodb.Oid;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which records of a file a pack keeps. For one thread.
 *
 * <p>Of what was written up to the time of the pack, it keeps the record of each object that was current then, and that
 * can be reached, if garbage is collected: from the root, or from any record that was written later. It also keeps
 * records that later ones point back to, and what they reach. ZODB's own pack follows the references of later records
 * only where they point back, so that it removes what was garbage at the time and has been referred to since; this one
 * keeps at least what that one keeps. Everything that was written later is kept.
 */
final class Reachability {
    private static final Logger LOG = LoggerFactory.getLogger(Reachability.class);
    /** Beyond this many dangling references, they are only counted. */
    private static final int MAX_DANGLING_SHOWN = 10;

    private static final long NOT_COPIED = 1;

    private final PackSource source;
    private final boolean collectGarbage;
    private final long stop;
    private long end;

    private final PackIndex current = new PackIndex();
    /** Records that were not current and are kept, each with where it has been copied to, or {@link #NOT_COPIED}. */
    private final PositionIndex targets = new PositionIndex();

    private final PositionStack todo = new PositionStack();
    private final RecordScanner scanner = new RecordScanner(this::reference);
    private boolean isScanningLater;
    private long scannedOid;

    private long packEnd = FIRST_TRANSACTION;
    private @Nullable TransactionHeader last;
    private boolean isPacked = true;
    private byte lastStatus;
    private long keptBytes;
    private long headerBytes;
    private long dangling;

    /**
     * @param stop the last transaction that is packed
     * @param end what of the file belongs to the pack, at first
     */
    Reachability(PackSource source, boolean collectGarbage, long stop, long end) {
        this.source = source;
        this.collectGarbage = collectGarbage;
        this.stop = stop;
        this.end = end;
    }

    /** Where the first transaction starts that is not packed. */
    long packEnd() {
        return packEnd;
    }

    /** The last transaction that is packed; null if there is none. */
    @Nullable
    TransactionHeader last() {
        return last;
    }

    private long lastTid() {
        TransactionHeader header = last;
        return header == null ? Tid.NONE : header.tid();
    }

    /** How many bytes the packed part takes at the most. */
    long maxPackedBytes() {
        return collectGarbage ? Math.min(keptBytes + headerBytes, packEnd + headerBytes) : packEnd;
    }

    boolean collectsGarbage() {
        return collectGarbage;
    }

    PackIndex current() {
        return current;
    }

    /** Finds what was current at the time of the pack. */
    void scan() throws IOException {
        long position = FIRST_TRANSACTION;
        while (position < end) {
            TransactionHeader header = source.transaction(position, end, lastTid());
            if (Tid.isAfter(header.tid(), stop)) {
                lastStatus = header.status();
                break;
            }
            last = header;
            lastStatus = header.status();
            isPacked &= header.status() == PACKED;
            headerBytes += header.headerLength() + FileFormat.TRAILER_LENGTH;
            source.records(header, this::setCurrent);
            position = header.end();
        }
        if (position > PackIndex.POSITION_LIMIT) {
            throw new IOException(source.path() + " is longer than what can be packed: " + position
                    + " bytes (expected: at most " + PackIndex.POSITION_LIMIT + ")");
        }
        packEnd = position;
    }

    private void setCurrent(DataHeader record) throws IOException {
        if (record.hasData() || source.backPointer(record) != 0) {
            current.put(record.oid(), record.position());
        } else {
            current.delete(record.oid());
        }
    }

    /** Whether it was packed to this time, or a later one, already: nothing of it is unpacked, nor is what follows. */
    boolean isRedundant() {
        return isPacked && lastStatus == PACKED;
    }

    /** Finds what is kept, once more if need be: what was kept before is kept again. */
    void follow(long newEnd) throws IOException {
        end = newEnd;
        follow();
    }

    private void follow() throws IOException {
        if (collectGarbage && !current.isEmpty()) {
            if (!current.has(Oid.ROOT)) {
                throw new IOException(
                        source.path() + " has no root object as of the time of the pack, so that everything"
                                + " would be garbage (pack with pack-gc false, or to another time)");
            }
            add(Oid.ROOT);
            followTodo();
        }
        long position = packEnd;
        long tid = lastTid();
        while (position < end) {
            TransactionHeader header = source.transaction(position, end, tid);
            source.records(header, this::followLater);
            tid = header.tid();
            position = header.end();
        }
        followTodo();
        if (dangling > 0) {
            LOG.warn("{}: {} references lead to objects that do not exist", source.path(), dangling);
        }
    }

    private void followLater(DataHeader record) throws IOException {
        if (!record.hasData()) {
            long back = source.backPointer(record);
            if (back != 0 && back < packEnd) {
                keepTarget(record.oid(), back);
            }
        } else if (collectGarbage) {
            isScanningLater = true;
            source.scan(scanner, record);
            isScanningLater = false;
        }
    }

    /** Keeps a record that a later one points back to. */
    private void keepTarget(long oid, long position) throws IOException {
        DataHeader target = source.record(position, oid, packEnd);
        if (current.position(oid) == position) {
            if (collectGarbage) {
                add(oid);
            }
        } else if (targets.get(position) == 0) {
            if (collectGarbage) {
                todo.push(position);
            } else {
                count(target);
            }
        }
        targets.put(position, NOT_COPIED);
    }

    /** Keeps an object, and later on, in {@link #followTodo}, what it refers to. */
    void add(long oid) {
        long position = current.mark(oid);
        if (position != 0) {
            todo.push(position);
        }
    }

    void followTodo() throws IOException {
        while (!todo.isEmpty()) {
            for (long position : todo.takeSorted()) {
                DataHeader record = source.recordAt(position);
                DataHeader origin = source.origin(record);
                if (origin == null) {
                    keptBytes += DATA_HEADER_LENGTH + FileFormat.BACK_POINTER_LENGTH;
                } else {
                    keptBytes += DATA_HEADER_LENGTH + origin.dataLength();
                    scannedOid = record.oid();
                    source.scan(scanner, origin);
                }
                source.spent(record.end() - position);
            }
        }
    }

    private void count(DataHeader record) throws IOException {
        DataHeader origin = source.origin(record);
        keptBytes += DATA_HEADER_LENGTH + (origin == null ? FileFormat.BACK_POINTER_LENGTH : origin.dataLength());
    }

    private void reference(ReferenceKind kind, long oid) {
        if (kind != ReferenceKind.STRONG) {
            return;
        }
        if (!current.has(oid)) {
            // What a later record refers to may be later itself.
            if (!isScanningLater && dangling++ < MAX_DANGLING_SHOWN) {
                LOG.warn(
                        "{}: object {} refers to {}, which does not exist",
                        source.path(),
                        Oid.toString(scannedOid),
                        Oid.toString(oid));
            }
            return;
        }
        add(oid);
    }

    /** Whether a record of the packed part is kept. */
    boolean keeps(DataHeader record) {
        long oid = record.oid();
        if (current.position(oid) == record.position()) {
            return !collectGarbage || current.isMarked(oid);
        }
        return targets.get(record.position()) != 0;
    }

    /** Whether an object is not kept although it existed. */
    boolean isGarbage(long oid) {
        return collectGarbage && current.has(oid) && !current.isMarked(oid);
    }

    /** Notes where a kept record has been copied to, if anybody points to it. */
    void copied(long position, long newPosition) {
        if (targets.get(position) != 0) {
            targets.put(position, newPosition);
        }
    }

    /** Where a record has been copied to that somebody points to; 0 if that was not known. */
    long copyOf(long position) {
        long copy = targets.get(position);
        return copy == NOT_COPIED ? 0 : copy;
    }
}
