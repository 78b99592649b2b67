package io.zeolite.storage.file;

import static io.zeolite.storage.file.FileFormat.BACK_POINTER_LENGTH;
import static io.zeolite.storage.file.FileFormat.COMMITTED;
import static io.zeolite.storage.file.FileFormat.DATA_HEADER_LENGTH;
import static io.zeolite.storage.file.FileFormat.PACKED;
import static io.zeolite.storage.file.FileFormat.STATUS_OFFSET;
import static io.zeolite.storage.file.FileFormat.TRAILER_LENGTH;
import static io.zeolite.storage.file.FileFormat.TRANSACTION_HEADER_LENGTH;
import static io.zeolite.storage.file.FileFormat.UNFINISHED;

import io.zeolite.disk.DiskFile;
import io.zeolite.storage.LogTransaction;
import io.zeolite.storage.StagedRecords;
import io.zeolite.storage.TransactionMetadata;
import io.zeolite.storage.index.PositionIndex;
import io.zeolite.zodb.Oid;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/** Writes transactions through one buffer, however large they are. Used by the committer's thread. */
final class BatchWriter {
    private final AppendBuffer output;
    private final ByteBuffer status = ByteBuffer.allocateDirect(1);
    private final PositionIndex index;

    BatchWriter(DiskFile file, PositionIndex index) {
        this.output = new AppendBuffer(file);
        this.index = index;
    }

    /** The length of a transaction in the file. */
    static long lengthOf(TransactionMetadata metadata, StagedRecords records) {
        long length = (long) headerLength(metadata) + TRAILER_LENGTH;
        for (int i = 0; i < records.count(); i++) {
            length += lengthOf(records, i);
        }
        return length;
    }

    static long lengthOf(StagedRecords records, int i) {
        return (long) DATA_HEADER_LENGTH + (records.isPointer(i) ? BACK_POINTER_LENGTH : records.length(i));
    }

    static int headerLength(TransactionMetadata metadata) {
        return TRANSACTION_HEADER_LENGTH
                + metadata.user().length
                + metadata.description().length
                + metadata.extension().length;
    }

    /** @throws IllegalArgumentException if the format cannot hold a transaction */
    static void check(LogTransaction transaction) {
        check(transaction.metadata());
        check(transaction.records());
    }

    private static void check(TransactionMetadata metadata) {
        for (byte[] part : List.of(metadata.user(), metadata.description(), metadata.extension())) {
            if (part.length > TransactionMetadata.MAX_LENGTH) {
                throw new IllegalArgumentException("user, description or extension: " + part.length
                        + " bytes (expected: at most " + TransactionMetadata.MAX_LENGTH + ")");
            }
        }
    }

    private static void check(StagedRecords records) {
        for (int i = 0; i < records.count(); i++) {
            if (records.length(i) < 1 && !records.isPointer(i)) {
                // The format has no way to say it: a length of 0 announces a back pointer.
                throw new IllegalArgumentException("the record of object " + Oid.toString(records.oid(i)) + " has "
                        + records.length(i) + " bytes (expected: at least 1)");
            }
        }
    }

    /** Writes transactions one after the other, all marked as unfinished. */
    void write(List<LogTransaction> transactions, long start) throws IOException {
        output.startAt(start);
        // Where the earlier transactions of this batch put their records; the index does not have them yet.
        PositionIndex pending = new PositionIndex();
        for (int i = 0; i < transactions.size(); i++) {
            long position = output.position();
            write(transactions.get(i), position, pending);
            if (i < transactions.size() - 1) {
                addTo(pending, transactions.get(i), position);
            }
        }
        output.flush();
    }

    private void write(LogTransaction transaction, long position, PositionIndex pending) throws IOException {
        TransactionMetadata metadata = transaction.metadata();
        StagedRecords records = transaction.records();
        long length = lengthOf(metadata, records) - TRAILER_LENGTH;
        output.putTransactionHeader(transaction.tid(), length, UNFINISHED, metadata);
        for (int i = 0; i < records.count(); i++) {
            long oid = records.oid(i);
            long earlier = pending.get(oid);
            output.putDataHeader(
                    oid,
                    records.tid(i, transaction.tid()),
                    earlier == 0 ? index.get(oid) : earlier,
                    position,
                    records.isPointer(i) ? 0 : records.length(i));
            putContent(records, i);
        }
        output.putLong(length);
    }

    private void putContent(StagedRecords records, int i) throws IOException {
        if (records.isPointer(i)) {
            output.putLong(records.back(i));
            return;
        }
        byte[] data = records.data(i);
        if (data.length != records.length(i)) {
            throw new IllegalStateException(
                    "a record has " + data.length + " bytes (expected: " + records.length(i) + ")");
        }
        output.put(data);
    }

    /** Puts the records of a transaction into an index, given where the transaction is. */
    static void addTo(PositionIndex index, LogTransaction transaction, long transactionPosition) {
        StagedRecords records = transaction.records();
        long position = transactionPosition + headerLength(transaction.metadata());
        for (int i = 0; i < records.count(); i++) {
            index.put(records.oid(i), position);
            position += lengthOf(records, i);
        }
    }

    /** Marks transactions as committed, the first of them last: up to then none of them counts. */
    void commit(List<LogTransaction> transactions, long[] positions) throws IOException {
        for (int i = transactions.size() - 1; i >= 0; i--) {
            status.put(0, transactions.get(i).packed() ? PACKED : COMMITTED).clear();
            output.file().write(status, positions[i] + STATUS_OFFSET);
        }
    }
}
