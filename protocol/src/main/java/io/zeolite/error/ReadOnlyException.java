package io.zeolite.error;

import io.zeolite.pickle.PyTuple;

/** A write to a storage, or over a connection, that is read-only: {@code ReadOnlyError}. */
public final class ReadOnlyException extends ZeoException {
    private static final long serialVersionUID = 1L;

    public ReadOnlyException() {
        super("ZODB.POSException.ReadOnlyError", "read-only", false);
    }

    @Override
    public Object detail() {
        return PyTuple.EMPTY;
    }
}
