package io.zeolite.error;

import io.zeolite.pickle.PyTuple;

/**
 * A failure whose Python class carries nothing but a text. All but {@code KeyError} and {@code TypeError} reach the
 * application as {@code ZEO.Exceptions.ServerException}.
 */
public final class CallException extends ZeoException {
    private static final long serialVersionUID = 1L;

    private CallException(String pythonClass, String message) {
        super(pythonClass, message, true);
    }

    /** Arguments of the wrong number or type: {@code TypeError}. */
    public static CallException badArguments(String message) {
        return new CallException("builtins.TypeError", message);
    }

    /** An argument of the right type with a value that makes no sense: {@code ValueError}. */
    public static CallException badValue(String message) {
        return new CallException("builtins.ValueError", message);
    }

    /** A method that this server, or the storage behind it, does not have: {@code AttributeError}. */
    public static CallException unsupported(String message) {
        return new CallException("builtins.AttributeError", message);
    }

    /** The storage could not do it: {@code StorageError}. The message says what the operator or caller can do. */
    public static CallException storage(String message) {
        return new CallException("ZODB.POSException.StorageError", message);
    }

    @Override
    public Object detail() {
        return PyTuple.of(getMessage());
    }
}
