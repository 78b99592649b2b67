package io.zeolite.commit;

import io.netty.util.collection.LongObjectHashMap;
import io.zeolite.zodb.OidHash;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Who may change which objects: locks from vote to finish, exclusive for objects that a transaction writes, shared for
 * those it only checked.
 *
 * <p>Every object has a queue of requests. A request joins the queues of all its objects in one step and is granted when
 * it is at the head of each of them (shared requests at the head count together). Since the steps are not interleaved,
 * all queues agree on the order of any two requests: it is first come, first served, and there is no deadlock.
 *
 * <p>A request may also want everything. It is granted when no other is active, and what is requested after it joins no
 * queue before it has been released, so that it is served in its turn too.
 *
 * <p>Used by the committer only.
 */
final class ObjectLocks {
    private static final long[] NOTHING = {};

    /** The locks that one transaction wants, and how many of them it still lacks. */
    static final class Request {
        private final long[] exclusive;
        private final long[] shared;
        private final Place exclusivePlace = new Place(this, true);
        private final Place sharedPlace = new Place(this, false);
        private final boolean everything;
        private int missing;
        private boolean active;
        /** Whether it has passed those that want everything: it is in the queues of its objects, or is the holder. */
        private boolean entered;

        /**
         * What to ask for; no oid twice in an array, and none in both.
         *
         * @param exclusive objects to write
         * @param shared objects that must stay as they are
         */
        Request(long[] exclusive, long[] shared) {
            this(exclusive, shared, false);
        }

        private Request(long[] exclusive, long[] shared, boolean everything) {
            this.exclusive = exclusive;
            this.shared = shared;
            this.everything = everything;
        }

        /** All objects there are, to write. */
        static Request everything() {
            return new Request(NOTHING, NOTHING, true);
        }

        /** Whether this asks for everything, or for the same objects in the same way, in the same order. */
        boolean covers(Request other) {
            return everything
                    || (!other.everything
                            && Arrays.equals(exclusive, other.exclusive)
                            && Arrays.equals(shared, other.shared));
        }
    }

    /** One request in one queue; known by its identity. */
    private static final class Place {
        private final Request request;
        private final boolean exclusive;

        Place(Request request, boolean exclusive) {
            this.request = request;
            this.exclusive = exclusive;
        }
    }

    /** The places of one object in order of arrival; the first {@code granted} of them hold the lock. */
    private static final class Queue {
        private final ArrayDeque<Place> places = new ArrayDeque<>(4);
        private int granted;

        /** Returns whether the place is granted at once. */
        boolean add(Place place) {
            places.add(place);
            boolean free = granted == places.size() - 1;
            if (free && (granted == 0 || (!place.exclusive && !places.getFirst().exclusive))) {
                granted++;
                return true;
            }
            return false;
        }

        void remove(Place place) {
            int position = 0;
            for (Place other : places) {
                if (other == place) {
                    break;
                }
                position++;
            }
            places.remove(place);
            if (position < granted) {
                granted--;
            }
        }

        /** Grants what has come to the head, and collects the requests that now have everything. */
        void grantHead(List<Request> complete) {
            int position = 0;
            for (Place place : places) {
                if (position > 0 && (place.exclusive || places.getFirst().exclusive)) {
                    break;
                }
                if (position >= granted) {
                    granted++;
                    place.request.missing--;
                    if (place.request.missing == 0) {
                        complete.add(place.request);
                    }
                }
                position++;
            }
        }
    }

    /**
     * By the {@link OidHash} of an oid, which is another for each: a {@link Place} that nobody contends, which is the
     * usual case and costs no object of its own, or a {@link Queue}.
     */
    private final LongObjectHashMap<Object> held = new LongObjectHashMap<>();

    /** How many requests are in the queues of their objects. */
    private int joined;
    /** Who holds everything. */
    private @Nullable Request holder;
    /** One that wants everything and does not have it, and whoever came after it; or after one that has it. */
    private final ArrayDeque<Request> behind = new ArrayDeque<>();

    /** Asks for locks. Returns whether they are granted at once; otherwise a {@link #release} will return the request. */
    boolean request(Request request) {
        request.active = true;
        request.missing = request.everything ? 1 : request.exclusive.length + request.shared.length;
        if (holder != null || !behind.isEmpty() || (request.everything && joined > 0)) {
            behind.add(request);
            return false;
        }
        return enter(request);
    }

    /** Takes what it is the request's turn to take. Returns whether it has everything that it wants. */
    private boolean enter(Request request) {
        request.entered = true;
        if (request.everything) {
            holder = request;
            request.missing = 0;
            return true;
        }
        joined++;
        for (long oid : request.exclusive) {
            join(oid, request.exclusivePlace);
        }
        for (long oid : request.shared) {
            join(oid, request.sharedPlace);
        }
        return request.missing == 0;
    }

    /**
     * Gives back the locks of a request, or withdraws it if it still waits.
     *
     * @return the requests that are complete now, in the order in which they were made for each object
     */
    List<Request> release(Request request) {
        List<Request> complete = new ArrayList<>();
        if (!request.active) {
            return complete;
        }
        request.active = false;
        if (holder == request) {
            holder = null;
        } else if (request.entered) {
            leave(request, complete);
        } else {
            behind.remove(request);
        }
        request.entered = false;
        advance(complete);
        return complete;
    }

    private void leave(Request request, List<Request> complete) {
        joined--;
        for (long oid : request.exclusive) {
            leave(oid, request.exclusivePlace, complete);
        }
        for (long oid : request.shared) {
            leave(oid, request.sharedPlace, complete);
        }
    }

    /** Lets those enter whose turn it is. */
    private void advance(List<Request> complete) {
        while (holder == null && !behind.isEmpty() && !(behind.getFirst().everything && joined > 0)) {
            Request next = behind.removeFirst();
            if (enter(next)) {
                complete.add(next);
            }
        }
    }

    boolean isEmpty() {
        return joined == 0 && holder == null && behind.isEmpty();
    }

    private void join(long oid, Place place) {
        long key = OidHash.of(oid);
        Object there = held.putIfAbsent(key, place);
        if (there == null) {
            place.request.missing--;
            return;
        }
        Queue queue = there instanceof Queue q ? q : contended(key, (Place) there);
        if (queue.add(place)) {
            place.request.missing--;
        }
    }

    private Queue contended(long key, Place holder) {
        Queue queue = new Queue();
        queue.add(holder);
        held.put(key, queue);
        return queue;
    }

    private void leave(long oid, Place place, List<Request> complete) {
        long key = OidHash.of(oid);
        @Nullable Object there = held.get(key);
        if (!(there instanceof Queue queue)) {
            held.remove(key);
            return;
        }
        queue.remove(place);
        if (queue.places.isEmpty()) {
            held.remove(key);
        } else {
            queue.grantHead(complete);
        }
    }
}
