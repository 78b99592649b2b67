package io.zeolite.storage;

/**
 * Receives the outcome of a call, once. It may be called before the call that it was given to returns, and from any
 * thread, so it must be quick and must not block.
 */
public interface Completion<T> {
    void complete(T value);

    /** @param failure a {@link io.zeolite.error.ZeoException} if the client is to see its class, else our own fault */
    void fail(Throwable failure);

    /** Whether somebody still waits for the outcome: else what takes long may be broken off, with any outcome. Any thread. */
    default boolean isAwaited() {
        return true;
    }

    /** Completes a call that has no value. */
    @SuppressWarnings("NullAway") // Void has no other value than null.
    static void done(Completion<Void> completion) {
        completion.complete(null);
    }
}
