package io.zeolite.it.client;

import io.zeolite.client.Revision;
import io.zeolite.client.StoredTransaction;
import io.zeolite.client.TransactionIterator;
import io.zeolite.client.ZeoClient;
import io.zeolite.zodb.Tid;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/** What clients have seen, and whether a history explains it. Any thread notes. */
final class Observations {
    private record Read(boolean exact, long tid, long oid, long serial, String value) {}

    private record Written(long tid, String value) {}

    private final Queue<Read> reads = new ConcurrentLinkedQueue<>();
    private final Queue<Written> committed = new ConcurrentLinkedQueue<>();
    private final Queue<String> never = new ConcurrentLinkedQueue<>();
    private final AtomicLong unavailable = new AtomicLong();
    private final AtomicLong foundOut = new AtomicLong();

    /** What was current at a transaction. */
    void readAt(long tid, Revision revision) {
        reads.add(new Read(true, tid, revision.oid(), revision.serial(), value(revision)));
    }

    /** What was current after a transaction of which the client knew, perhaps later. */
    void readSince(long tid, Revision revision) {
        reads.add(new Read(false, tid, revision.oid(), revision.serial(), value(revision)));
    }

    private static String value(Revision revision) {
        return Clients.value(revision.data()).toString();
    }

    void committed(long tid, String value) {
        committed.add(new Written(tid, value));
    }

    void neverCommitted(String value) {
        never.add(value);
    }

    void unavailable() {
        unavailable.incrementAndGet();
    }

    void foundOut() {
        foundOut.incrementAndGet();
    }

    int reads() {
        return reads.size();
    }

    int commits() {
        return committed.size();
    }

    /** How often a client did not know at first whether it had committed. */
    long outcomesFoundOut() {
        return foundOut.get();
    }

    /** Compares everything with the storage. Returns what there was, in words. */
    String check(ZeoClient client) {
        Map<Long, NavigableMap<Long, String>> history = new HashMap<>();
        Map<Long, Set<String>> byTid = new HashMap<>();
        Set<String> present = new HashSet<>();
        try (TransactionIterator transactions = client.iterate()) {
            while (transactions.hasNext()) {
                for (StoredTransaction.StoredRecord record : transactions.next().records()) {
                    byte[] data = record.data();
                    if (data != null) {
                        String value = Clients.value(data).toString();
                        history.computeIfAbsent(record.oid(), oid -> new TreeMap<>())
                                .put(record.tid(), value);
                        byTid.computeIfAbsent(record.tid(), tid -> new HashSet<>())
                                .add(value);
                        present.add(value);
                    }
                }
            }
        }
        for (Read read : reads) {
            check(read, history.getOrDefault(read.oid, new TreeMap<>()));
        }
        for (Written written : committed) {
            if (!byTid.getOrDefault(written.tid, Set.of()).contains(written.value)) {
                throw new AssertionError("committed and not there: " + written);
            }
        }
        for (String value : never) {
            if (present.contains(value)) {
                throw new AssertionError("there, although it was not committed: " + value);
            }
        }
        return byTid.size() + " transactions in the history, " + reads.size() + " reads, " + committed.size()
                + " commits, " + never.size() + " that were not committed, " + foundOut + " outcomes found out, "
                + unavailable + " times without a server";
    }

    private static void check(Read read, NavigableMap<Long, String> revisions) {
        Map.Entry<Long, String> then = revisions.floorEntry(read.tid);
        boolean isThere = read.value.equals(revisions.get(read.serial));
        boolean isRight = then != null && (read.exact ? then.getKey() == read.serial : then.getKey() <= read.serial);
        if (!isThere || !isRight) {
            throw new AssertionError(
                    read + ", but the history has " + then + " at " + Tid.toString(read.tid) + " in " + revisions);
        }
    }
}
