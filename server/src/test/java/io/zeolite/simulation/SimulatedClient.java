package io.zeolite.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.storage.LoadResult;
import io.zeolite.zodb.Tid;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A client with a cache, as Python's is: what it has loaded or stored as current it believes to be current until it is
 * told otherwise. The cache survives its connections, one after the other, and the server.
 */
final class SimulatedClient {
    private final Simulation simulation;
    private final int number;
    private final Map<Long, LoadResult.Loaded> cache = new TreeMap<>();
    /** The last transaction that the cache knows of. */
    private long lastTid;

    private int transactions;
    private int connections;
    private int transactionsLeft;

    SimulatedClient(Simulation simulation, int number) {
        this.simulation = simulation;
        this.number = number;
    }

    /** A server is there. Connects to it after a while. */
    void begin(Life life, int transactionsToDo) {
        transactionsLeft = transactionsToDo;
        connectLater(life);
    }

    void connectLater(Life life) {
        Duration delay = Duration.ofNanos(simulation.random.nextInt(3_000_000));
        life.scheduler().after(delay, () -> new SimulatedConnection(life, this, name() + "/" + ++connections).open());
    }

    String name() {
        return "c" + number;
    }

    boolean hasMoreToDo() {
        return transactionsLeft > 0;
    }

    /** @param undone the transaction that it undoes; null if it is none of that kind */
    SimulatedTransaction newTransaction(@Nullable Long undone) {
        transactionsLeft--;
        return new SimulatedTransaction(name() + "." + ++transactions, undone);
    }

    long lastTid() {
        return lastTid;
    }

    boolean isCacheEmpty() {
        return cache.isEmpty();
    }

    /** What the client believes to be the current revision of an object; null if it would have to ask. */
    LoadResult.@Nullable Loaded cached(long oid) {
        return cache.get(oid);
    }

    void loaded(long oid, LoadResult result) {
        if (result instanceof LoadResult.Loaded loaded && loaded.isCurrent()) {
            cache.put(oid, loaded);
        }
    }

    void invalidate(long tid, Iterable<Long> oids) {
        assertThat(tid).as("%s is told of transactions in order", name()).isGreaterThanOrEqualTo(lastTid);
        oids.forEach(cache::remove);
        lastTid = tid;
    }

    void dropCache(long tid) {
        cache.clear();
        lastTid = tid;
    }

    void committed(long tid, SimulatedTransaction transaction) {
        invalidate(tid, transaction.written.keySet());
        transaction.written.forEach((oid, data) -> {
            if (data != null) {
                cache.put(oid, new LoadResult.Loaded(data, tid, Tid.NONE));
            }
        });
    }

    /** Everything in the cache is what was current after the last transaction that the client knows of. */
    void checkCache() {
        cache.forEach((oid, loaded) -> {
            Map.Entry<Long, byte @Nullable []> current =
                    simulation.history.revisions(oid).floorEntry(lastTid);
            assertThat(current)
                    .as("revision of %s that %s has in its cache", oid, name())
                    .isNotNull();
            assertThat(loaded.serial())
                    .as("serial of %s in the cache of %s at %s", oid, name(), Tid.toHex(lastTid))
                    .isEqualTo(current.getKey());
            assertThat(loaded.data()).isEqualTo(current.getValue());
        });
    }
}
