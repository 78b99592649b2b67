package io.zeolite.bench;

import java.io.IOException;

/** A client that asks and asks, and never reads an answer. An operation is a request that could be sent. */
final class Deaf implements Workload {
    private final Connection connection;
    private final long first;
    private final long objects;

    Deaf(Connection connection, long first, long objects) {
        this.connection = connection;
        this.first = first;
        this.objects = objects;
    }

    @Override
    public void run(long deadlineNanos, Latencies latencies) {
        try {
            for (long n = 0; System.nanoTime() - deadlineNanos < 0; n++) {
                connection.requests().loadBefore(first + n % objects, Requests.MAX_TID);
                connection.flush();
                latencies.add(0);
            }
        } catch (IOException e) {
            // The server has had enough of it, or it waited to send when the others had ended.
        }
    }

    @Override
    public void stop() throws IOException {
        connection.close();
    }
}
