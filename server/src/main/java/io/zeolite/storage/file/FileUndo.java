package io.zeolite.storage.file;

import io.zeolite.blob.BlobRevision;
import io.zeolite.error.UndoException;
import io.zeolite.pickle.BlobPickle;
import io.zeolite.storage.undo.PendingRecords;
import io.zeolite.storage.undo.PendingRecords.PendingRecord;
import io.zeolite.storage.undo.UndoneRecord;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds the records that undo a transaction, by the rules of ZODB's {@code FileStorage}, but for two: where Python would
 * let the application's classes merge a later change, it is refused; and two revisions of a blob, whose records are
 * always alike, are only the same if their files are.
 */
final class FileUndo {
    private final Generation generation;
    private final PendingRecords pending;

    FileUndo(Generation generation, PendingRecords pending) {
        this.generation = generation;
        this.pending = pending;
    }

    /** Why a record cannot be undone. Another of the same object, later in its transaction, may redeem it. */
    private static final class Refused extends Exception {
        private static final long serialVersionUID = 1L;

        Refused(String reason) {
            super(reason, null, false, false);
        }

        String reason() {
            return String.valueOf(getMessage());
        }
    }

    /** The records that undo these, which are those of one transaction. */
    List<UndoneRecord> undo(List<DataHeader> records) throws IOException {
        Map<Long, UndoneRecord> undone = new LinkedHashMap<>();
        Map<Long, String> failures = new LinkedHashMap<>();
        for (DataHeader record : records) {
            failures.remove(record.oid());
            try {
                undone.put(record.oid(), undo(record));
            } catch (Refused e) {
                failures.put(record.oid(), e.reason());
            }
        }
        if (!failures.isEmpty()) {
            throw new UndoException(failures.entrySet().stream()
                    .map(failure -> new UndoException.Cause(failure.getKey(), failure.getValue()))
                    .toList());
        }
        return new ArrayList<>(undone.values());
    }

    private UndoneRecord undo(DataHeader record) throws IOException, Refused {
        RecordReader reader = generation.reader(record.oid());
        checkUnchangedSince(record, reader);
        if (record.previous() == 0) {
            return new UndoneRecord(record.oid(), 0, Tid.NONE);
        }
        return new UndoneRecord(record.oid(), record.previous(), blobSerial(reader, reader.at(record.previous())));
    }

    /** Refuses to undo a change if what it brought is not current any more, in one way or another. */
    private void checkUnchangedSince(DataHeader record, RecordReader reader) throws IOException, Refused {
        PendingRecord staged = pending.find(record.oid());
        byte[] stagedData = staged == null ? null : staged.data();
        long current = staged == null ? dataPosition(reader.newest(), reader) : staged.back();
        if (stagedData == null && (current == record.position() || isNewest(record, staged, reader))) {
            return;
        }
        DataHeader undone = reader.origin(record);
        DataHeader kept = stagedData != null || current == 0 ? null : reader.origin(reader.at(current));
        if (undone == null || (kept == null && stagedData == null)) {
            throw new Refused("the object was created or deleted by a later transaction");
        }
        if (isSame(reader, undone, kept, stagedData)) {
            return;
        }
        throw new Refused(
                record.previous() == 0
                        ? "Can't undo an add transaction followed by conflicting transactions."
                        : "Some data were modified by a later transaction");
    }

    private static boolean isNewest(DataHeader record, @Nullable PendingRecord staged, RecordReader reader)
            throws IOException {
        DataHeader newest = reader.newest();
        return staged == null && newest != null && newest.position() == record.position();
    }

    /** Where the data of a record is: in itself, or one step back; 0 if nowhere. */
    private static long dataPosition(@Nullable DataHeader record, RecordReader reader) throws IOException {
        if (record == null) {
            return 0;
        }
        DataHeader holder = record.hasData() ? record : reader.target(record);
        return holder == null ? 0 : holder.position();
    }

    private static boolean isSame(
            RecordReader reader, DataHeader undone, @Nullable DataHeader kept, byte @Nullable [] stagedData)
            throws IOException {
        if (kept != null && kept.position() == undone.position()) {
            return true;
        }
        byte[] undoneData = reader.data(undone);
        byte[] keptData = kept == null ? stagedData : reader.data(kept);
        return undoneData != null && Arrays.equals(undoneData, keptData) && !BlobPickle.isBlob(undoneData);
    }

    /** The tid in the name of the file, if a record is that of a blob. */
    private static long blobSerial(RecordReader reader, DataHeader record) throws IOException {
        DataHeader origin = reader.origin(record);
        boolean blob = origin != null && BlobPickle.isBlob(reader.start(origin, BlobPickle.MAX_LENGTH));
        return blob && origin != null ? origin.tid() : Tid.NONE;
    }

    /** See {@link io.zeolite.storage.undo.UndoableLog#blobsBefore}. */
    static List<BlobRevision> blobsBefore(Generation generation, List<DataHeader> records) throws IOException {
        Set<BlobRevision> found = new LinkedHashSet<>();
        for (DataHeader record : records) {
            RecordReader reader = generation.reader(record.oid());
            long serial = record.previous() == 0 ? Tid.NONE : blobSerial(reader, reader.at(record.previous()));
            if (serial != Tid.NONE) {
                found.add(new BlobRevision(record.oid(), serial));
            }
        }
        return List.copyOf(found);
    }

    /** See {@link io.zeolite.storage.undo.UndoableLog#findCopy}. */
    static long findCopy(RecordReader reader, long serial, byte @Nullable [] data) throws IOException {
        DataHeader record = reader.newest();
        while (record != null && Tid.isAfter(record.tid(), serial)) {
            record = reader.previous(record);
        }
        if (record == null || record.tid() != serial || (record.hasData() && data == null)) {
            return 0;
        }
        return Arrays.equals(reader.data(record), data) ? record.position() : 0;
    }
}
