package io.zeolite.bench;

import io.zeolite.bench.Connection.Revision;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Random;

/**
 * Commits a blob a number of times, or until the deadline if that is 0, each in a transaction of its own. Its content is random but for the first eight bytes of
 * each {@link #CHUNK_BYTES}, which are their own position, so that a download can be checked at little cost.
 */
final class BlobUploads implements Workload {
    /** Bytes in one message, as ZEO's client cuts blobs. */
    static final int CHUNK_BYTES = 59_000;

    private final Connection connection;
    private final long length;
    private final int times;
    private final ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES);
    private Revision revision;
    private int transaction;

    BlobUploads(Connection connection, long oid, long length, int times) throws IOException {
        this.connection = connection;
        this.length = length;
        this.times = times;
        new Random(1).nextBytes(chunk.array());
        revision = connection.load(oid);
    }

    @Override
    public void run(long deadlineNanos, Latencies latencies) throws IOException {
        long start = System.nanoTime();
        for (int i = 0; times == 0 ? start - deadlineNanos < 0 : i < times; i++) {
            upload();
            long end = System.nanoTime();
            latencies.add(end - start);
            start = end;
        }
    }

    private void upload() throws IOException {
        Requests requests = connection.requests();
        transaction++;
        requests.tpcBegin(transaction);
        requests.storea(revision.oid(), revision.serial(), revision.data(), transaction);
        requests.storeBlobStart();
        for (long position = 0; position < length; position += CHUNK_BYTES) {
            chunk.putLong(0, position);
            requests.storeBlobChunk(chunk.array(), (int) Math.min(CHUNK_BYTES, length - position));
            connection.flush();
        }
        requests.storeBlobEnd(revision.oid(), revision.serial(), revision.data(), transaction);
        int vote = connection.nextId();
        requests.vote(vote, transaction);
        Message voted = connection.reply(vote);
        if (voted.has(voted.result())) {
            throw new IOException("vote on a blob: a conflict");
        }
        int finish = connection.nextId();
        requests.tpcFinish(finish, transaction);
        Message finished = connection.reply(finish);
        revision = revision.at(finished.eight(finished.result()));
    }
}
