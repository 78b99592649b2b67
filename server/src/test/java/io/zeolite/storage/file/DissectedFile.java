package io.zeolite.storage.file;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What every byte of an undamaged data file is, and every revision in it, read by nothing but the description of the format. Objects
 * are numbered from 1.
 */
final class DissectedFile {
    /** What a byte says. */
    enum Field {
        /** Magic, lengths and positions: they are checked against each other. */
        STRUCTURE,
        /** The tid of a transaction, which its records have too. */
        TRANSACTION_TID,
        STATUS,
        METADATA_LENGTH,
        METADATA,
        /** Whose a record is. */
        OID,
        /** When a record was written, what came before it, or which older one has its data. */
        HISTORY,
        /** Of the data; 0 announces that the next eight bytes are the position of the older record that has it. */
        DATA_LENGTH,
        DATA
    }

    record Revision(long oid, long tid, int position, byte @Nullable [] data, int origin) {}

    /** One piece of the file that says one thing. */
    private record Piece(int start, Field field, int transaction, int record) {}

    private final byte[] bytes;
    private final TreeMap<Integer, Piece> pieces = new TreeMap<>();
    private final Map<Integer, Revision> revisions = new HashMap<>();
    private final TreeMap<Long, List<Revision>> revisionsOfObjects = new TreeMap<>();
    private final List<Integer> ends = new ArrayList<>(List.of(4));
    private final List<Long> tids = new ArrayList<>(List.of(0L));

    private DissectedFile(byte[] bytes) {
        this.bytes = bytes;
    }

    static DissectedFile of(byte[] bytes) {
        DissectedFile file = new DissectedFile(bytes);
        file.piece(0, Field.STRUCTURE, 0, 0);
        int position = 4;
        while (position < bytes.length) {
            position = file.transaction(position);
        }
        return file;
    }

    private int transaction(int start) {
        ByteBuffer file = ByteBuffer.wrap(bytes);
        int end = start + (int) file.getLong(start + 8);
        piece(start, Field.TRANSACTION_TID, start, 0);
        piece(start + 8, Field.STRUCTURE, start, 0);
        piece(start + 16, Field.STATUS, start, 0);
        piece(start + 17, Field.METADATA_LENGTH, start, 0);
        piece(start + 23, Field.METADATA, start, 0);
        int record = start + 23 + file.getShort(start + 17) + file.getShort(start + 19) + file.getShort(start + 21);
        while (record < end) {
            record = record(start, record);
        }
        piece(end, Field.STRUCTURE, start, 0);
        tids.add(file.getLong(start));
        ends.add(end + 8);
        return end + 8;
    }

    private int record(int transaction, int start) {
        ByteBuffer file = ByteBuffer.wrap(bytes);
        int length = (int) file.getLong(start + 34);
        int content = start + 42;
        piece(start, Field.OID, transaction, start);
        piece(start + 8, Field.HISTORY, transaction, start);
        piece(start + 24, Field.STRUCTURE, transaction, start);
        piece(start + 34, Field.DATA_LENGTH, transaction, start);
        piece(content, length == 0 ? Field.HISTORY : Field.DATA, transaction, start);
        int origin = start;
        byte[] data = null;
        if (length != 0) {
            data = new byte[length];
            file.get(content, data);
        } else if (file.getLong(content) != 0) {
            Revision back = revision((int) file.getLong(content));
            data = back.data;
            origin = back.origin;
        }
        Revision revision = new Revision(file.getLong(start), file.getLong(start + 8), start, data, origin);
        revisions.put(start, revision);
        revisionsOfObjects
                .computeIfAbsent(revision.oid, oid -> new ArrayList<>())
                .add(revision);
        return content + (length == 0 ? 8 : length);
    }

    private void piece(int start, Field field, int transaction, int record) {
        // An empty piece is replaced by what comes in its place.
        pieces.put(start, new Piece(start, field, transaction, record));
    }

    private Revision revision(int position) {
        Revision found = revisions.get(position);
        if (found == null) {
            throw new IllegalArgumentException("no record at " + position);
        }
        return found;
    }

    byte[] bytes() {
        return bytes;
    }

    /** Where the first transactions of that number end. */
    int endOf(int transactions) {
        return ends.get(transactions);
    }

    long tidOf(int transaction) {
        return tids.get(transaction);
    }

    long objects() {
        return revisionsOfObjects.lastKey();
    }

    /** The revisions of an object that come before a position, oldest first. */
    List<Revision> revisions(long oid, long end) {
        return revisionsOfObjects.getOrDefault(oid, List.of()).stream()
                .filter(revision -> revision.position < end)
                .toList();
    }

    /** The file with one byte changed. */
    Change change(int offset, int flip) {
        byte[] changed = bytes.clone();
        changed[offset] ^= (byte) flip;
        return new Change(offset, changed, pieces.floorEntry(offset).getValue());
    }

    final class Change {
        private final int offset;
        private final byte[] changed;
        private final Piece piece;
        private final Set<Long> oids = new HashSet<>();

        private Change(int offset, byte[] changed, Piece piece) {
            this.offset = offset;
            this.changed = changed;
            this.piece = piece;
            switch (piece.field) {
                case OID -> {
                    oids.add(ByteBuffer.wrap(bytes).getLong(piece.start));
                    oids.add(ByteBuffer.wrap(changed).getLong(piece.start));
                }
                case HISTORY -> oids.add(revision(piece.record).oid);
                case DATA_LENGTH -> {
                    if (isTheOtherKindOfRecord()) {
                        oids.add(revision(piece.record).oid);
                    }
                }
                case STATUS, METADATA_LENGTH ->
                    pieces.tailMap(piece.start).values().stream()
                            .takeWhile(other -> other.transaction == piece.transaction)
                            .filter(other -> other.field == Field.OID)
                            .forEach(other -> oids.add(revision(other.record).oid));
                default -> {}
            }
        }

        int offset() {
            return offset;
        }

        byte[] bytes() {
            return changed;
        }

        Field field() {
            return piece.field;
        }

        /** Whether the answer about a revision is the right one, whatever the change says. */
        boolean leavesAlone(Revision revision) {
            return !oids.contains(revision.oid);
        }

        /** Eight bytes of data look like a position and the other way round, and nothing else says which they are. */
        private boolean isTheOtherKindOfRecord() {
            long was = ByteBuffer.wrap(bytes).getLong(piece.start);
            long is = ByteBuffer.wrap(changed).getLong(piece.start);
            return (was == 0 && is == 8) || (was == 8 && is == 0);
        }

        /** What an object that is not left alone may be: everything that it has ever been, or the bytes of a position. */
        List<byte[]> possibleData(long oid) {
            List<byte[]> possible = new ArrayList<>();
            for (Revision revision : revisions(oid, bytes.length)) {
                if (revision.data != null) {
                    possible.add(revision.data);
                }
            }
            if (piece.field == Field.DATA_LENGTH) {
                possible.add(Arrays.copyOfRange(bytes, piece.start + 8, piece.start + 16));
            }
            return possible;
        }

        /** The right answer: the data of the record that has it, as the file has it now. */
        byte @Nullable [] dataOf(Revision revision) {
            if (revision.data == null || piece.field != Field.DATA || piece.record != revision.origin) {
                return revision.data;
            }
            byte[] data = revision.data.clone();
            data[offset - piece.start] = changed[offset];
            return data;
        }

        @Override
        public String toString() {
            return "offset " + offset + " changed from " + bytes[offset] + " to " + changed[offset] + ": " + piece;
        }
    }
}
