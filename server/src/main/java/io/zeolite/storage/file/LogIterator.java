package io.zeolite.storage.file;

import static io.zeolite.storage.file.FileFormat.FIRST_TRANSACTION;

import io.zeolite.disk.DiskFile;
import io.zeolite.storage.RecordInformation;
import io.zeolite.storage.RecordIterator;
import io.zeolite.storage.TransactionInformation;
import io.zeolite.storage.TransactionIterator;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Walks over the transactions of an open log. Between two calls it holds nothing but some numbers: where it is in the
 * file, and which tid it saw last. If a pack has put another file in the place of the log's, it finds its place in the
 * new one by that tid.
 */
final class LogIterator implements TransactionIterator {
    private static final int WINDOW_LENGTH = 8 << 10;
    private static final int SEARCH_WINDOW_LENGTH = 64 << 10;

    private static final ThreadLocal<ByteBuffer> BUFFER =
            ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(WINDOW_LENGTH));

    private final Supplier<View> log;
    private final long stop;

    private long nextTid;
    private @Nullable View view;
    private long position;

    private @Nullable Place current;

    /** Where a transaction is, without what was said of it, which may be long. */
    private record Place(long tid, long position, long recordsStart, long recordsEnd) {}

    /**
     * What there is to see of a log.
     *
     * @param lastTid its last visible transaction
     * @param end where that ends
     */
    record View(DiskFile file, long lastTid, long end) {
        FileIterator at(long position) {
            FileIterator iterator = new FileIterator(file, Magic.PYTHON_3, end, BUFFER.get());
            iterator.seek(position);
            return iterator;
        }

        /** Where the first transaction starts whose tid is not before one, searched from the end that is closer in time. */
        long startOf(long tid) throws IOException {
            if (tid == Tid.NONE) {
                return FIRST_TRANSACTION;
            }
            FileIterator fromStart =
                    new FileIterator(file, Magic.PYTHON_3, end, ByteBuffer.allocate(SEARCH_WINDOW_LENGTH));
            FileTransaction first = fromStart.next();
            if (first == null || !Tid.isAfter(tid, first.tid())) {
                return FIRST_TRANSACTION;
            }
            if (Tid.isAfter(tid, lastTid)) {
                return end;
            }
            if (Long.compareUnsigned(tid - first.tid(), lastTid - tid) > 0) {
                return new History(file).startOf(tid, end);
            }
            long start = fromStart.position();
            for (FileTransaction it = fromStart.next();
                    it != null && Tid.isAfter(tid, it.tid());
                    it = fromStart.next()) {
                start = it.end();
            }
            return start;
        }
    }

    /** A read of one view. */
    private interface Read<T> {
        @Nullable
        T read(View view) throws IOException;
    }

    /** @param log what there is to see now */
    LogIterator(Supplier<View> log, long start, long stop) {
        this.log = log;
        this.nextTid = start;
        long last = log.get().lastTid;
        this.stop = Tid.isAfter(stop, last) ? last : stop;
    }

    @Override
    public @Nullable TransactionInformation next() throws IOException {
        FileTransaction found = onCurrentFile(log, this::next);
        if (found == null) {
            return null;
        }
        current = new Place(found.tid(), found.position(), found.recordsStart(), found.recordsEnd());
        return new TransactionInformation(found.tid(), found.status(), found.metadata());
    }

    private @Nullable FileTransaction next(View latest) throws IOException {
        View known = view;
        if (known == null || known.file != latest.file) {
            position = latest.startOf(nextTid);
            known = latest;
            view = latest;
        }
        FileIterator iterator = known.at(position);
        FileTransaction found = iterator.next();
        while (found != null && found.isUndone()) {
            found = iterator.next();
        }
        if (iterator.tail() != null) {
            throw new Damage(iterator.position(), "a transaction", "not whole: " + iterator.tail(), "a committed one")
                    .toException(known.file.path());
        }
        if (found == null || Tid.isAfter(found.tid(), stop)) {
            return null;
        }
        position = found.end();
        nextTid = found.tid() + 1;
        return found;
    }

    @Override
    public RecordIterator records() {
        Place transaction = current;
        View seen = view;
        if (transaction == null || seen == null) {
            throw new IllegalStateException("no transaction has been returned");
        }
        return new Records(log, seen, transaction);
    }

    private static final class Records implements RecordIterator {
        private final Supplier<View> log;
        private final long tid;

        private View view;
        private long start;
        private long transaction;
        private long position;
        private long end;

        Records(Supplier<View> log, View view, Place found) {
            this.log = log;
            this.tid = found.tid();
            this.view = view;
            this.transaction = found.position();
            this.start = found.recordsStart();
            this.position = start;
            this.end = found.recordsEnd();
        }

        @Override
        public @Nullable RecordInformation next() throws IOException {
            return onCurrentFile(log, this::next);
        }

        private @Nullable RecordInformation next(View latest) throws IOException {
            if (view.file != latest.file) {
                findAgain(latest);
            }
            FileIterator iterator = view.at(position);
            FileIterator.Records records = iterator.records(transaction, position, end);
            FileRecord record = records.next();
            if (record == null) {
                return null;
            }
            FileRecord target = iterator.target(record);
            RecordInformation found = new RecordInformation(
                    record.oid(), record.tid(), iterator.data(record), target == null ? Tid.NONE : target.tid());
            position = record.end();
            return found;
        }

        /** After a pack: the records that it has left of the transaction, as long as none has been returned. */
        private void findAgain(View latest) throws IOException {
            if (position == end) {
                return;
            }
            if (position != start) {
                throw new IOException(latest.file.path() + " has been packed while the records of the transaction "
                        + Tid.toHex(tid) + " were read; read them again");
            }
            FileTransaction found = latest.at(latest.startOf(tid)).next();
            view = latest;
            if (found != null && found.tid() == tid) {
                transaction = found.position();
                start = found.recordsStart();
                end = found.recordsEnd();
            } else {
                end = start;
            }
            position = start;
        }
    }

    /** Reads again if the file is replaced, and closed, meanwhile. */
    private static <T> @Nullable T onCurrentFile(Supplier<View> log, Read<T> read) throws IOException {
        while (true) {
            View latest = log.get();
            try {
                return read.read(latest);
            } catch (ClosedChannelException e) {
                if (latest.file == log.get().file) {
                    throw e;
                }
            }
        }
    }
}
