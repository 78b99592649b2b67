package io.zeolite.storage.file;

import static io.zeolite.storage.file.FileFormat.BACK_POINTER_LENGTH;
import static io.zeolite.storage.file.FileFormat.DATA_HEADER_LENGTH;
import static io.zeolite.storage.file.FileFormat.FIRST_TRANSACTION;
import static io.zeolite.storage.file.FileFormat.PACKED;
import static io.zeolite.storage.file.FileFormat.TRAILER_LENGTH;

import io.zeolite.pickle.RecordScanner;
import io.zeolite.pickle.ReferenceKind;
import io.zeolite.storage.PackControl.RemovedBlobs;
import io.zeolite.storage.index.PositionIndex;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes the packed file: of what was written up to the time of the pack only what is kept, with the data in each record;
 * of what came later everything, with its pointers adjusted. For one thread at a time.
 */
final class PackCopy {
    private final PackSource source;
    private final Reachability kept;
    private final PackOutput output;
    private final @Nullable RemovedBlobs removed;
    private final PositionIndex index = new PositionIndex();
    private final Shifts shifts = new Shifts();
    private final RecordScanner blobScanner = new RecordScanner((kind, oid) -> {});
    private final RecordScanner scanner = new RecordScanner(this::reference);

    /** The records of one transaction that are to be written. */
    private final List<Copy> copies = new ArrayList<>();

    private final List<Long> suspects = new ArrayList<>();
    private boolean isMissingGarbage;
    private boolean isScanningReferences;
    private long position = FIRST_TRANSACTION;
    private long lastTid;
    private long lastWritten;
    /** Where the transaction that is being written starts, and how much of it has been laid out. */
    private long transactionStart;

    private long laidOut;

    /**
     * A record that is to be written.
     *
     * @param origin whose data it gets; null for none
     * @param back the back pointer that it gets in place of data
     */
    private record Copy(DataHeader record, @Nullable DataHeader origin, long back) {
        long length() {
            return DATA_HEADER_LENGTH + (origin == null ? BACK_POINTER_LENGTH : origin.dataLength());
        }
    }

    PackCopy(PackSource source, Reachability kept, PackOutput output, @Nullable RemovedBlobs removed) {
        this.source = source;
        this.kept = kept;
        this.output = output;
        this.removed = removed;
    }

    PositionIndex index() {
        return index;
    }

    /** Up to where the source has been copied. */
    long position() {
        return position;
    }

    /** The last transaction that was written; {@link Tid#NONE} if none was. */
    long lastWritten() {
        return lastWritten;
    }

    /** Whether something that was copied refers to an object that was left out. */
    boolean isMissingGarbage() {
        return isMissingGarbage;
    }

    /** Copies what is kept of what was written up to the time of the pack. */
    void copyPacked() throws IOException {
        output.makeRoom(Integer.BYTES).putInt(FileFormat.MAGIC);
        while (position < kept.packEnd()) {
            TransactionHeader header = source.transaction(position, kept.packEnd(), lastTid);
            begin(header);
            source.records(header, this::layOutKept);
            if (!copies.isEmpty()) {
                write(header, PACKED, false);
            }
            lastTid = header.tid();
            position = header.end();
        }
    }

    /** Writes a transaction without records, so that the last tid is that of the transaction. */
    void keepEmpty(TransactionHeader header) throws IOException {
        begin(header);
        write(header, PACKED, false);
    }

    private void begin(TransactionHeader header) {
        copies.clear();
        transactionStart = output.position();
        laidOut = header.headerLength();
    }

    private void layOutKept(DataHeader record) throws IOException {
        if (kept.keeps(record)) {
            kept.copied(record.position(), transactionStart + laidOut);
            add(new Copy(record, source.origin(record), 0));
        } else if (removed != null) {
            noteIfBlob(removed, record);
        }
    }

    private void add(Copy copy) {
        copies.add(copy);
        laidOut += copy.length();
    }

    private void noteIfBlob(RemovedBlobs blobs, DataHeader record) throws IOException {
        DataHeader origin = source.origin(record);
        if (origin == null || !source.isBlob(blobScanner, origin)) {
            return;
        }
        // A transaction may have the same revision twice, and the later one is kept.
        long current = kept.current().position(record.oid());
        boolean isKept = current != 0
                && !kept.isGarbage(record.oid())
                && source.recordAt(current).tid() == record.tid();
        if (!isKept) {
            blobs.add(record.oid(), record.tid());
        }
    }

    /**
     * Copies all that was written later, up to a position.
     *
     * @param mayReferToGarbage whether it was written after it was decided what is kept
     */
    void copyLater(long end, boolean mayReferToGarbage) throws IOException {
        isScanningReferences = mayReferToGarbage;
        while (position < end) {
            TransactionHeader header = source.transaction(position, end, lastTid);
            if (header.status() != FileFormat.UNDONE) {
                begin(header);
                shifts.add(position, transactionStart);
                source.records(header, this::layOutLater);
                write(header, header.status(), true);
                checkSuspects();
            }
            lastTid = header.tid();
            position = header.end();
        }
    }

    private void layOutLater(DataHeader record) throws IOException {
        if (record.hasData()) {
            checkReferences(record);
            add(new Copy(record, record, 0));
            return;
        }
        long back = source.backPointer(record);
        DataHeader origin = back == 0 ? null : source.origin(record);
        long copy = origin == null ? 0 : copyOf(back);
        if (origin == null || copy != 0) {
            add(new Copy(record, null, copy));
            return;
        }
        // It points to something that is not there any more, or of which it is not known where, so it gets the data.
        checkReferences(origin);
        add(new Copy(record, origin, 0));
        shifts.add(record.end(), transactionStart + laidOut);
    }

    private long copyOf(long back) {
        return back < kept.packEnd() ? kept.copyOf(back) : shifts.map(back);
    }

    private void checkReferences(DataHeader record) throws IOException {
        if (isScanningReferences && kept.collectsGarbage()) {
            source.scan(scanner, record);
        }
    }

    private void reference(ReferenceKind kind, long oid) {
        if (kind == ReferenceKind.STRONG && kept.isGarbage(oid)) {
            suspects.add(oid);
        }
    }

    /** What is garbage may have been written again, in the same transaction at the latest. */
    private void checkSuspects() {
        for (long oid : suspects) {
            if (index.get(oid) == 0) {
                kept.add(oid);
                isMissingGarbage = true;
            }
        }
        suspects.clear();
    }

    /** @param hasHistory whether the records point to what comes before them */
    private void write(TransactionHeader header, byte status, boolean hasHistory) throws IOException {
        long length = laidOut;
        lastWritten = header.tid();
        output.copy(source, header.position(), FileFormat.TID_OFFSET);
        output.putLong(length);
        output.makeRoom(1).put(status);
        int done = FileFormat.STATUS_OFFSET + 1;
        output.copy(source, header.position() + done, header.headerLength() - (long) done);
        for (Copy copy : copies) {
            write(copy, hasHistory ? index.get(copy.record.oid()) : 0);
        }
        output.putLong(length);
        long at = transactionStart + header.headerLength();
        for (Copy copy : copies) {
            index.put(copy.record.oid(), at);
            at += copy.length();
        }
        if (output.position() != transactionStart + length + TRAILER_LENGTH) {
            throw new IllegalStateException("a transaction ends at " + output.position() + " (expected: "
                    + (transactionStart + length + TRAILER_LENGTH) + ")");
        }
    }

    private void write(Copy copy, long previous) throws IOException {
        DataHeader origin = copy.origin;
        output.putDataHeader(
                copy.record.oid(),
                copy.record.tid(),
                previous,
                transactionStart,
                origin == null ? 0 : origin.dataLength());
        if (origin == null) {
            output.putLong(copy.back);
        } else {
            output.copy(source, origin.dataStart(), origin.dataLength());
        }
    }
}
