package io.zeolite.edge;

import io.zeolite.client.Relay;
import io.zeolite.storage.Completion;
import io.zeolite.storage.StorageAwayException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Passes calls on, and their outcomes back on the event loop of the client, in the order of the server. */
final class Passing {
    private final Relay relay;

    Passing(Relay relay) {
        this.relay = relay;
    }

    <A extends @Nullable Object, B> void pass(
            Supplier<CompletableFuture<A>> call, Function<A, B> result, Completion<B> completion) {
        try {
            relay.onLoop(() -> call.get().whenComplete((answer, failure) -> {
                if (failure == null) {
                    complete(answer, result, completion);
                } else {
                    completion.fail(failure(failure));
                }
            }));
        } catch (RejectedExecutionException e) {
            completion.fail(new StorageAwayException("the storage is being closed"));
        }
    }

    private static <A extends @Nullable Object, B> void complete(
            A answer, Function<A, B> result, Completion<B> completion) {
        B value;
        try {
            value = result.apply(answer);
        } catch (RuntimeException e) {
            completion.fail(failure(e));
            return;
        }
        completion.complete(value);
    }

    /** As clients are to see it. */
    static RuntimeException failure(Throwable failure) {
        RuntimeException known = Relay.failure(failure);
        return Relay.isUnavailable(failure) ? new StorageAwayException(String.valueOf(known.getMessage())) : known;
    }
}
