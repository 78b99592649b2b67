package io.zeolite.storage.file;

import static io.zeolite.storage.file.FileFormat.DATA_HEADER_LENGTH;
import static io.zeolite.storage.file.FileFormat.UNDONE;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Whether a transaction is whole: its lengths agree, and its records fill it. */
final class TransactionCheck {
    private TransactionCheck() {}

    /** Is given the records of a transaction in their order. */
    interface RecordVisitor {
        RecordVisitor NONE = record -> {};

        void visit(DataHeader record) throws IOException;
    }

    /** Like {@link #check}, for whoever cannot go on if something is wrong. */
    static void require(FileWindow window, TransactionHeader header, RecordVisitor visitor) throws IOException {
        Damage damage = check(window, header, visitor);
        if (damage != null) {
            throw damage.toException(window.file().path());
        }
    }

    /**
     * Checks a transaction. The records of an undone one are passed over.
     *
     * @param header which {@link TransactionHeader#fitsInto} the file
     * @param visitor is given the records up to the first that is damaged
     * @return what is wrong; null if nothing is
     */
    static @Nullable Damage check(FileWindow window, TransactionHeader header, RecordVisitor visitor)
            throws IOException {
        // First, so that records are only visited if the length is right in all likelihood.
        Damage damage = checkLength(window, header);
        if (damage != null || header.status() == UNDONE) {
            return damage;
        }
        return checkRecords(window, header, visitor);
    }

    /** Checks the lengths at both ends of a transaction that {@link TransactionHeader#fitsInto} the file. */
    static @Nullable Damage checkLength(FileWindow window, TransactionHeader header) throws IOException {
        if (header.length() < header.headerLength()) {
            return new Damage(
                    header.position() + FileFormat.LENGTH_OFFSET,
                    "the length of a transaction",
                    Long.toUnsignedString(header.length()),
                    "at least " + header.headerLength());
        }
        long trailer = window.peekLong(header.recordsEnd());
        if (trailer != header.length()) {
            return Damage.of(header.recordsEnd(), "the length at the end of a transaction", trailer, header.length());
        }
        return null;
    }

    private static @Nullable Damage checkRecords(FileWindow window, TransactionHeader header, RecordVisitor visitor)
            throws IOException {
        long position = header.recordsStart();
        while (position < header.recordsEnd()) {
            Damage damage = checkRoom(position, header.recordsEnd());
            if (damage != null) {
                return damage;
            }
            DataHeader record = window.dataHeader(position);
            damage = checkHeader(record, header.position(), header.recordsEnd());
            if (damage != null) {
                return damage;
            }
            visitor.visit(record);
            position = record.end();
        }
        return null;
    }

    /**
     * Checks a record of a transaction.
     *
     * @param transaction where the transaction starts
     * @param end where its records end
     */
    static @Nullable Damage checkRecord(FileWindow window, long position, long transaction, long end)
            throws IOException {
        Damage damage = checkRoom(position, end);
        return damage != null ? damage : checkHeader(window.dataHeader(position), transaction, end);
    }

    private static @Nullable Damage checkRoom(long position, long end) {
        return position + DATA_HEADER_LENGTH > end
                ? Damage.of(position, "the space for a record header", end - position, DATA_HEADER_LENGTH)
                : null;
    }

    private static @Nullable Damage checkHeader(DataHeader record, long transaction, long end) {
        long position = record.position();
        if (record.versionLength() != 0) {
            return Damage.of(
                    position + FileFormat.VERSION_LENGTH_OFFSET,
                    "the version length of a record",
                    record.versionLength(),
                    0);
        }
        if (record.transaction() != transaction) {
            return Damage.of(
                    position + FileFormat.TLOC_OFFSET,
                    "the transaction position of a record",
                    record.transaction(),
                    transaction);
        }
        if (!record.endsBy(end)) {
            return new Damage(
                    position + FileFormat.PLEN_OFFSET,
                    "the data length of a record",
                    Long.toUnsignedString(record.dataLength()),
                    "within a transaction that ends at " + end);
        }
        return null;
    }
}
