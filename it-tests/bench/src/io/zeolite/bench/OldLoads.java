package io.zeolite.bench;

import java.io.IOException;
import java.util.random.RandomGenerator;

/** Walks back through the revisions of random objects, one request after the other: each asks for what was before the last. */
final class OldLoads implements Workload {
    private final Connection connection;
    private final RandomGenerator random;
    private final long first;
    private final long objects;
    private final int revisions;

    /** @param revisions how many each of the objects has, at the least */
    OldLoads(Connection connection, RandomGenerator random, long first, long objects, int revisions) {
        this.connection = connection;
        this.random = random;
        this.first = first;
        this.objects = objects;
        this.revisions = revisions;
    }

    @Override
    public void run(long deadlineNanos, Latencies latencies) throws IOException {
        long start = System.nanoTime();
        while (start - deadlineNanos < 0) {
            long oid = first + random.nextLong(objects);
            long before = Requests.MAX_TID;
            for (int i = 0; i < revisions; i++) {
                before = connection.loadBefore(oid, before).serial();
                long end = System.nanoTime();
                latencies.add(end - start);
                start = end;
            }
        }
    }
}
