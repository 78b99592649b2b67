package io.zeolite.storage;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/** Transactions that were published together. Any thread. */
public final class InvalidationBatch {
    private final List<Invalidations> transactions;
    private final Map<Class<?>, Object> made = new ConcurrentHashMap<>();

    /** @param transactions at least one, in the order of their tids; nobody changes the list */
    public InvalidationBatch(List<Invalidations> transactions) {
        this.transactions = transactions;
    }

    public List<Invalidations> transactions() {
        return transactions;
    }

    /**
     * What those make of it who are told: the first of them does, and it lives as long as the batch.
     *
     * @param kind what it is; there is one of each
     */
    public <T> T shared(Class<T> kind, Function<List<Invalidations>, T> make) {
        return kind.cast(made.computeIfAbsent(kind, any -> make.apply(transactions)));
    }
}
