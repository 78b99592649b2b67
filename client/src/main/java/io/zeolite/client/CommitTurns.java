package io.zeolite.client;

import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Whose transaction is on the connection: a ZEO connection carries one from its beginning to its finish. First come, first
 * served. On the event loop.
 */
final class CommitTurns {
    private final ArrayDeque<CompletableFuture<Turn>> waiting = new ArrayDeque<>();
    private @Nullable Turn present;
    /** Whether the loop that hands turns out is further up on the stack. */
    private boolean handing;

    /** The right to have a transaction on the connection. */
    final class Turn {
        private boolean ended;

        private Turn() {}

        /** Lets the next one go. May be called more than once. */
        void end() {
            if (!ended) {
                ended = true;
                present = null;
                next();
            }
        }
    }

    CompletableFuture<Turn> take() {
        CompletableFuture<Turn> turn = new CompletableFuture<>();
        waiting.add(turn);
        if (present == null) {
            next();
        }
        return turn;
    }

    private void next() {
        if (handing) {
            return;
        }
        handing = true;
        while (present == null && !waiting.isEmpty()) {
            Turn turn = new Turn();
            present = turn;
            if (!waiting.remove().complete(turn)) {
                present = null;
            }
        }
        handing = false;
    }

    /** The connection is gone, and with it the transaction. */
    void connectionLost() {
        if (present != null) {
            present.end();
        }
    }
}
