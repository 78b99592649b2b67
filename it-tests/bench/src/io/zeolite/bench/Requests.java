package io.zeolite.bench;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Writes sized Z5 requests into a buffer, byte for byte as ZEO's own client encodes them but for the numbers, which always
 * take four bytes. No allocation, so that the load costs little beside the server. Methods that end in {@code tpc} or begin a
 * store are one-way; the others take the number of the reply to wait for.
 */
final class Requests {
    static final long MAX_TID = Long.MAX_VALUE;

    private static final byte[] REGISTER = name("register");
    private static final byte[] STORAGE = name("1");
    private static final byte[] LOAD_BEFORE = name("loadBefore");
    private static final byte[] PING = name("ping");
    private static final byte[] TPC_BEGIN = name("tpc_begin");
    private static final byte[] STOREA = name("storea");
    private static final byte[] VOTE = name("vote");
    private static final byte[] TPC_FINISH = name("tpc_finish");
    private static final byte[] TPC_ABORT = name("tpc_abort");
    private static final byte[] BLOB_START = name("storeBlobStart");
    private static final byte[] BLOB_CHUNK = name("storeBlobChunk");
    private static final byte[] BLOB_END = name("storeBlobEnd");
    private static final byte[] SEND_BLOB = name("sendBlob");
    private static final byte[] NORMAL_STATUS = name(" ");

    private final ByteBuffer out;
    private int start;

    Requests(ByteBuffer out) {
        this.out = out;
    }

    void register(int id) {
        call(id, REGISTER);
        text(STORAGE);
        op('K').put((byte) 0);
        op(0x86);
        end();
    }

    /** The id of a load is the pair of its arguments. */
    void loadBefore(long oid, long tid) {
        begin();
        eight(oid);
        eight(tid);
        op(0x86);
        op(0x89);
        text(LOAD_BEFORE);
        eight(oid);
        eight(tid);
        op(0x86);
        end();
    }

    void ping(int id) {
        call(id, PING);
        op(')');
        end();
    }

    void tpcBegin(int transaction) {
        oneWay(TPC_BEGIN);
        op('(');
        integer(transaction);
        bytes(new byte[0]);
        bytes(new byte[0]);
        op('}');
        op('N');
        text(NORMAL_STATUS);
        op('t');
        end();
    }

    void storea(long oid, long serial, byte[] data, int transaction) {
        oneWay(STOREA);
        record(oid, serial, data, transaction);
    }

    void vote(int id, int transaction) {
        call(id, VOTE);
        integer(transaction);
        op(0x85);
        end();
    }

    void tpcFinish(int id, int transaction) {
        call(id, TPC_FINISH);
        integer(transaction);
        op(0x85);
        end();
    }

    void tpcAbort(int id, int transaction) {
        call(id, TPC_ABORT);
        integer(transaction);
        op(0x85);
        end();
    }

    void storeBlobStart() {
        oneWay(BLOB_START);
        op(')');
        end();
    }

    void storeBlobChunk(byte[] chunk, int length) {
        oneWay(BLOB_CHUNK);
        bytes(chunk, length);
        op(0x85);
        end();
    }

    void storeBlobEnd(long oid, long serial, byte[] data, int transaction) {
        oneWay(BLOB_END);
        record(oid, serial, data, transaction);
    }

    void sendBlob(int id, long oid, long serial) {
        call(id, SEND_BLOB);
        eight(oid);
        eight(serial);
        op(0x86);
        end();
    }

    private void record(long oid, long serial, byte[] data, int transaction) {
        op('(');
        eight(oid);
        eight(serial);
        bytes(data);
        integer(transaction);
        op('t');
        end();
    }

    private void call(int id, byte[] method) {
        begin();
        integer(id);
        op(0x89);
        text(method);
    }

    private void oneWay(byte[] method) {
        begin();
        op('K').put((byte) 0);
        op(0x88);
        text(method);
    }

    private void begin() {
        start = out.position();
        out.putInt(0);
        op(0x80).put((byte) 3);
        op('(');
    }

    private void end() {
        op('t');
        op('.');
        out.putInt(start, out.position() - start - Integer.BYTES);
    }

    private void integer(int value) {
        op('J').putInt(Integer.reverseBytes(value));
    }

    private void eight(long value) {
        op('C').put((byte) Long.BYTES).putLong(value);
    }

    private void bytes(byte[] value) {
        bytes(value, value.length);
    }

    private void bytes(byte[] value, int length) {
        if (length < 256) {
            op('C').put((byte) length);
        } else {
            op('B').putInt(Integer.reverseBytes(length));
        }
        out.put(value, 0, length);
    }

    private void text(byte[] value) {
        op('X').putInt(Integer.reverseBytes(value.length)).put(value);
    }

    private ByteBuffer op(int opcode) {
        return out.put((byte) opcode);
    }

    private static byte[] name(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
