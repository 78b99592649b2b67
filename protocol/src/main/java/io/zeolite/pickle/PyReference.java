package io.zeolite.pickle;

import io.zeolite.zodb.Oid;
import org.jspecify.annotations.Nullable;

/**
 * A reference from one object to another, in a record.
 *
 * @param kind what it means
 * @param oid the object; 0 if the form is unknown
 * @param type the class of the object, if the reference says it
 * @param database the name of its database, if it is another one
 */
public record PyReference(
        ReferenceKind kind,
        long oid,
        @Nullable PyGlobal type,
        @Nullable String database) {
    /** An ordinary reference. ZODB needs the class to make an object that it has not loaded yet. */
    public static PyReference to(long oid, PyGlobal type) {
        return new PyReference(ReferenceKind.STRONG, oid, type, null);
    }

    @Override
    public String toString() {
        return kind + " reference to " + Oid.toString(oid) + (type == null ? "" : " (" + type + ")");
    }
}
