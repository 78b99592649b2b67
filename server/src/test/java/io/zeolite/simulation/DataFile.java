package io.zeolite.simulation;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A reader of {@code Data.fs} that shares no code with the storage and forgives nothing: a file that a server has left in
 * good order has only complete, finished transactions from the magic to its last byte.
 */
final class DataFile {
    private static final int HEADER_BYTES = 23;
    private static final int RECORD_HEADER_BYTES = 42;

    /**
     * @param records by oid; null where an object ends
     * @param description what the client called it, see {@link SimulatedTransaction#name()}
     */
    record Transaction(long tid, String description, Map<Long, byte @Nullable []> records) {}

    private final ByteBuffer file;
    /** Where the newest record of an object is. */
    private final Map<Long, Long> newest = new HashMap<>();
    /** By position: the object that a record is of, and what its data is. */
    private final Map<Long, Content> recordsByPosition = new HashMap<>();

    private record Content(long oid, byte @Nullable [] data) {}

    private DataFile(byte[] bytes) {
        this.file = ByteBuffer.wrap(bytes);
    }

    static List<Transaction> read(byte[] bytes) {
        return new DataFile(bytes).transactions();
    }

    private List<Transaction> transactions() {
        require(file.remaining() >= 4 && file.getInt() == 0x46533330, "magic", 0);
        List<Transaction> transactions = new ArrayList<>();
        long last = 0;
        while (file.hasRemaining()) {
            int start = file.position();
            Transaction transaction = transaction(start);
            require(transaction.tid > last, "tid after the one before", start);
            last = transaction.tid;
            transactions.add(transaction);
        }
        return transactions;
    }

    private Transaction transaction(int start) {
        require(file.remaining() >= HEADER_BYTES, "whole header", start);
        long tid = file.getLong();
        long length = file.getLong();
        byte status = file.get();
        int user = file.getShort() & 0xffff;
        int description = file.getShort() & 0xffff;
        int extension = file.getShort() & 0xffff;
        require(status == ' ', "status of a finished transaction, not " + status, start);
        require(length >= HEADER_BYTES && length <= file.limit() - start - 8, "length", start);
        file.position(file.position() + user);
        byte[] name = new byte[description];
        file.get(name);
        file.position(file.position() + extension);
        Map<Long, byte @Nullable []> records = new LinkedHashMap<>();
        Map<Long, Long> positions = new HashMap<>();
        while (file.position() < start + length) {
            record(tid, start, records, positions);
        }
        require(file.position() == start + length, "records that fill the transaction", start);
        require(file.getLong() == length, "length at the end", start);
        newest.putAll(positions);
        return new Transaction(tid, new String(name, StandardCharsets.UTF_8), records);
    }

    private void record(long tid, int start, Map<Long, byte @Nullable []> records, Map<Long, Long> positions) {
        int position = file.position();
        require(file.remaining() >= RECORD_HEADER_BYTES, "whole record header", position);
        long oid = file.getLong();
        require(file.getLong() == tid, "tid of the transaction in the record", position);
        require(file.getLong() == newest.getOrDefault(oid, 0L), "position of the record before", position);
        require(file.getLong() == start, "position of the transaction", position);
        require(file.getShort() == 0, "empty version", position);
        long length = file.getLong();
        require(length >= 0 && length <= file.remaining(), "length of the data", position);
        byte[] data = length == 0 ? dataBack(oid, position) : data((int) length);
        require(!records.containsKey(oid), "each object once", position);
        records.put(oid, data);
        recordsByPosition.put((long) position, new Content(oid, data));
        positions.put(oid, (long) position);
    }

    private byte[] data(int length) {
        byte[] data = new byte[length];
        file.get(data);
        return data;
    }

    /** The data that a record shares with an older one of its object. */
    private byte @Nullable [] dataBack(long oid, int position) {
        long back = file.getLong();
        if (back == 0) {
            return null;
        }
        Content older = recordsByPosition.get(back);
        require(older != null && older.oid == oid, "a back pointer to an older record of the object", position);
        return Objects.requireNonNull(older).data;
    }

    private static void require(boolean holds, String what, int position) {
        if (!holds) {
            throw new AssertionError("Data.fs at " + position + ": expected " + what);
        }
    }
}
