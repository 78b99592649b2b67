package io.zeolite.client;

import io.zeolite.zodb.Oid;
import io.zeolite.zodb.Tid;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Other transactions have changed objects that this one wants to write, or has read and depends on. Nothing was changed;
 * the transaction is over. It can be done again with what is current now.
 *
 * <p>A new object, whose {@code readSerial} is {@link Tid#NONE}, is among them if another one with its oid is there already,
 * see {@link ZeoClient#newOid}. It needs another oid.
 */
public final class CommitConflictException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient List<ChangedObject> objects;

    /**
     * An object in conflict.
     *
     * @param oid the object
     * @param committedSerial the revision that was current at the vote
     * @param readSerial the revision that this transaction has read; {@link Tid#NONE} for a new object
     * @param onRead whether it was only read
     */
    public record ChangedObject(long oid, long committedSerial, long readSerial, boolean onRead) {}

    CommitConflictException(List<ChangedObject> objects, String why) {
        super(
                why + ": "
                        + objects.stream()
                                .map(object -> (object.onRead ? "read " : "") + Oid.toString(object.oid))
                                .collect(Collectors.joining(", ")),
                null,
                false,
                false);
        this.objects = List.copyOf(objects);
    }

    /** The objects, as far as the server has named them: a server may stop at the first one. */
    public List<ChangedObject> objects() {
        return objects;
    }
}
