package io.zeolite.storage.file;

import static io.zeolite.storage.file.FileFormat.FIRST_TRANSACTION;
import static io.zeolite.storage.file.FileFormat.TRAILER_LENGTH;
import static io.zeolite.storage.file.FileFormat.TRANSACTION_HEADER_LENGTH;

import io.zeolite.disk.DiskFile;
import io.zeolite.storage.Invalidations;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.LongStream;

/** Walks a data file from its end to its beginning, by the length that stands at the end of each transaction. */
final class History {
    private static final int WINDOW_LENGTH = 64 << 10;

    private final FileWindow window;

    History(DiskFile file) {
        this.window = new FileWindow(file, ByteBuffer.allocate(WINDOW_LENGTH));
    }

    /**
     * What the last transactions changed, oldest first.
     *
     * @param end where the last of them ends
     * @param wanted asked from the newest on; the first that is not wanted ends the walk
     */
    List<Invalidations> changes(long end, Predicate<TransactionHeader> wanted) throws IOException {
        List<Invalidations> changes = new ArrayList<>();
        long position = end;
        while (position > FIRST_TRANSACTION) {
            TransactionHeader header = transactionBefore(position);
            if (!wanted.test(header)) {
                break;
            }
            changes.add(new Invalidations(header.tid(), oids(header)));
            position = header.position();
        }
        Collections.reverse(changes);
        return changes;
    }

    /**
     * Where the first of the last transactions starts whose tids are not before a tid.
     *
     * @param end where the last transaction ends
     */
    long startOf(long tid, long end) throws IOException {
        long position = end;
        while (position > FIRST_TRANSACTION) {
            TransactionHeader header = transactionBefore(position);
            if (Tid.isAfter(tid, header.tid())) {
                break;
            }
            position = header.position();
        }
        return position;
    }

    private TransactionHeader transactionBefore(long end) throws IOException {
        if (!window.holds(end - TRAILER_LENGTH, TRAILER_LENGTH)) {
            window.moveBefore(end);
        }
        long length = window.getLong(end - TRAILER_LENGTH);
        long room = end - FIRST_TRANSACTION - TRAILER_LENGTH;
        if (length < TRANSACTION_HEADER_LENGTH || length > room) {
            throw new Damage(
                            end - TRAILER_LENGTH,
                            "the length at the end of a transaction",
                            Long.toUnsignedString(length),
                            "from " + TRANSACTION_HEADER_LENGTH + " to " + room)
                    .toException(window.file().path());
        }
        TransactionHeader header = window.transactionHeader(end - TRAILER_LENGTH - length);
        if (header.length() != length) {
            throw Damage.of(header.position() + 8, "the length of a transaction", header.length(), length)
                    .toException(window.file().path());
        }
        return header;
    }

    private long[] oids(TransactionHeader header) throws IOException {
        LongStream.Builder oids = LongStream.builder();
        Damage damage = TransactionCheck.check(window, header, record -> oids.add(record.oid()));
        if (damage != null) {
            throw damage.toException(window.file().path());
        }
        return oids.build().toArray();
    }
}
