package io.zeolite.error;

import io.zeolite.pickle.PyDict;
import io.zeolite.pickle.PyTuple;
import io.zeolite.zodb.Ids;
import io.zeolite.zodb.Oid;
import io.zeolite.zodb.Tid;

/** Another transaction has changed an object since it was read: {@code ConflictError} or {@code ReadConflictError}. */
public final class ConflictException extends ZeoException {
    private static final long serialVersionUID = 1L;

    private final String pythonMessage;
    private final long oid;
    private final long committed;
    private final long read;

    private ConflictException(String name, String pythonMessage, long oid, long committed, long read) {
        super(
                "ZODB.POSException." + name,
                pythonMessage + " (oid " + Oid.toString(oid) + ", committed " + Tid.toString(committed) + ", read "
                        + Tid.toString(read) + ")",
                true);
        this.pythonMessage = pythonMessage;
        this.oid = oid;
        this.committed = committed;
        this.read = read;
    }

    /** The object was to be written, over the revision {@code read}, while {@code committed} is current. */
    public static ConflictException onWrite(long oid, long committed, long read) {
        return new ConflictException("ConflictError", "database conflict error", oid, committed, read);
    }

    /** The object was only read, and the transaction depends on {@code read} being current. */
    public static ConflictException onRead(long oid, long committed, long read) {
        return new ConflictException("ReadConflictError", "database read conflict error", oid, committed, read);
    }

    /** The object. */
    public long oid() {
        return oid;
    }

    /** The revision that is current. */
    public long committedSerial() {
        return committed;
    }

    /** The revision that the transaction was made over. */
    public long readSerial() {
        return read;
    }

    /** Whether the object was only read, see {@link #onRead}. */
    public boolean isOnRead() {
        return pythonClass().endsWith("ReadConflictError");
    }

    @Override
    public Object detail() {
        // All keys are required: without one the client's message handler fails and the call hangs.
        return new PyDict()
                .put("message", pythonMessage)
                .put("oid", Ids.bytes(oid))
                .put("class_name", null)
                .put("serials", PyTuple.of(Ids.bytes(committed), Ids.bytes(read)));
    }
}
