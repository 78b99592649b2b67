package io.zeolite.commit.staging;

import io.zeolite.storage.Completion;
import io.zeolite.storage.StagedRecords;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * The records of one transaction, one for each object: storing an object again replaces its record in its place.
 *
 * <p>Records stay in memory up to a limit. From the first one that would go beyond, everything new is appended to a
 * file, and only 29 bytes of bookkeeping for each record, and 8 to 16 of the table that finds them, stay here. What a
 * spilled record replaces stays in the file unused.
 *
 * <p>It belongs to one thread at a time, which may change: whoever hands it on makes sure that the next one sees what was
 * done. Only {@link #isBacklogged} and {@link #close} may be called by any thread at any time. Nothing here waits for
 * the disk but {@link #data}.
 */
public final class RecordStaging implements StagedRecords, AutoCloseable {
    /** What a record in memory costs beside its bytes. */
    private static final long RECORD_OVERHEAD_BYTES = 64;

    /** Small records are written together in chunks of this size. */
    private static final int CHUNK_BYTES = 1 << 17;

    private static final int IN_MEMORY = -1;
    private static final byte[] NOTHING = {};

    // Where a record comes from.
    private static final byte STORED = 0;
    private static final byte DELETED = 1;
    private static final byte RESTORED = 2;
    private static final byte UNDONE = 3;

    private final StagingMemory.Share memory;
    private final SerialFileWriter spill;

    private final OidTable table = new OidTable();
    private int count;
    private long[] oids = new long[8];
    private long[] serials = new long[8];
    private byte[] kinds = new byte[8];
    private int[] lengths = new int[8];
    /** Where in the file a record is, or {@link #IN_MEMORY}; of a record without data, its back pointer. */
    private long[] positions = new long[8];
    /** The records in memory by number; as long as the last of them needs it. */
    private byte[][] kept = new byte[8][];

    private boolean spilling;
    private long spilledBytes;
    /** By number, of restored records: the tid of one that may have the same data. Few are. */
    private final Map<Integer, Long> origins = new HashMap<>();

    private boolean restoring;
    private @Nullable ByteBuffer chunk;
    private @Nullable SpillReader reader;
    private volatile boolean closed;

    /**
     * @param memory limits how much of the records is kept in memory
     * @param spillFiles asked for one file, on the executor, if that is not enough
     * @param executor runs what writes to the file
     */
    public RecordStaging(StagingMemory memory, SpillFiles spillFiles, Executor executor) {
        this.memory = memory.share();
        this.spill = new SerialFileWriter(spillFiles::create, executor);
    }

    /**
     * Adds a record, or replaces the one of the same object. What is added after {@link #close} is dropped.
     *
     * @param serial the revision that the client changed
     * @param data the record, at least one byte; nobody changes the array afterwards
     */
    public void add(long oid, long serial, byte[] data) {
        if (data.length == 0) {
            throw new IllegalArgumentException("record of 0 bytes (expected: at least 1)");
        }
        put(oid, serial, STORED, data);
    }

    /**
     * Adds or replaces a record that is copied from elsewhere.
     *
     * @param tid what the record carries
     * @param data null if the object does not exist as of it
     * @param origin the tid of a record that may have the same data, or {@link Tid#NONE}
     */
    public void restore(long oid, long tid, byte @Nullable [] data, long origin) {
        restoring = true;
        if (data == null) {
            point(oid, tid, RESTORED, 0);
        } else {
            put(oid, tid, RESTORED, data);
        }
        if (origin != Tid.NONE) {
            origins.put(table.find(oid, oids), origin);
        }
    }

    /** Adds or replaces the deletion of an object, whose current revision the client says is {@code serial}. */
    public void delete(long oid, long serial) {
        point(oid, serial, DELETED, 0);
    }

    /** Adds or replaces what undoes a change of an object: a record that shares the data of the one at {@code back}. */
    public void undo(long oid, long back) {
        point(oid, Tid.NONE, UNDONE, back);
    }

    /** Lets a record share the data of the one at {@code back} instead of having its own. */
    public void shareData(int i, long back) {
        forget(i);
        lengths[i] = 0;
        positions[i] = back;
    }

    private void point(long oid, long serial, byte kind, long back) {
        if (!closed) {
            int number = place(oid, serial, kind);
            lengths[number] = 0;
            positions[number] = back;
        }
    }

    private int place(long oid, long serial, byte kind) {
        int number = table.find(oid, oids);
        if (number < 0) {
            number = append(oid);
        } else {
            forget(number);
        }
        serials[number] = serial;
        kinds[number] = kind;
        return number;
    }

    private void put(long oid, long serial, byte kind, byte[] data) {
        if (closed) {
            return;
        }
        int number = place(oid, serial, kind);
        lengths[number] = data.length;
        spilling = spilling || !memory.take(cost(data.length));
        if (spilling) {
            positions[number] = spilledBytes;
            spill(data);
        } else {
            positions[number] = IN_MEMORY;
            keep(number, data);
        }
    }

    private int append(long oid) {
        if (count == oids.length) {
            int capacity = count + (count >> 1);
            oids = Arrays.copyOf(oids, capacity);
            serials = Arrays.copyOf(serials, capacity);
            kinds = Arrays.copyOf(kinds, capacity);
            lengths = Arrays.copyOf(lengths, capacity);
            positions = Arrays.copyOf(positions, capacity);
        }
        oids[count] = oid;
        table.add(count, oids);
        return count++;
    }

    private void forget(int number) {
        origins.remove(number);
        if (lengths[number] > 0 && positions[number] == IN_MEMORY) {
            memory.giveBack(cost(lengths[number]));
            kept[number] = NOTHING;
        }
    }

    private static long cost(int length) {
        return length + RECORD_OVERHEAD_BYTES;
    }

    private void keep(int number, byte[] data) {
        if (number >= kept.length) {
            kept = Arrays.copyOf(kept, oids.length);
        }
        kept[number] = data;
    }

    private void spill(byte[] data) {
        spilledBytes += data.length;
        if (data.length >= CHUNK_BYTES / 2) {
            flush();
            spill.write(data);
            return;
        }
        if (chunk != null && chunk.remaining() < data.length) {
            flush();
        }
        ByteBuffer current = chunk;
        if (current == null) {
            current = ByteBuffer.allocate(CHUNK_BYTES);
            chunk = current;
        }
        current.put(data);
    }

    private void flush() {
        ByteBuffer full = chunk;
        if (full != null) {
            chunk = null;
            spill.write(full.flip());
        }
    }

    @Override
    public int count() {
        return count;
    }

    @Override
    public long oid(int i) {
        return oids[i];
    }

    /** Whether this is a record as a client stores it, and not a deletion, a copy, or something undone. */
    public boolean isStored(int i) {
        return kinds[i] == STORED;
    }

    public boolean isDeletion(int i) {
        return kinds[i] == DELETED;
    }

    /** Whether any record is a copy. */
    public boolean isRestoring() {
        return restoring;
    }

    /** The copies that may share the data of an older record: the tid of that by number. */
    public Map<Integer, Long> origins() {
        return Map.copyOf(origins);
    }

    @Override
    public boolean isPointer(int i) {
        return lengths[i] == 0;
    }

    @Override
    public long back(int i) {
        return positions[i];
    }

    @Override
    public long tid(int i, long transactionTid) {
        return kinds[i] == RESTORED ? serials[i] : transactionTid;
    }

    /** The revision that the client changed. */
    public long serial(int i) {
        return serials[i];
    }

    @Override
    public int length(int i) {
        return lengths[i];
    }

    /**
     * Reads a record. A spilled one may be read when {@link #whenWritten} has completed, no record having been added
     * since.
     *
     * @return the record; nobody changes the array
     * @throws IOException if the file cannot be read, or it has been closed
     */
    @Override
    public byte[] data(int i) throws IOException {
        if (positions[i] == IN_MEMORY) {
            return kept[i];
        }
        StagingFile file = spill.file();
        if (file == null) {
            throw new IOException(
                    "staged record " + i + " is not in its file (of " + count + "; closed: " + closed + ")");
        }
        SpillReader current = reader;
        if (current == null) {
            current = new SpillReader();
            reader = current;
        }
        return current.read(file, positions[i], lengths[i]);
    }

    /** The number of the record of an object, negative if there is none. */
    public int find(long oid) {
        return table.find(oid, oids);
    }

    /** Whether there is a record of an object. */
    public boolean contains(long oid) {
        return table.find(oid, oids) >= 0;
    }

    /** The length of the file, replaced records included; 0 if everything is in memory. */
    public long spilledBytes() {
        return spilledBytes;
    }

    /** Whether more is waiting to be written to the file than is good; see {@link SerialFileWriter#isBacklogged}. */
    public boolean isBacklogged(Runnable whenDrained) {
        return spill.isBacklogged(whenDrained);
    }

    /**
     * Completes when every record can be read, at once if all are in memory. Fails with a
     * {@link io.zeolite.error.CallException} if the file could not be written.
     */
    public void whenWritten(Completion<Void> completion) {
        flush();
        spill.whenWritten(completion);
    }

    /** Lets go of the file, also of what is still to be written. */
    @Override
    public void close() {
        closed = true;
        memory.close();
        spill.abort();
    }
}
