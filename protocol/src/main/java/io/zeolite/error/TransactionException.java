package io.zeolite.error;

import io.zeolite.pickle.PyTuple;
import org.jspecify.annotations.Nullable;

/** A call that does not fit the state of its transaction: {@code StorageTransactionError}. */
public final class TransactionException extends ZeoException {
    private static final long serialVersionUID = 1L;

    private static final int MAX_SHOWN = 100;

    private final transient PyTuple args;

    public TransactionException(String message) {
        this(message, PyTuple.of(message));
    }

    private TransactionException(String message, PyTuple args) {
        super("ZODB.POSException.StorageTransactionError", message, false);
        this.args = args;
    }

    /**
     * A call for another transaction than the present one; Python's arguments are the ids of both, as the client made
     * them.
     *
     * @param present null if there is no transaction
     */
    public static TransactionException notPresent(@Nullable Object present, @Nullable Object given) {
        return new TransactionException(
                "transaction " + shown(given) + " (expected: " + (present == null ? "tpc_begin first" : shown(present))
                        + ")",
                PyTuple.of(present, given));
    }

    /** An id for a message: mostly a number, but a client may take anything, of any length. */
    private static String shown(@Nullable Object id) {
        String text = String.valueOf(id);
        return text.length() <= MAX_SHOWN ? text : text.substring(0, MAX_SHOWN) + "...";
    }

    @Override
    public Object detail() {
        return args;
    }
}
