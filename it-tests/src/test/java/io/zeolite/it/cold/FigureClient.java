package io.zeolite.it.cold;

import io.zeolite.client.connection.BlockingConnection;
import io.zeolite.client.connection.ConnectionOptions;
import io.zeolite.client.connection.ServerMessages;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PyDict;
import io.zeolite.pickle.PyTuple;
import io.zeolite.wire.BlobPiece;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;

/** A client that does little itself, so that what it measures is the server. */
final class FigureClient implements AutoCloseable {
    private static final Duration PATIENT = Duration.ofMinutes(5);
    private static final int CHUNK_BYTES = 59_000;
    private static final byte[] BLOB_RECORD =
            HexFormat.of().parseHex("8003635a4f44422e626c6f620a426c6f620a71002e80034e2e");
    private static final byte[] NOTHING = {};

    private final BlockingConnection connection;
    private volatile long firstChunkNanos;
    private final AtomicLong chunkBytes = new AtomicLong();
    private long transaction;

    private FigureClient(String address) throws IOException {
        String[] parts = address.split(":", -1);
        connection = BlockingConnection.open(
                new InetSocketAddress(parts[0], Integer.parseInt(parts[1])),
                ConnectionOptions.DEFAULT,
                new ServerMessages() {
                    @Override
                    public void received(String method, PyTuple args) {
                        if (method.equals(Methods.RECEIVE_BLOB_CHUNK)) {
                            came(((byte[]) Objects.requireNonNull(args.get(2))).length);
                        }
                    }

                    @Override
                    public void received(BlobPiece piece) {
                        came(piece.data().readableBytes());
                    }
                });
        connection.register("1", false, PATIENT);
    }

    private void came(int bytes) {
        if (chunkBytes.getAndAdd(bytes) == 0) {
            firstChunkNanos = System.nanoTime();
        }
    }

    static FigureClient connect(String address) throws IOException {
        return new FigureClient(address);
    }

    private static byte[] id(long value) {
        return ByteBuffer.allocate(Long.BYTES).putLong(value).array();
    }

    private void send(String method, Object... arguments) {
        connection.async().send(method, PyTuple.of(arguments));
    }

    private void begin() {
        transaction++;
        connection.async().send(Methods.TPC_BEGIN, PyTuple.of(transaction, NOTHING, NOTHING, new PyDict(), null, " "));
    }

    /** @return the tid */
    private long commit() throws IOException {
        connection.call(PATIENT, Methods.VOTE, PyTuple.of(transaction));
        byte[] tid =
                (byte[]) Objects.requireNonNull(connection.call(PATIENT, Methods.TPC_FINISH, PyTuple.of(transaction)));
        return ByteBuffer.wrap(tid).getLong();
    }

    /** Commits objects 1 to so many, of 500 bytes each. */
    void commitObjects(int count) throws IOException {
        begin();
        byte[] record = Arrays.copyOf(BLOB_RECORD, 500);
        record[0] = 0;
        for (long oid = 1; oid <= count; oid++) {
            send(Methods.STORE, id(oid), id(0), record, transaction);
        }
        commit();
    }

    /** Commits a new blob. */
    long commitBlob(long oid, byte[] content) throws IOException {
        begin();
        send(Methods.STORE, id(oid), id(0), BLOB_RECORD, transaction);
        send(Methods.STORE_BLOB_START);
        for (int start = 0; start < content.length; start += CHUNK_BYTES) {
            byte[] chunk = Arrays.copyOfRange(content, start, Math.min(content.length, start + CHUNK_BYTES));
            send(Methods.STORE_BLOB_CHUNK, (Object) chunk);
        }
        send(Methods.STORE_BLOB_END, id(oid), id(0), BLOB_RECORD, transaction);
        return commit();
    }

    void load(long oid) throws IOException {
        connection.call(PATIENT, Methods.LOAD_BEFORE, PyTuple.of(id(oid), id(Long.MAX_VALUE)));
    }

    /** How long a blob took: to its first bytes, and to its end. */
    record Read(double firstMillis, double allMillis) {
        static double medianFirst(List<Read> reads) {
            return median(reads.stream().map(Read::firstMillis).toList());
        }

        static double medianAll(List<Read> reads) {
            return median(reads.stream().map(Read::allMillis).toList());
        }
    }

    static double median(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        return sorted.get(sorted.size() / 2);
    }

    Read readBlob(long oid, long tid, long size) throws IOException {
        chunkBytes.set(0);
        long start = System.nanoTime();
        connection.call(PATIENT, Methods.SEND_BLOB, PyTuple.of(id(oid), id(tid)));
        long end = System.nanoTime();
        if (chunkBytes.get() != size) {
            throw new IOException("a blob of " + chunkBytes.get() + " bytes (expected: " + size + ")");
        }
        return new Read((firstChunkNanos - start) / 1e6, (end - start) / 1e6);
    }

    @Override
    public void close() {
        connection.close();
    }
}
