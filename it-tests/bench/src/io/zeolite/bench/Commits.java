package io.zeolite.bench;

import io.zeolite.bench.Connection.Revision;
import java.io.IOException;

/**
 * Commits one object after the other over one connection: begin, store and vote in one write, then finish. An operation is a
 * transaction from begin to the reply of finish. Where another connection was faster with the same object, the transaction is
 * aborted, the object loaded again and the operation goes on.
 */
final class Commits implements Workload {
    private final Connection connection;
    private final Revision[] revisions;
    private int transaction;

    /** Loads the objects {@code firstOid} and up, which are then committed in turn. */
    Commits(Connection connection, long firstOid, int objects) throws IOException {
        this.connection = connection;
        revisions = new Revision[objects];
        for (int i = 0; i < objects; i++) {
            revisions[i] = connection.load(firstOid + i);
        }
    }

    @Override
    public void run(long deadlineNanos, Latencies latencies) throws IOException {
        long start = System.nanoTime();
        for (int i = 0; start - deadlineNanos < 0; i = (i + 1) % revisions.length) {
            while (!vote(revisions[i])) {
                revisions[i] = connection.load(revisions[i].oid());
            }
            int finish = connection.nextId();
            connection.requests().tpcFinish(finish, transaction);
            revisions[i] = revisions[i].at(tidOf(connection.reply(finish)));
            long end = System.nanoTime();
            latencies.add(end - start);
            start = end;
        }
    }

    private static long tidOf(Message reply) throws IOException {
        if (!reply.isBytes(reply.result())) {
            throw new IOException("reply to tpc_finish: not a tid");
        }
        return reply.eight(reply.result());
    }

    /** Whether the transaction is ready to finish; after a conflict it is gone. */
    private boolean vote(Revision revision) throws IOException {
        transaction++;
        int vote = connection.nextId();
        connection.requests().tpcBegin(transaction);
        connection.requests().storea(revision.oid(), revision.serial(), revision.data(), transaction);
        connection.requests().vote(vote, transaction);
        try {
            Message reply = connection.reply(vote);
            if (!reply.has(reply.result())) {
                return true;
            }
        } catch (Message.ServerError e) {
            if (!e.isConflict()) {
                throw e;
            }
        }
        int abort = connection.nextId();
        connection.requests().tpcAbort(abort, transaction);
        connection.reply(abort);
        return false;
    }
}
