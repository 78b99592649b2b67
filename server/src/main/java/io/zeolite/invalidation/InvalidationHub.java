package io.zeolite.invalidation;

import io.zeolite.storage.InvalidationBatch;
import io.zeolite.storage.InvalidationListener;
import io.zeolite.storage.Invalidations;
import io.zeolite.storage.Subscription;
import java.util.ArrayDeque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The listeners of one storage, and a queue of what its last transactions changed.
 *
 * <p>One lock makes three things one step: transactions become visible, they enter the queue, and every listener is
 * told. So a client that registers hears of exactly the transactions after the tid that it was given, and an answer from
 * the queue never names a transaction that loads do not see yet. Nothing under the lock waits for disk or network. Loads
 * do not take it.
 */
public final class InvalidationHub {
    private final int capacity;
    private final LongSupplier lastTransaction;
    private final ArrayDeque<Invalidations> recent = new ArrayDeque<>();
    /** Copied on write, since a listener may close a subscription while it is told. */
    private final List<Listening> listeners = new CopyOnWriteArrayList<>();

    /**
     * A transaction that has been written.
     *
     * @param makeVisible after it, loads see the transaction
     * @param committer the subscription of the client that committed it, who is not told of it
     * @param answer tells that client; it hands it over and returns
     */
    public record Committed(
            Runnable makeVisible,
            Invalidations invalidations,
            @Nullable Subscription committer,
            Runnable answer) {}

    private final class Listening implements Subscription {
        private final InvalidationListener listener;
        private final long startTid;
        /** Guarded by the hub. */
        private boolean closed;

        Listening(InvalidationListener listener, long startTid) {
            this.listener = listener;
            this.startTid = startTid;
        }

        @Override
        public long startTid() {
            return startTid;
        }

        @Override
        public void close() {
            synchronized (InvalidationHub.this) {
                closed = true;
                listeners.remove(this);
            }
        }

        private void tell(InvalidationBatch published, int from, int to) {
            if (from < to && !closed) {
                listener.invalidated(published, from, to);
            }
        }
    }

    /**
     * A hub that knows the last transactions already.
     *
     * @param capacity how many transactions the queue holds, at least 1
     * @param lastTransaction the last transaction that loads see
     * @param recent the last transactions, oldest first
     */
    public InvalidationHub(int capacity, LongSupplier lastTransaction, List<Invalidations> recent) {
        this.capacity = capacity;
        this.lastTransaction = lastTransaction;
        recent.forEach(this::enqueue);
    }

    /** Lets a listener hear of every transaction after {@link Subscription#startTid}. */
    public synchronized Subscription subscribe(InvalidationListener listener) {
        Listening listening = new Listening(listener, lastTransaction.getAsLong());
        listeners.add(listening);
        return listening;
    }

    /**
     * Makes transactions visible, tells everybody of those of others, and answers the committers.
     *
     * <p>Before a committer is answered, everybody else has been told of its transaction: whoever hears of it from the
     * committer finds it told on his own connection. A committer is told of what is before its own transaction before the
     * answer, and of what is behind it afterwards.
     *
     * <p>If something is thrown, everybody is told to verify what they have, since nobody knows who has been told of what.
     *
     * @param batch at least one, in the order of their tids; no object is changed by two of them
     */
    public synchronized void publish(List<Committed> batch) {
        try {
            for (Committed committed : batch) {
                committed.makeVisible.run();
                enqueue(committed.invalidations);
            }
            tellAndAnswer(batch);
        } catch (RuntimeException | Error e) {
            outdatedAfter(e);
            throw e;
        }
    }

    private void tellAndAnswer(List<Committed> batch) {
        InvalidationBatch published = new InvalidationBatch(
                batch.stream().map(Committed::invalidations).toList());
        int end = batch.size();
        // Of each committer the first transaction, and of each transaction the next one of the same committer.
        IdentityHashMap<Subscription, Integer> firstOwn = new IdentityHashMap<>();
        int[] nextOwn = new int[end];
        for (int i = end - 1; i >= 0; i--) {
            Subscription committer = batch.get(i).committer;
            Integer next = committer == null ? null : firstOwn.put(committer, i);
            nextOwn[i] = next == null ? end : next;
        }
        for (Listening listening : listeners) {
            listening.tell(published, 0, firstOwn.getOrDefault(listening, end));
        }
        for (int i = 0; i < end; i++) {
            batch.get(i).answer.run();
            if (batch.get(i).committer instanceof Listening committer) {
                committer.tell(published, i + 1, nextOwn[i]);
            }
        }
    }

    /**
     * Goes on with a storage that was away: what has changed meanwhile is known for all of that time together, or not, and
     * everybody is told to verify what they have.
     *
     * @param makeVisible after it, loads see all of it
     * @param isComplete whether nothing else has changed since the last transaction of the queue
     */
    public synchronized void resume(Runnable makeVisible, Invalidations invalidations, boolean isComplete) {
        makeVisible.run();
        if (!isComplete) {
            recent.clear();
        }
        enqueue(invalidations);
        outdated();
    }

    private void outdatedAfter(Throwable failure) {
        for (Listening listening : listeners) {
            try {
                listening.listener.outdated();
            } catch (RuntimeException | Error e) {
                // The others are to hear of it even so.
                failure.addSuppressed(e);
            }
        }
    }

    /** Runs something quick when everybody has been told of all that is visible by now. */
    public synchronized void whenTold(Runnable task) {
        task.run();
    }

    /** Tells everybody that the storage is not what it was when they registered. */
    public synchronized void outdated() {
        listeners.forEach(listening -> listening.listener.outdated());
    }

    /** Tells everybody that the storage has another size than they were told. */
    public synchronized void resized() {
        listeners.forEach(listening -> listening.listener.resized());
    }

    /** The first entry with a tid; -1 if there is none. */
    private static int find(List<Invalidations> known, long tid) {
        int i = 0;
        while (i < known.size() && known.get(i).tid() != tid) {
            i++;
        }
        return i == known.size() ? -1 : i;
    }

    /**
     * What has changed since a tid, without duplicates; empty if that is more than {@link Invalidations#MOST_MISSED}, or the
     * queue does not have the tid. Then it is from before the queue, or from a history that is not this storage's: of another storage, or lost when this one was restored from a
     * backup. To know what has changed since the lost transactions, one would have to know what they had changed.
     *
     * @return the newest tid of the queue and the objects changed after {@code tid}, or told of with it for the second time
     */
    public Optional<Invalidations> since(long tid) {
        List<Invalidations> known;
        synchronized (this) {
            // The objects of many transactions may be a million: nobody who commits is to wait while they are gone
            // through.
            known = List.copyOf(recent);
        }
        int last = find(known, tid);
        if (last < 0) {
            // That right behind one counts too: no clock gives it to a lost transaction, and a program that wants
            // all from a transaction on, without that, may ask for it, as ZEO's own tests do.
            last = find(known, tid - 1);
        }
        if (last < 0) {
            return Optional.empty();
        }
        long newest = known.get(known.size() - 1).tid();
        Invalidations changes = Invalidations.union(newest, known.subList(last + 1, known.size()).stream());
        return changes.oids().length > Invalidations.MOST_MISSED ? Optional.empty() : Optional.of(changes);
    }

    private void enqueue(Invalidations invalidations) {
        recent.addLast(invalidations);
        // All that was told of a tid goes together: who knows the first of it is to hear of the rest.
        while (recent.size() > capacity && recent.getFirst().tid() != invalidations.tid()) {
            long oldest = recent.getFirst().tid();
            recent.removeIf(one -> one.tid() == oldest);
        }
    }
}
