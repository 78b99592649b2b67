package io.zeolite.error;

import io.zeolite.pickle.PyDict;
import io.zeolite.pickle.PyTuple;
import io.zeolite.zodb.Ids;
import io.zeolite.zodb.Oid;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Transactions could not be undone. It is always {@code MultipleUndoErrors}, with one entry or several: Python's client
 * does not know the plain {@code UndoError} when it comes over the wire.
 */
public final class UndoException extends ZeoException {
    private static final long serialVersionUID = 1L;

    private final transient List<Cause> causes;

    /** Why it failed, and the object that it failed for; null if it is none in particular. */
    public record Cause(@Nullable Long oid, String reason) {
        @Override
        public String toString() {
            return oid == null ? reason : Oid.toString(oid) + ": " + reason;
        }
    }

    /** A failure with these causes, at least one. */
    public UndoException(List<Cause> causes) {
        super(
                "ZODB.POSException.MultipleUndoErrors",
                "undo failed: " + causes.stream().map(Cause::toString).collect(Collectors.joining("; ")),
                false);
        if (causes.isEmpty()) {
            throw new IllegalArgumentException("causes: none (expected: at least one, Python takes the first)");
        }
        this.causes = List.copyOf(causes);
    }

    @Override
    public Object detail() {
        return new PyDict()
                .put(
                        "_errs",
                        causes.stream()
                                .map(cause ->
                                        PyTuple.of(cause.oid() == null ? null : Ids.bytes(cause.oid()), cause.reason()))
                                .toList());
    }
}
