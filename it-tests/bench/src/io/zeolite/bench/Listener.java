package io.zeolite.bench;

import java.io.IOException;

/** A client that does nothing but read what it is told. An operation is an invalidation; how long it took is not known. */
final class Listener implements Workload {
    private final Connection connection;

    Listener(Connection connection) {
        this.connection = connection;
    }

    @Override
    public void run(long deadlineNanos, Latencies latencies) throws IOException {
        Message message = connection.next();
        while (message.isNotification()) {
            if (!message.isNotification("invalidateTransaction")) {
                throw new IOException("a message to a client that asked nothing, and no invalidation");
            }
            latencies.add(0);
            message = connection.next();
        }
        message.succeeded();
    }

    /** Asks for an answer, which comes behind the invalidations of everything that has been committed. */
    @Override
    public void stop() throws IOException {
        connection.requests().ping(connection.nextId());
        connection.flush();
    }
}
