package io.zeolite.client;

import io.zeolite.client.connection.DisconnectedException;
import io.zeolite.client.connection.ServerLink;
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
    private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);

    private Failures() {}

    /** The failure as it is thrown to callers, and as futures fail with it. */
    static RuntimeException of(Throwable failure) {
        Throwable cause = root(failure);
        if (cause instanceof DisconnectedException) {
            return new ServerUnavailableException(String.valueOf(cause.getMessage()), cause);
        } else if (cause instanceof IOException e) {
            return new UncheckedIOException(e.getMessage() == null ? e.toString() : e.getMessage(), e);
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

    /**
     * Waits for a result; as long as it takes if the time is zero. Looks now and then whether the link has failed, as what was to
     * complete the future may never do so then.
     */
    static <T extends @Nullable Object> T await(CompletableFuture<T> future, Duration timeout, ServerLink link) {
        long start = System.nanoTime();
        long limit = timeout.isZero() ? Long.MAX_VALUE : timeout.toNanos();
        boolean failedBefore = false;
        try {
            while (true) {
                long left = limit - (System.nanoTime() - start);
                try {
                    return future.get(Math.min(left, LOOK_NANOS), TimeUnit.NANOSECONDS);
                } catch (TimeoutException e) {
                    if (left <= LOOK_NANOS) {
                        throw new NoAnswerException("no answer within " + timeout.toMillis() + " ms");
                    }
                }
                // The second time: the others hear of it in the meantime.
                Throwable failure = link.failure();
                if (failure != null && failedBefore) {
                    throw of(link.closedReason());
                }
                failedBefore = failure != null;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new NoAnswerException("interrupted while waiting for an answer");
        } catch (ExecutionException e) {
            throw of(Objects.requireNonNull(e.getCause(), "cause"));
        }
    }
}
