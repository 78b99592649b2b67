package io.zeolite.error;

/**
 * A failure that is the answer to a call: the client gets it as a Python exception and the connection lives on.
 *
 * <p>Instances carry no stack trace where they are part of normal work (conflicts, missing objects).
 */
public abstract class ZeoException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String pythonClass;

    ZeoException(String pythonClass, String message, boolean expected) {
        super(message, null, false, !expected);
        this.pythonClass = pythonClass;
    }

    /** The dotted name of the Python class that stands for this failure. */
    public final String pythonClass() {
        return pythonClass;
    }

    /**
     * What Python needs to rebuild the exception: its arguments (a {@link io.zeolite.pickle.PyTuple}) or its attributes
     * (a {@link io.zeolite.pickle.PyDict}).
     */
    public abstract Object detail();
}
