package io.zeolite.commit;

import io.netty.util.collection.LongObjectHashMap;
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
 * <p>Used by the committer's thread only.
 */
final class ObjectLocks {
    /** The locks that one transaction wants, and how many of them it still lacks. */
    static final class Request {
        private final long[] exclusive;
        private final long[] shared;
        private final Place exclusivePlace = new Place(this, true);
        private final Place sharedPlace = new Place(this, false);
        private int missing;
        private boolean active;

        /**
         * What to ask for; no oid twice in an array, and none in both.
         *
         * @param exclusive objects to write
         * @param shared objects that must stay as they are
         */
        Request(long[] exclusive, long[] shared) {
            this.exclusive = exclusive;
            this.shared = shared;
        }

        /** Whether this asks for the same objects in the same way, in the same order. */
        boolean covers(Request other) {
            return Arrays.equals(exclusive, other.exclusive) && Arrays.equals(shared, other.shared);
        }

        boolean isGranted() {
            return active && missing == 0;
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
     * By oid: a {@link Place} that nobody contends, which is the usual case and costs no object of its own, or a
     * {@link Queue}.
     */
    private final LongObjectHashMap<Object> held = new LongObjectHashMap<>();

    /** Asks for locks. Returns whether they are granted at once; otherwise a {@link #release} will return the request. */
    boolean request(Request request) {
        request.active = true;
        request.missing = request.exclusive.length + request.shared.length;
        for (long oid : request.exclusive) {
            join(oid, request.exclusivePlace);
        }
        for (long oid : request.shared) {
            join(oid, request.sharedPlace);
        }
        return request.isGranted();
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
        for (long oid : request.exclusive) {
            leave(oid, request.exclusivePlace, complete);
        }
        for (long oid : request.shared) {
            leave(oid, request.sharedPlace, complete);
        }
        return complete;
    }

    boolean isEmpty() {
        return held.isEmpty();
    }

    private void join(long oid, Place place) {
        Object there = held.putIfAbsent(oid, place);
        if (there == null) {
            place.request.missing--;
            return;
        }
        Queue queue = there instanceof Queue q ? q : contended(oid, (Place) there);
        if (queue.add(place)) {
            place.request.missing--;
        }
    }

    private Queue contended(long oid, Place holder) {
        Queue queue = new Queue();
        queue.add(holder);
        held.put(oid, queue);
        return queue;
    }

    private void leave(long oid, Place place, List<Request> complete) {
        @Nullable Object there = held.get(oid);
        if (!(there instanceof Queue queue)) {
            held.remove(oid);
            return;
        }
        queue.remove(place);
        if (queue.places.isEmpty()) {
            held.remove(oid);
        } else {
            queue.grantHead(complete);
        }
    }
}
