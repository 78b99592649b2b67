package io.zeolite.error;

import io.zeolite.pickle.PyTuple;

/**
 * A failure whose Python class carries its arguments and nothing else, mostly a text. All but {@code KeyError} and
 * {@code TypeError} reach the application as {@code ZEO.Exceptions.ServerException}.
 */
public final class CallException extends ZeoException {
    private static final long serialVersionUID = 1L;

    private final transient Object detail;

    private CallException(String pythonClass, String message, Object detail) {
        super(pythonClass, message, false);
        this.detail = detail;
    }

    private CallException(String pythonClass, String message) {
        this(pythonClass, message, PyTuple.of(message));
    }

    /** Arguments of the wrong number or type: {@code TypeError}. */
    public static CallException badArguments(String message) {
        return new CallException("builtins.TypeError", message);
    }

    /** An argument of the right type with a value that makes no sense: {@code ValueError}. */
    public static CallException badValue(String message) {
        return new CallException("builtins.ValueError", message);
    }

    /** Something that was given out by number is not there, or not any more: {@code KeyError} with that number. */
    public static CallException unknownNumber(String what, long number) {
        return new CallException("builtins.KeyError", "no " + what + " " + number, PyTuple.of(number));
    }

    /** A call out of order, which no client makes: {@code AssertionError}. */
    public static CallException outOfOrder(String message) {
        return new CallException("builtins.AssertionError", message);
    }

    /** The same, where Python raises an {@code Exception} that has no name. */
    public static CallException unnamed(String message) {
        return new CallException("builtins.Exception", message);
    }

    /** A method that this server, or the storage behind it, does not have: {@code AttributeError}. */
    public static CallException unsupported(String message) {
        return new CallException("builtins.AttributeError", message);
    }

    /** The data file may not grow that much: {@code FileStorageQuotaError}. */
    public static CallException quota(String message) {
        return new CallException("ZODB.FileStorage.FileStorage.FileStorageQuotaError", message);
    }

    /** The storage could not do it: {@code StorageError}. The message says what the operator or caller can do. */
    public static CallException storage(String message) {
        return new CallException("ZODB.POSException.StorageError", message);
    }

    /** What a server answered, of a class that is nothing else here. */
    static CallException received(String pythonClass, Object detail) {
        String text =
                detail instanceof PyTuple args && args.size() == 1 ? String.valueOf(args.get(0)) : detail.toString();
        return new CallException(pythonClass, pythonClass + ": " + text, detail);
    }

    @Override
    public Object detail() {
        return detail;
    }
}
