package io.zeolite.client.connection;

import java.util.concurrent.CompletableFuture;

/** What a future completes with that has nothing to say but that it is done. */
public enum Done {
    DONE;

    /** A future that is done. */
    public static CompletableFuture<Done> future() {
        return CompletableFuture.completedFuture(DONE);
    }
}
