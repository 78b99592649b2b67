package io.zeolite.it.client;

import static io.zeolite.it.client.Clients.record;

import io.zeolite.client.CommitConflictException;
import io.zeolite.client.CommitOutcome;
import io.zeolite.client.CommitUnknownException;
import io.zeolite.client.NoAnswerException;
import io.zeolite.client.Revision;
import io.zeolite.client.ServerUnavailableException;
import io.zeolite.client.ZeoClient;
import io.zeolite.client.ZeoTransaction;
import io.zeolite.client.ZeoView;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** One thread of a client that does things at random and notes what it sees. */
final class ModelWorker {
    private final ZeoClient client;
    private final long[] oids;
    private final Observations seen;
    private final long seed;
    private final Random random;
    private final long end;
    private final Thread thread;
    private int commits;
    private volatile @Nullable Throwable failure;

    private ModelWorker(ZeoClient client, long[] oids, Observations seen, long seed, long end) {
        this.client = client;
        this.oids = oids;
        this.seen = seen;
        this.seed = seed;
        this.random = new Random(seed);
        this.end = end;
        this.thread = new Thread(this::run, "model-worker");
    }

    static ModelWorker start(ZeoClient client, long[] oids, Observations seen, long seed, long end) {
        ModelWorker worker = new ModelWorker(client, oids, seen, seed, end);
        worker.thread.setDaemon(true);
        worker.thread.start();
        return worker;
    }

    void join() throws InterruptedException {
        thread.join();
        if (failure != null) {
            throw new AssertionError("a worker failed", failure);
        }
    }

    private void run() {
        try {
            while (System.nanoTime() < end) {
                try {
                    step();
                } catch (ServerUnavailableException | NoAnswerException e) {
                    seen.unavailable();
                }
            }
        } catch (RuntimeException | AssertionError e) {
            failure = e;
        }
    }

    private void step() {
        switch (random.nextInt(6)) {
            case 0 -> {
                ZeoView view = client.view();
                for (int i = 0; i < 4; i++) {
                    long oid = any();
                    seen.readAt(view.tid(), view.load(oid));
                }
            }
            case 1 -> {
                ZeoView view = client.view();
                view.loadAll(oids).values().forEach(revision -> seen.readAt(view.tid(), revision));
            }
            case 2 -> {
                long oid = any();
                long known = client.lastTransaction();
                seen.readSince(known, client.load(oid));
            }
            case 3 -> {
                long known = client.sync();
                for (Map.Entry<Long, Revision> entry : client.loadAll(oids).entrySet()) {
                    seen.readSince(known, entry.getValue());
                }
            }
            case 4 -> {
                long oid = any();
                Revision current = client.load(oid);
                client.loadBefore(oid, current.serial()).ifPresent(before -> seen.readAt(current.serial() - 1, before));
            }
            default -> commit();
        }
    }

    private long any() {
        return oids[random.nextInt(oids.length)];
    }

    /** Writes two neighbours, which everybody always writes together. */
    private void commit() {
        int first = random.nextInt(oids.length / 2) * 2;
        String value = "java " + seed + " " + ++commits;
        ZeoView view = client.view();
        Revision one = view.load(oids[first]);
        Revision two = view.load(oids[first + 1]);
        seen.readAt(view.tid(), one);
        seen.readAt(view.tid(), two);
        try (ZeoTransaction transaction = client.begin("java", value)) {
            transaction.store(one, record(value)).store(two, record(value));
            if (random.nextInt(4) == 0) {
                transaction.vote();
                if (random.nextBoolean()) {
                    seen.neverCommitted(value);
                    return;
                }
                seen.committed(transaction.finish(), value);
            } else {
                seen.committed(transaction.commit(), value);
            }
        } catch (CommitConflictException e) {
            seen.neverCommitted(value);
            client.sync();
        } catch (ServerUnavailableException e) {
            seen.neverCommitted(value);
        } catch (CommitUnknownException e) {
            findOut(e, value);
        }
    }

    private void findOut(CommitUnknownException unknown, String value) {
        while (true) {
            try {
                CommitOutcome outcome = client.outcome(unknown);
                if (outcome instanceof CommitOutcome.Committed committed) {
                    seen.committed(committed.tid(), value);
                } else if (outcome instanceof CommitOutcome.NotCommitted) {
                    seen.neverCommitted(value);
                } else {
                    throw new AssertionError(outcome.toString());
                }
                seen.foundOut();
                return;
            } catch (ServerUnavailableException e) {
                seen.unavailable();
            }
        }
    }
}
