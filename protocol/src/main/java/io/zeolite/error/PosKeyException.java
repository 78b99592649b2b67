package io.zeolite.error;

import io.zeolite.pickle.PyTuple;
import io.zeolite.zodb.Ids;
import io.zeolite.zodb.Oid;
import io.zeolite.zodb.Tid;
import org.jspecify.annotations.Nullable;

/** There is no such object, or no such revision of it: {@code POSKeyError}. */
public final class PosKeyException extends ZeoException {
    private static final long serialVersionUID = 1L;

    private final transient PyTuple args;

    private PosKeyException(String message, PyTuple args) {
        super("ZODB.POSException.POSKeyError", message, true);
        this.args = args;
    }

    /** No object with this oid. */
    public static PosKeyException noObject(long oid) {
        return new PosKeyException("no object " + Oid.toString(oid), PyTuple.of(Ids.bytes(oid)));
    }

    /** Something that is no oid, and so is that of no object. */
    public static PosKeyException noOid(@Nullable Object value) {
        return new PosKeyException("no object: " + value + " is no oid", PyTuple.of(value));
    }

    /** No revision with this serial. */
    public static PosKeyException noRevision(long oid, long serial) {
        return new PosKeyException(
                "no revision " + Tid.toString(serial) + " of object " + Oid.toString(oid), PyTuple.of(Ids.bytes(oid)));
    }

    /** Like {@link #noRevision}, in the words of a {@code MappingStorage}: the serial is an argument too. */
    public static PosKeyException noSerial(long oid, long serial) {
        return new PosKeyException(
                "no revision " + Tid.toString(serial) + " of object " + Oid.toString(oid),
                PyTuple.of(Ids.bytes(oid), Ids.bytes(serial)));
    }

    /** No blob file for this revision; {@code where} says where it was looked for. */
    public static PosKeyException noBlob(String where, long oid, long serial) {
        String message = "No blob file at " + where;
        return new PosKeyException(message, PyTuple.of(message, Ids.bytes(oid), Ids.bytes(serial)));
    }

    /** What a server answered: {@code where} is its text about a blob, null if it is about an object or a revision of it. */
    static PosKeyException received(@Nullable String where, long oid, PyTuple args) {
        return new PosKeyException(
                where == null ? "no object " + Oid.toString(oid) + ", or no such revision of it" : where, args);
    }

    @Override
    public Object detail() {
        return args;
    }
}
