package io.zeolite.bench;

import io.zeolite.bench.Connection.Revision;
import java.io.IOException;

/**
 * Downloads the current revision of a blob a number of times, or until the deadline if that is 0, and checks its length and, by
 * the stamps in it, its order.
 */
final class BlobDownloads implements Workload {
    private final Connection connection;
    private final long length;
    private final int times;
    private final Revision revision;

    BlobDownloads(Connection connection, long oid, long length, int times) throws IOException {
        this.connection = connection;
        this.length = length;
        this.times = times;
        revision = connection.load(oid);
    }

    @Override
    public void run(long deadlineNanos, Latencies latencies) throws IOException {
        long start = System.nanoTime();
        for (int i = 0; times == 0 ? start - deadlineNanos < 0 : i < times; i++) {
            download();
            long end = System.nanoTime();
            latencies.add(end - start);
            start = end;
        }
    }

    private void download() throws IOException {
        int id = connection.nextId();
        connection.requests().sendBlob(id, revision.oid(), revision.serial());
        connection.flush();
        long position = 0;
        Message message = connection.next();
        while (message.isNotification()) {
            if (message.isNotification("receiveBlobChunk")) {
                position = checkChunk(message, position);
            }
            message = connection.next();
        }
        message.succeeded();
        if (message.id() != id || position != length) {
            throw new IOException("blob: " + position + " bytes (expected: " + length + ")");
        }
    }

    /** Compares the stamps in a chunk that begins at that position of the blob, and returns where it ends. */
    private long checkChunk(Message message, long position) throws IOException {
        int chunk = 5;
        int chunkLength = message.length(chunk);
        long ahead = BlobUploads.CHUNK_BYTES;
        long stamp = (position + ahead - 1) / ahead * ahead;
        for (; stamp + Long.BYTES <= position + chunkLength; stamp += ahead) {
            long found = connection.received().getLong(message.position(chunk) + (int) (stamp - position));
            if (found != stamp) {
                throw new IOException("blob at " + stamp + ": " + found + " (expected: its own position)");
            }
        }
        return position + chunkLength;
    }
}
