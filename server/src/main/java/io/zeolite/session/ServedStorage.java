package io.zeolite.session;

import io.zeolite.pickle.PyDict;
import io.zeolite.storage.Storage;
import io.zeolite.zodb.Tid;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** A storage under the name that clients ask for, and what they do to it. Any thread. */
public final class ServedStorage {
    private final String name;
    private final Storage storage;
    private final boolean readOnly;
    private final Duration transactionTimeout;
    private final Instant start;
    private final StorageStats stats = new StorageStats();

    /**
     * A storage to serve.
     *
     * @param name what clients register with
     * @param readOnly whether the server refuses writes, whatever the storage would take
     * @param transactionTimeout zero if there is none
     * @param start when the server started
     */
    public ServedStorage(String name, Storage storage, boolean readOnly, Duration transactionTimeout, Instant start) {
        this.name = name;
        this.storage = storage;
        this.readOnly = readOnly;
        this.transactionTimeout = transactionTimeout;
        this.start = start;
    }

    public String name() {
        return name;
    }

    public Storage storage() {
        return storage;
    }

    boolean isReadOnly() {
        return readOnly || storage.info().readOnly();
    }

    Duration transactionTimeout() {
        return transactionTimeout;
    }

    StorageStats stats() {
        return stats;
    }

    /** The answer to {@code server_status}: the fields of Python's server, in its order, and {@code failed} if it has. */
    public PyDict status() {
        Instant locked = storage.lockedSince();
        String failure = storage.failure();
        PyDict status = new PyDict()
                .put("connections", (long) stats.connections.get())
                .put("loads", stats.loads.sum())
                .put("stores", stats.stores.sum())
                .put("commits", stats.commits.sum())
                .put("aborts", stats.aborts.sum())
                .put("active_txns", (long) stats.activeTransactions.get())
                .put("lock_time", locked == null ? null : (Object) (locked.toEpochMilli() / 1000.0))
                .put("conflicts", stats.conflicts.sum())
                .put("conflicts_resolved", 0L)
                .put("start", ctime(start))
                .put("waiting", (long) storage.waitingVotes())
                .put("timeout-thread-is-alive", transactionTimeout.isZero() ? "stub" : (Object) true)
                .put("last-transaction", Tid.toHex(storage.lastTransaction()));
        return failure == null ? status : status.put("failed", failure);
    }

    /** As C's function of this name, by which Python prints the start of its server. */
    private static String ctime(Instant time) {
        return DateTimeFormatter.ofPattern("EEE MMM ppd HH:mm:ss yyyy", Locale.ROOT)
                .withZone(ZoneId.systemDefault())
                .format(time);
    }
}
