package io.zeolite.storage.memory;

import io.zeolite.error.CallException;
import io.zeolite.error.PosKeyException;
import io.zeolite.storage.AppendFailedException;
import io.zeolite.storage.CurrentRecord;
import io.zeolite.storage.Invalidations;
import io.zeolite.storage.LoadResult;
import io.zeolite.storage.LogTransaction;
import io.zeolite.storage.Pack;
import io.zeolite.storage.PackControl;
import io.zeolite.storage.RecordInformation;
import io.zeolite.storage.RecordIterator;
import io.zeolite.storage.RevisionSummary;
import io.zeolite.storage.StagedRecords;
import io.zeolite.storage.StorageInfo;
import io.zeolite.storage.TransactionInformation;
import io.zeolite.storage.TransactionIterator;
import io.zeolite.storage.TransactionLog;
import io.zeolite.storage.TransactionMetadata;
import io.zeolite.zodb.Oid;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * ZODB's {@code MappingStorage}: all revisions of all objects, in memory. Nothing survives a crash, or a close.
 *
 * <p>A reader takes {@link #published} first and passes over what is later, so that a transaction becomes visible at one
 * instant.
 */
public final class MemoryLog implements TransactionLog {
    private static final List<String> INTERFACES =
            List.of("ZODB.interfaces.IStorage", "ZODB.interfaces.IStorageIteration", "zope.interface.Interface");

    /** What Python's storage counts for an object, and for each of its revisions. */
    private static final int OBJECT_SIZE = 50;

    private static final int REVISION_SIZE = 100;

    /** The status of all transactions. */
    private static final byte COMMITTED = ' ';

    private final String name;

    /** The newest revision of each object. */
    private final Map<Long, Revision> revisions = new ConcurrentHashMap<>();

    private final ConcurrentNavigableMap<Long, Transaction> transactions =
            new ConcurrentSkipListMap<>(Long::compareUnsigned);

    /** The time of the last pack. The committer's, and what packs ask. */
    private volatile long lastPack = Tid.NONE;

    private volatile Published published = new Published(Tid.NONE, 0, 0, 0);

    private record Revision(
            long tid,
            TransactionMetadata metadata,
            byte[] data,
            @Nullable Revision previous) {}

    /** @param oids what it stored, in the order of its records */
    private record Transaction(TransactionMetadata metadata, long[] oids) {}

    private record Published(long tid, long length, long size, long maxOid) {}

    /** @param name what clients are told */
    public MemoryLog(String name) {
        this.name = name;
    }

    @Override
    public StorageInfo info() {
        return new StorageInfo(name, false, false, false, INTERFACES);
    }

    @Override
    public long lastTransaction() {
        return published.tid;
    }

    @Override
    public long length() {
        return published.length;
    }

    @Override
    public long size() {
        return published.size;
    }

    @Override
    public long maxOid() {
        return published.maxOid;
    }

    @Override
    public LoadResult loadBefore(long oid, long before) {
        Revision revision = newest(oid);
        if (revision == null) {
            return LoadResult.NO_OBJECT;
        }
        long end = Tid.NONE;
        while (revision != null && Long.compareUnsigned(revision.tid, before) >= 0) {
            end = revision.tid;
            revision = revision.previous;
        }
        return revision == null
                ? new LoadResult.NoneBefore(end)
                : new LoadResult.Loaded(revision.data, revision.tid, end);
    }

    @Override
    public byte[] loadSerial(long oid, long serial) {
        Revision revision = revision(oid, serial);
        if (revision == null) {
            throw PosKeyException.noSerial(oid, serial);
        }
        return revision.data;
    }

    private @Nullable Revision revision(long oid, long serial) {
        Revision revision = newest(oid);
        while (revision != null && revision.tid != serial) {
            revision = revision.previous;
        }
        return revision;
    }

    @Override
    public long getTid(long oid) {
        Revision revision = newest(oid);
        if (revision == null) {
            throw PosKeyException.noObject(oid);
        }
        return revision.tid;
    }

    @Override
    public long currentSerial(long oid) {
        Revision revision = newest(oid);
        return revision == null ? Tid.NONE : revision.tid;
    }

    @Override
    public List<RevisionSummary> history(long oid, long size) {
        Revision revision = newest(oid);
        if (revision == null) {
            throw PosKeyException.noObject(oid);
        }
        List<RevisionSummary> history = new ArrayList<>();
        while (revision != null && history.size() < size) {
            history.add(new RevisionSummary(revision.tid, revision.metadata, revision.data.length));
            revision = revision.previous;
        }
        return history;
    }

    private @Nullable Revision newest(long oid) {
        long last = published.tid;
        Revision revision = revisions.get(oid);
        while (revision != null && Tid.isAfter(revision.tid, last)) {
            revision = revision.previous;
        }
        return revision;
    }

    @Override
    public List<Invalidations> lastInvalidations(int count) {
        List<Invalidations> changes = new ArrayList<>();
        Iterator<Map.Entry<Long, Transaction>> newestFirst = transactions
                .headMap(published.tid, true)
                .descendingMap()
                .entrySet()
                .iterator();
        while (changes.size() < count && newestFirst.hasNext()) {
            changes.add(invalidations(newestFirst.next()));
        }
        Collections.reverse(changes);
        return changes;
    }

    @Override
    public List<Invalidations> invalidationsAfter(long tid) {
        long last = published.tid;
        if (!Tid.isAfter(last, tid)) {
            return List.of();
        }
        return transactions.subMap(tid, false, last, true).entrySet().stream()
                .map(MemoryLog::invalidations)
                .toList();
    }

    private static Invalidations invalidations(Map.Entry<Long, Transaction> transaction) {
        return new Invalidations(transaction.getKey(), transaction.getValue().oids);
    }

    @Override
    public TransactionIterator iterator(long start, long stop) {
        long last = published.tid;
        return new Transactions(start, Tid.isAfter(stop, last) ? last : stop);
    }

    /** Finds each transaction anew by its tid. */
    private final class Transactions implements TransactionIterator {
        private final long stop;
        private long next;
        private long current;
        private long[] oids = {};

        Transactions(long start, long stop) {
            this.next = start;
            this.stop = stop;
        }

        @Override
        public @Nullable TransactionInformation next() {
            Map.Entry<Long, Transaction> found = transactions.ceilingEntry(next);
            if (found == null || Tid.isAfter(found.getKey(), stop)) {
                return null;
            }
            current = found.getKey();
            next = current + 1;
            oids = found.getValue().oids;
            return new TransactionInformation(current, COMMITTED, found.getValue().metadata);
        }

        @Override
        public RecordIterator records() {
            return new Records(current, LongStream.of(oids).distinct().toArray());
        }
    }

    private final class Records implements RecordIterator {
        private final long tid;
        private final long[] oids;
        private int next;

        Records(long tid, long[] oids) {
            this.tid = tid;
            this.oids = oids;
        }

        @Override
        public @Nullable RecordInformation next() {
            while (next < oids.length) {
                long oid = oids[next++];
                Revision revision = revision(oid, tid);
                if (revision != null) {
                    return new RecordInformation(oid, tid, revision.data, Tid.NONE);
                }
            }
            return null;
        }
    }

    @Override
    public CurrentRecord recordIternext(long oid) {
        throw CallException.unsupported("a mapping storage does not iterate over its current records");
    }

    /** What Python's storage counts for the revisions of a transaction whose objects are new. */
    @Override
    public long sizeOf(TransactionMetadata metadata, StagedRecords records) {
        long size = 0;
        for (int i = 0; i < records.count(); i++) {
            size += OBJECT_SIZE + REVISION_SIZE + records.length(i);
        }
        return size;
    }

    /** Does nothing: what memory there will be cannot be kept for anybody. */
    @Override
    public void reserve(long bytes) {}

    @Override
    public void release(long bytes) {}

    @Override
    public List<Publication> append(List<LogTransaction> added, BeforeCommit beforeCommit, Forcing forcing)
            throws AppendFailedException {
        long last = published.tid;
        for (LogTransaction transaction : added) {
            if (!Tid.isAfter(transaction.tid(), last)) {
                throw new IllegalArgumentException(
                        "tid: " + Tid.toHex(transaction.tid()) + " (expected: after " + Tid.toHex(last) + ")");
            }
            last = transaction.tid();
            requireData(transaction.records());
        }
        List<Publication> publications = new ArrayList<>(added.size());
        try {
            for (LogTransaction transaction : added) {
                long[] oids = new long[transaction.records().count()];
                byte[][] data = new byte[oids.length][];
                for (int i = 0; i < oids.length; i++) {
                    oids[i] = transaction.records().oid(i);
                    data[i] = transaction.records().data(i);
                }
                publications.add(() -> publish(transaction.tid(), transaction.metadata(), oids, data));
            }
            forcing.during(beforeCommit);
        } catch (IOException | RuntimeException e) {
            throw new AppendFailedException(name + " could not take transactions: " + e.getMessage(), e);
        }
        return publications;
    }

    private static void requireData(StagedRecords records) {
        for (int i = 0; i < records.count(); i++) {
            if (records.isPointer(i)) {
                throw new IllegalArgumentException("the record of object " + Oid.toString(records.oid(i))
                        + " has no data of its own (expected: some, there is no undo)");
            }
            if (records.length(i) < 1) {
                throw new IllegalArgumentException("the record of object " + Oid.toString(records.oid(i)) + " has "
                        + records.length(i) + " bytes (expected: at least 1)");
            }
        }
    }

    private void publish(long tid, TransactionMetadata metadata, long[] oids, byte[][] data) {
        Published before = published;
        long size = before.size;
        long length = before.length;
        long maxOid = before.maxOid;
        for (int i = 0; i < oids.length; i++) {
            Revision previous = revisions.get(oids[i]);
            if (previous == null) {
                length++;
                size += OBJECT_SIZE;
            }
            if (previous != null && previous.tid == tid) {
                // Stored twice in one transaction: the later record takes the place of the earlier.
                size -= REVISION_SIZE + previous.data.length;
                previous = previous.previous;
            }
            revisions.put(oids[i], new Revision(tid, metadata, data[i], previous));
            size += REVISION_SIZE + data[i].length;
            maxOid = Long.compareUnsigned(oids[i], maxOid) > 0 ? oids[i] : maxOid;
        }
        transactions.put(tid, new Transaction(metadata, oids));
        published = new Published(tid, length, size, maxOid);
    }

    // Pack

    @Override
    public Pack pack(PackControl control) {
        return new MemoryPack(this, control);
    }

    /**
     * Whether there is anything to do for a pack to this time.
     *
     * @throws CallException {@code ValueError} if it was packed to a later one, as in Python
     */
    boolean mayPack(long stop) {
        if (Tid.isAfter(lastPack, stop)) {
            throw CallException.badValue("Already packed to a later time");
        }
        return lastPack != stop;
    }

    Set<Long> oids() {
        return revisions.keySet();
    }

    /** The data of the revisions of an object that a pack keeps. */
    List<byte[]> revisionsKept(long oid, long stop) {
        List<byte[]> kept = new ArrayList<>();
        for (Revision r = revisions.get(oid); r != null; r = Tid.isAfter(r.tid, stop) ? r.previous : null) {
            kept.add(r.data);
        }
        return kept;
    }

    /** Shows what {@link #keep} is going to drop; by the committer. */
    void visitDropped(long stop, Set<Long> oids, Visitor visitor) throws IOException {
        for (Map.Entry<Long, Revision> newest : revisions.entrySet()) {
            Revision dropped = newest.getValue();
            if (oids.contains(newest.getKey())) {
                while (dropped.previous != null && Tid.isAfter(dropped.tid, stop)) {
                    dropped = dropped.previous;
                }
                dropped = dropped.previous;
            }
            for (Revision r = dropped; r != null; r = r.previous) {
                visitor.visit(newest.getKey(), r.tid, r.data);
            }
        }
    }

    /** Is shown revisions. */
    interface Visitor {
        void visit(long oid, long tid, byte[] data) throws IOException;
    }

    /** Drops all other objects, and of these the revisions that were replaced by the time; by the committer. */
    void keep(long stop, Set<Long> oids) {
        revisions.keySet().retainAll(oids);
        revisions.replaceAll((oid, newest) -> packed(newest, stop));
        long size = 0;
        Map<Long, Long> firstKept = new HashMap<>();
        for (Map.Entry<Long, Revision> newest : revisions.entrySet()) {
            size += OBJECT_SIZE;
            for (Revision r = newest.getValue(); r != null; r = r.previous) {
                size += REVISION_SIZE + r.data.length;
                if (r.previous == null) {
                    firstKept.put(newest.getKey(), r.tid);
                }
            }
        }
        transactions.replaceAll((tid, written) -> new Transaction(
                written.metadata,
                Arrays.stream(written.oids)
                        .filter(oid -> {
                            Long first = firstKept.get(oid);
                            return first != null && !Tid.isAfter(first, tid);
                        })
                        .toArray()));
        // The last one stays for the sake of its tid.
        transactions.headMap(published.tid, false).values().removeIf(written -> written.oids.length == 0);
        lastPack = stop;
        Published before = published;
        published = new Published(before.tid, revisions.size(), size, before.maxOid);
    }

    private static Revision packed(Revision newest, long stop) {
        ArrayDeque<Revision> later = new ArrayDeque<>();
        Revision first = newest;
        while (first.previous != null && Tid.isAfter(first.tid, stop)) {
            later.push(first);
            first = first.previous;
        }
        if (first.previous == null) {
            return newest;
        }
        Revision packed = new Revision(first.tid, first.metadata, first.data, null);
        for (Revision r : later) {
            packed = new Revision(r.tid, r.metadata, r.data, packed);
        }
        return packed;
    }

    /** Does nothing: whoever still reads may do so. */
    @Override
    public void close() {}
}
