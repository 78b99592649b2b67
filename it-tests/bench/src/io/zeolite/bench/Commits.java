package io.zeolite.bench;

import io.zeolite.bench.Connection.Revision;
import java.io.IOException;

/**
 * Commits over one connection, each transaction with as many objects: begin, stores and vote in one write, then finish. An
 * operation is a transaction from begin to the reply of finish. Where another connection was faster with the same object, the
 * transaction is aborted, its objects are loaded again and the operation goes on.
 */
final class Commits implements Workload {
    private final Connection connection;
    private final Revision[][] batches;
    private int transaction;

    /** Loads the objects {@code firstOid} and up, which are then committed in turn, so many at a time. */
    Commits(Connection connection, long firstOid, int transactions, int objectsOfEach) throws IOException {
        this.connection = connection;
        batches = new Revision[transactions][objectsOfEach];
        long oid = firstOid;
        for (Revision[] batch : batches) {
            for (int i = 0; i < batch.length; i++) {
                batch[i] = connection.load(oid++);
            }
        }
    }

    @Override
    public void run(long deadlineNanos, Latencies latencies) throws IOException {
        long start = System.nanoTime();
        for (int i = 0; start - deadlineNanos < 0; i = (i + 1) % batches.length) {
            Revision[] batch = batches[i];
            while (!vote(batch)) {
                for (int k = 0; k < batch.length; k++) {
                    batch[k] = connection.load(batch[k].oid());
                }
            }
            int finish = connection.nextId();
            connection.requests().tpcFinish(finish, transaction);
            long tid = tidOf(connection.reply(finish));
            for (int k = 0; k < batch.length; k++) {
                batch[k] = batch[k].at(tid);
            }
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
    private boolean vote(Revision[] batch) throws IOException {
        transaction++;
        int vote = connection.nextId();
        connection.requests().tpcBegin(transaction);
        for (Revision revision : batch) {
            connection.requests().storea(revision.oid(), revision.serial(), revision.data(), transaction);
        }
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
