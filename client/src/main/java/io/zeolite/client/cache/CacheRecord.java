package io.zeolite.client.cache;

import io.zeolite.zodb.Tid;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One thing that a cache was told, in the log of a {@link CacheFile}. All numbers are big-endian.
 *
 * <pre>
 * file     "ZEOLITE CACHE 1\n", name record, records
 * record   4 length of the body | 4 CRC-32C of the body | body
 * body     1 kind | content
 *   'N'    the name of the storage, UTF-8; the first record and no other
 *   'P'    8 oid | 8 start | 8 end, 0 for a current revision | the pickles
 *   'I'    8 tid | 8 oid ...    the transaction changed these objects
 *   'F'    8 tid | 8 oid ...    these objects were changed up to the transaction, while the client was away
 *   'C'    8 tid                everything was dropped
 * </pre>
 */
sealed interface CacheRecord {
    /** A length, a checksum, and the kind. */
    int HEAD_BYTES = 9;

    /** A revision was added. */
    record Put(long oid, long start, long end, byte[] data) implements CacheRecord {
        @Override
        public byte kind() {
            return 'P';
        }

        @Override
        public int bytes() {
            return HEAD_BYTES + 3 * Long.BYTES + data.length;
        }

        @Override
        public void write(ByteBuffer out) {
            out.putLong(oid).putLong(start).putLong(end).put(data);
        }

        @Override
        public void replay(ObjectCache cache) {
            cache.put(oid, start, end, data);
        }

        @Override
        public long transactionAfter(long before) {
            return before;
        }
    }

    private static int bytesOf(long[] oids) {
        return HEAD_BYTES + Long.BYTES + oids.length * Long.BYTES;
    }

    private static void write(ByteBuffer out, long tid, long[] oids) {
        out.putLong(tid);
        Arrays.stream(oids).forEach(out::putLong);
    }

    /** See {@link ObjectCache#invalidate}. */
    record Invalidated(long tid, long[] oids) implements CacheRecord {
        @Override
        public byte kind() {
            return 'I';
        }

        @Override
        public int bytes() {
            return bytesOf(oids);
        }

        @Override
        public void write(ByteBuffer out) {
            CacheRecord.write(out, tid, oids);
        }

        @Override
        public void replay(ObjectCache cache) {
            // A log that was written anew may tell of a transaction again.
            if (Tid.isAfter(tid, cache.lastTransaction())) {
                cache.invalidate(tid, oids);
            }
        }

        @Override
        public long transactionAfter(long before) {
            return tid;
        }
    }

    /** See {@link ObjectCache#forget}. */
    record Forgot(long tid, long[] oids) implements CacheRecord {
        @Override
        public byte kind() {
            return 'F';
        }

        @Override
        public int bytes() {
            return bytesOf(oids);
        }

        @Override
        public void write(ByteBuffer out) {
            CacheRecord.write(out, tid, oids);
        }

        @Override
        public void replay(ObjectCache cache) {
            cache.forget(tid, oids);
        }

        @Override
        public long transactionAfter(long before) {
            return tid;
        }
    }

    /** See {@link ObjectCache#clear}. */
    record Cleared(long tid) implements CacheRecord {
        @Override
        public byte kind() {
            return 'C';
        }

        @Override
        public int bytes() {
            return HEAD_BYTES + Long.BYTES;
        }

        @Override
        public void write(ByteBuffer out) {
            out.putLong(tid);
        }

        @Override
        public void replay(ObjectCache cache) {
            cache.clear(tid);
        }

        @Override
        public long transactionAfter(long before) {
            return tid;
        }
    }

    byte kind();

    /** What it takes in the file. */
    int bytes();

    /** Writes the content. */
    void write(ByteBuffer out);

    /** Tells the cache again. */
    void replay(ObjectCache cache);

    /** As of which transaction the cache is afterwards, if it was as of this one before. */
    long transactionAfter(long before);

    /** @return null if the body is none of these */
    static @Nullable CacheRecord parse(ByteBuffer body) {
        byte kind = body.get();
        int numbers = body.remaining() / Long.BYTES;
        if (kind == 'P' && numbers >= 3) {
            return new Put(body.getLong(), body.getLong(), body.getLong(), rest(body));
        } else if (kind == 'I' && numbers >= 1) {
            return new Invalidated(body.getLong(), oids(body));
        } else if (kind == 'F' && numbers >= 1) {
            return new Forgot(body.getLong(), oids(body));
        } else if (kind == 'C' && numbers >= 1) {
            return new Cleared(body.getLong());
        }
        return null;
    }

    private static byte[] rest(ByteBuffer body) {
        byte[] bytes = new byte[body.remaining()];
        body.get(bytes);
        return bytes;
    }

    private static long[] oids(ByteBuffer body) {
        long[] oids = new long[body.remaining() / Long.BYTES];
        body.asLongBuffer().get(oids);
        return oids;
    }
}
