package io.zeolite.storage.file;

import io.zeolite.storage.TestRecords;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeSet;

/**
 * The bytes of a data file, put together from the description of the format and not with the code under test. It can say
 * what the storage never writes: undo, deletion, pack, damage.
 */
public final class DataFile {
    private final ByteArrayOutputStream file = new ByteArrayOutputStream();
    private final Map<Long, Long> index = new HashMap<>();
    private final NavigableSet<Long> starts = new TreeSet<>();
    private final NavigableSet<Long> tids = new TreeSet<>();
    private final NavigableSet<Long> dataLengths = new TreeSet<>();

    public DataFile() {
        file.writeBytes(TestRecords.bytes("FS30"));
    }

    /** Where an undo came after the time of a pack: that keeps what it points to, and chains nothing. */
    public static DataFile packedBeforeAnUndo() {
        DataFile packed = new DataFile();
        packed.transaction(0x10).status('p').store(1, "A").finish();
        long kept = packed.position(1);
        packed.transaction(0x20)
                .status('p')
                .record(1, 0, 1, TestRecords.bytes("B"))
                .finish();
        return packed.transaction(0x30).back(1, kept).finish();
    }

    /** Begins a transaction; {@link Transaction#finish} puts it into the file. */
    public Transaction transaction(long tid) {
        return new Transaction(tid);
    }

    /** Where the next transaction starts. */
    public int end() {
        return file.size();
    }

    /** The position of the newest record of an object. */
    public long position(long oid) {
        return index.getOrDefault(oid, 0L);
    }

    /** Where the transactions start. */
    public NavigableSet<Long> starts() {
        return Collections.unmodifiableNavigableSet(starts);
    }

    /** Whether a byte belongs to the tid of a transaction or of a record. */
    public boolean isInATid(long place) {
        return isInOneOf(tids, place);
    }

    /** Whether a byte belongs to the length of the data of a record. */
    public boolean isInADataLength(long place) {
        return isInOneOf(dataLengths, place);
    }

    private static boolean isInOneOf(NavigableSet<Long> numbers, long place) {
        Long number = numbers.floor(place);
        return number != null && place < number + Long.BYTES;
    }

    public byte[] bytes() {
        return file.toByteArray();
    }

    /**
     * The bytes with a transaction behind them of which a block was not written, and another one behind that.
     */
    public byte[] withLostBlock() {
        if (end() >= LostBlocks.BLOCK_LENGTH) {
            throw new IllegalStateException("end: " + end() + " (expected: in the first block)");
        }
        String data = "d".repeat(3000);
        transaction(0x70).store(70, data).store(71, data).store(72, data).finish();
        transaction(0x80).store(80, "E").finish();
        byte[] content = bytes();
        Arrays.fill(content, LostBlocks.BLOCK_LENGTH, 2 * LostBlocks.BLOCK_LENGTH, (byte) 0);
        return content;
    }

    public Path writeTo(Path path) throws IOException {
        return Files.write(path, bytes());
    }

    public final class Transaction {
        private final long tid;
        private final int start = end();
        private final ByteArrayOutputStream records = new ByteArrayOutputStream();
        private final Map<Long, Long> positions = new HashMap<>();
        private char status = ' ';
        private byte[] user = {};
        private byte[] description = {};

        private Transaction(long tid) {
            this.tid = tid;
        }

        public Transaction status(char newStatus) {
            status = newStatus;
            return this;
        }

        public Transaction by(String newUser, String newDescription) {
            user = TestRecords.bytes(newUser);
            description = TestRecords.bytes(newDescription);
            return this;
        }

        public Transaction store(long oid, String data) {
            return record(oid, position(oid), data.length(), TestRecords.bytes(data));
        }

        /** A record with the data of the one at {@code back}; 0 for none. */
        public Transaction back(long oid, long back) {
            return record(oid, position(oid), 0, longs(back));
        }

        /** A record of another transaction, as a copy of a storage may have it. */
        public Transaction restore(long oid, long recordTid, String data) {
            return record(oid, recordTid, position(oid), data.length(), TestRecords.bytes(data));
        }

        public Transaction record(long oid, long previous, long length, byte[] content) {
            return record(oid, tid, previous, length, content);
        }

        private Transaction record(long oid, long recordTid, long previous, long length, byte[] content) {
            long position = (long) start + 23 + user.length + description.length + records.size();
            positions.put(oid, position);
            tids.add(position + Long.BYTES);
            dataLengths.add(position + 34);
            records.writeBytes(longs(oid, recordTid, previous, start));
            records.writeBytes(new byte[2]);
            records.writeBytes(longs(length));
            records.writeBytes(content);
            return this;
        }

        public DataFile finish() {
            long length = 23L + user.length + description.length + records.size();
            starts.add((long) start);
            tids.add((long) start);
            file.writeBytes(longs(tid, length));
            file.write(status);
            file.writeBytes(new byte[] {0, (byte) user.length, 0, (byte) description.length, 0, 0});
            file.writeBytes(user);
            file.writeBytes(description);
            file.writeBytes(records.toByteArray());
            file.writeBytes(longs(length));
            index.putAll(positions);
            return DataFile.this;
        }
    }

    private static byte[] longs(long... values) {
        ByteBuffer buffer = ByteBuffer.allocate(8 * values.length);
        for (long value : values) {
            buffer.putLong(value);
        }
        return buffer.array();
    }
}
