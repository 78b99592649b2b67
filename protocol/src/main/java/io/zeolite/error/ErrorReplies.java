package io.zeolite.error;

import io.zeolite.pickle.PyCall;
import io.zeolite.pickle.PyDict;
import io.zeolite.pickle.PyTuple;
import io.zeolite.zodb.Ids;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** From what a server sent as an error back to the exception: the classes that Python's client rebuilds, too. */
public final class ErrorReplies {
    private ErrorReplies() {}

    /**
     * The exception for an error reply. A class that has none here, and a detail of an unknown shape, make a
     * {@link CallException} with the name and the text that there is.
     *
     * @param pythonClass the dotted name of the Python class
     * @param detail a {@link PyTuple} of arguments or a {@link PyDict} of attributes
     */
    public static ZeoException toException(String pythonClass, Object detail) {
        ZeoException known =
                switch (pythonClass) {
                    case "ZODB.POSException.POSKeyError" -> posKey(detail);
                    case "ZODB.POSException.ConflictError" -> conflict(detail, false);
                    case "ZODB.POSException.ReadConflictError" -> conflict(detail, true);
                    case "ZODB.POSException.MultipleUndoErrors" -> undo(detail);
                    case "ZODB.POSException.UndoError" -> plainUndo(detail);
                    case "ZODB.POSException.ReadOnlyError" -> new ReadOnlyException();
                    case "ZODB.POSException.StorageTransactionError" -> transaction(detail);
                    default -> null;
                };
        return known != null ? known : CallException.received(pythonClass, detail);
    }

    private static @Nullable ZeoException posKey(Object detail) {
        if (!(detail instanceof PyTuple args)) {
            return null;
        }
        if (args.size() >= 2 && args.get(0) instanceof String where) {
            Long oid = id(args.get(1));
            Long serial = args.size() > 2 ? id(args.get(2)) : Long.valueOf(0);
            return oid == null || serial == null ? null : PosKeyException.received(where, oid, args);
        }
        Long oid = args.size() == 0 ? null : id(args.get(0));
        return oid == null ? null : PosKeyException.received(null, oid, args);
    }

    private static @Nullable ZeoException conflict(Object detail, boolean read) {
        if (detail instanceof PyDict attributes
                && attributes.get("serials") instanceof PyTuple serials
                && serials.size() == 2) {
            Long oid = id(attributes.get("oid"));
            Long committed = id(serials.get(0));
            Long given = id(serials.get(1));
            if (oid != null && committed != null && given != null) {
                return read
                        ? ConflictException.onRead(oid, committed, given)
                        : ConflictException.onWrite(oid, committed, given);
            }
        }
        return null;
    }

    private static @Nullable ZeoException undo(Object detail) {
        if (!(detail instanceof PyDict attributes)) {
            return null;
        }
        List<UndoException.Cause> causes = new ArrayList<>();
        for (Object error : items(attributes.get("_errs"))) {
            if (error instanceof PyTuple pair && pair.size() == 2) {
                causes.add(new UndoException.Cause(id(pair.get(0)), reason(pair.get(1))));
            }
        }
        return causes.isEmpty() ? null : new UndoException(causes);
    }

    /** A sequence, which one encoding sends as a list and the other one as a tuple. */
    private static List<@Nullable Object> items(@Nullable Object value) {
        List<@Nullable Object> items = new ArrayList<>();
        if (value instanceof List<?> list) {
            items.addAll(list);
        } else if (value instanceof PyTuple tuple) {
            for (int i = 0; i < tuple.size(); i++) {
                items.add(tuple.get(i));
            }
        }
        return items;
    }

    private static @Nullable ZeoException plainUndo(Object detail) {
        return detail instanceof PyDict attributes && attributes.get("_reason") instanceof String reason
                ? new UndoException(List.of(new UndoException.Cause(id(attributes.get("_oid")), reason)))
                : null;
    }

    /**
     * Python's server sends an exception: in one encoding as the call that makes it, in the other one as the name of its
     * class, both with its attributes.
     */
    private static String reason(@Nullable Object value) {
        List<@Nullable Object> parts = items(value instanceof PyCall call ? call.args() : value);
        if (parts.size() == 2
                && parts.get(1) instanceof PyDict attributes
                && attributes.get("_reason") instanceof String reason) {
            return reason;
        }
        return parts.stream()
                .filter(String.class::isInstance)
                .map(String.class::cast)
                .findFirst()
                .orElse(String.valueOf(value));
    }

    private static @Nullable ZeoException transaction(Object detail) {
        if (detail instanceof PyTuple args && args.size() == 2) {
            return TransactionException.notPresent(args.get(0), args.get(1));
        } else if (detail instanceof PyTuple args && args.size() == 1 && args.get(0) instanceof String text) {
            return new TransactionException(text);
        }
        return null;
    }

    private static @Nullable Long id(@Nullable Object value) {
        return value instanceof byte[] bytes && bytes.length == Long.BYTES ? Ids.of(bytes) : null;
    }
}
