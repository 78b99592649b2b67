package io.zeolite.bench;

import java.io.IOException;
import java.util.random.RandomGenerator;

/**
 * Loads random objects over one connection and keeps {@code depth} requests under way: each reply is followed by a new request,
 * and all replies that arrived together by one write. Replies may come in any order. It ends at the deadline or after so many
 * requests, if a number is given.
 */
final class Loads implements Workload {
    private final Connection connection;
    private final RandomGenerator random;
    private final long first;
    private final long objects;
    private long left;
    private final long[] oids;
    private final long[] sentNanos;

    Loads(Connection connection, RandomGenerator random, long first, long objects, int depth, long most) {
        this.connection = connection;
        this.random = random;
        this.first = first;
        this.objects = objects;
        this.left = most == 0 ? Long.MAX_VALUE : most;
        oids = new long[depth];
        sentNanos = new long[depth];
    }

    @Override
    public void run(long deadlineNanos, Latencies latencies) throws IOException {
        int underWay = 0;
        while (underWay < oids.length) {
            request(underWay++, System.nanoTime());
        }
        connection.flush();
        while (underWay > 0) {
            do {
                Message reply = connection.next();
                if (reply.isNotification()) {
                    continue;
                }
                int slot = slotOf(check(reply).id());
                long now = System.nanoTime();
                latencies.add(now - sentNanos[slot]);
                if (left > 0 && now - deadlineNanos < 0) {
                    request(slot, now);
                } else {
                    oids[slot] = -1;
                    underWay--;
                }
            } while (connection.hasNext());
            connection.flush();
        }
    }

    private void request(int slot, long now) {
        left--;
        long oid = first + random.nextLong(objects);
        // A client asks for the same revision once at a time, as the oid is the number of the call.
        while (slotOrNone(oid) >= 0) {
            oid = first + random.nextLong(objects);
        }
        oids[slot] = oid;
        sentNanos[slot] = now;
        connection.requests().loadBefore(oid, Requests.MAX_TID);
    }

    private static Message check(Message reply) throws IOException {
        int data = reply.succeeded().result();
        if (!reply.isLoad() || !reply.isBytes(data) || reply.length(data) == 0 || !reply.isBytes(data + 1)) {
            throw new IOException("reply to a load: not (data, serial, end)");
        }
        return reply;
    }

    private int slotOf(long oid) throws IOException {
        int slot = slotOrNone(oid);
        if (slot < 0) {
            throw new IOException("reply to a load of oid " + oid + ", which was not asked for");
        }
        return slot;
    }

    private int slotOrNone(long oid) {
        for (int slot = 0; slot < oids.length; slot++) {
            if (oids[slot] == oid) {
                return slot;
            }
        }
        return -1;
    }
}
