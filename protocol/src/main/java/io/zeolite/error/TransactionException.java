package io.zeolite.error;

import io.zeolite.pickle.PyTuple;

/** A call that does not fit the state of its transaction: {@code StorageTransactionError}. */
public final class TransactionException extends ZeoException {
    private static final long serialVersionUID = 1L;

    public TransactionException(String message) {
        super("ZODB.POSException.StorageTransactionError", message, true);
    }

    @Override
    public Object detail() {
        return PyTuple.of(getMessage());
    }
}
