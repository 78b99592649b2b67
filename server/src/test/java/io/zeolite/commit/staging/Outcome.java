package io.zeolite.commit.staging;

import io.zeolite.storage.Completion;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Keeps the outcome of a call; a second one is an error. */
final class Outcome<T> implements Completion<T> {
    private final CompletableFuture<T> future = new CompletableFuture<>();

    @Override
    public void complete(T value) {
        if (!future.complete(value)) {
            throw new AssertionError("completed twice, now with " + value);
        }
    }

    @Override
    public void fail(Throwable failure) {
        if (!future.completeExceptionally(failure)) {
            throw new AssertionError("completed twice, now with a failure", failure);
        }
    }

    boolean isThere() {
        return future.isDone();
    }

    T value() throws InterruptedException, ExecutionException, TimeoutException {
        return future.get(60, TimeUnit.SECONDS);
    }

    Throwable failure() throws InterruptedException, TimeoutException {
        try {
            throw new AssertionError("no failure but " + value());
        } catch (ExecutionException e) {
            return Objects.requireNonNull(e.getCause());
        }
    }
}
