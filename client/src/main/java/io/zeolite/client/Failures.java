package io.zeolite.client;

import io.zeolite.client.connection.DisconnectedException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** From what goes wrong inside to what callers see. */
final class Failures {
    private Failures() {}

    /** The failure as it is thrown to callers, and as futures fail with it. */
    static RuntimeException of(Throwable failure) {
        Throwable cause = root(failure);
        if (cause instanceof DisconnectedException) {
            return new ServerUnavailableException(String.valueOf(cause.getMessage()), cause);
        } else if (cause instanceof IOException e) {
            return new UncheckedIOException(e.getMessage(), e);
        } else if (cause instanceof RuntimeException e) {
            return e;
        }
        return new IllegalStateException(cause);
    }

    /** Without what futures put around it. */
    static Throwable root(Throwable failure) {
        Throwable cause = failure;
        while ((cause instanceof CompletionException || cause instanceof ExecutionException)
                && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause;
    }

    /** Waits for a result; as long as it takes if the time is zero. */
    static <T extends @Nullable Object> T await(CompletableFuture<T> future, Duration timeout) {
        try {
            return timeout.isZero() ? future.get() : future.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw new NoAnswerException("no answer within " + timeout.toMillis() + " ms");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new NoAnswerException("interrupted while waiting for an answer");
        } catch (ExecutionException e) {
            throw of(Objects.requireNonNull(e.getCause(), "cause"));
        }
    }
}
