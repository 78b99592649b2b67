package io.zeolite.client;

import io.zeolite.client.connection.ServerLink;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PyTuple;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;

/**
 * Oids for new objects, which the server gives out by the hundred. A server that was started anew may give others what it has
 * given before, so none outlasts the connection that it came on. On the event loop.
 */
final class OidSupply {
    private static final int PER_CALL = 100;

    private final ServerLink link;
    private final ArrayDeque<Long> supply = new ArrayDeque<>();
    private int connectionsLost;

    OidSupply(ServerLink link) {
        this.link = link;
    }

    CompletableFuture<long[]> take(int count) {
        long[] taken = new long[count];
        int have = 0;
        while (have < count && !supply.isEmpty()) {
            taken[have++] = supply.remove();
        }
        return fill(taken, have);
    }

    private CompletableFuture<long[]> fill(long[] taken, int have) {
        int missing = taken.length - have;
        if (missing == 0) {
            return CompletableFuture.completedFuture(taken);
        }
        // All in one flight; a server that gives fewer than a hundred is asked again.
        CompletableFuture<?>[] calls = new CompletableFuture<?>[(missing + PER_CALL - 1) / PER_CALL];
        Arrays.setAll(calls, i -> link.call(Methods.NEW_OIDS, PyTuple.EMPTY, ServerLink.Retry.YES)
                .thenAccept(answer -> {
                    for (long oid : Wire.ids(Methods.NEW_OIDS, answer)) {
                        supply.add(oid);
                    }
                }));
        int lostBefore = connectionsLost;
        return CompletableFuture.allOf(calls).thenCompose(done -> {
            if (connectionsLost != lostBefore) {
                return take(taken.length);
            }
            int filled = have;
            while (filled < taken.length && !supply.isEmpty()) {
                taken[filled++] = supply.remove();
            }
            if (filled == have) {
                throw Wire.unexpected(Methods.NEW_OIDS, null, "at least one oid");
            }
            return fill(taken, filled);
        });
    }

    /** What has been given out on the connection is not handed on any more. */
    void connectionLost() {
        connectionsLost++;
        supply.clear();
    }
}
