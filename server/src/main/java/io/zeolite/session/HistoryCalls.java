package io.zeolite.session;

import io.zeolite.error.PosKeyException;
import io.zeolite.error.UndoException;
import io.zeolite.pickle.ExtensionPickle;
import io.zeolite.pickle.PickleException;
import io.zeolite.pickle.PyDict;
import io.zeolite.pickle.PyPrefix;
import io.zeolite.storage.RevisionSummary;
import io.zeolite.storage.Storage;
import io.zeolite.storage.TransactionMetadata;
import io.zeolite.storage.TransactionSummary;
import io.zeolite.zodb.Ids;
import io.zeolite.zodb.TimeStamp;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The methods that show what has been: {@code history}, {@code undoLog} and {@code undoInfo}, with the dicts that Python
 * makes of it; and the ids of transactions that can be undone. An extension that cannot be read is as if there were none,
 * and so is an entry of it that cannot be sent, such as a set: one transaction must not hide all others.
 */
final class HistoryCalls {
    private static final Logger LOG = LoggerFactory.getLogger(HistoryCalls.class);

    private HistoryCalls() {}

    // history

    static void history(Storage storage, Arguments args, Answer answer) {
        args.between(1, 2);
        if (!(args.get(0) instanceof byte[] oid) || oid.length != Long.BYTES) {
            throw PosKeyException.noOid(args.get(0));
        }
        // Python's memory storage names more.
        boolean mapping = !storage.info().supportsUndo();
        storage.history(args.id(0), args.number(1, 1), answer.large().with(revisions -> revisions.stream()
                .map(revision -> describe(revision, mapping, answer))
                .toList()));
    }

    private static PyDict describe(RevisionSummary revision, boolean mapping, Answer answer) {
        TransactionMetadata metadata = revision.metadata();
        byte[] tid = Ids.bytes(revision.serial());
        PyDict standard = new PyDict()
                .put("time", TimeStamp.toEpochSeconds(revision.serial()))
                .put("user_name", metadata.user())
                .put("description", metadata.description())
                .put("tid", tid)
                .put("size", revision.size());
        if (mapping) {
            return standard.put("serial", tid).put("extension", extension(metadata, answer));
        }
        return merged(standard, extension(metadata, answer));
    }

    // undoLog and undoInfo

    /**
     * Answers with a page of the undo log.
     *
     * @param specification what an entry must have; None for anything
     */
    static void undoLog(Storage storage, Arguments args, @Nullable Object specification, Answer answer) {
        long first = args.number(0, 0);
        long last = args.number(1, -20);
        if (last < 0) {
            // So many entries.
            last = first - last;
        }
        Predicate<TransactionSummary> filter = specification instanceof PyDict required && !required.isEmpty()
                ? transaction -> hasAll(describe(transaction, answer), required)
                : transaction -> true;
        storage.undoLog(first, last, filter, answer.large().with(transactions -> transactions.stream()
                .map(transaction -> describe(transaction, answer))
                .toList()));
    }

    private static PyDict describe(TransactionSummary transaction, Answer answer) {
        TransactionMetadata metadata = transaction.metadata();
        PyDict id = new PyDict().put("id", undoId(transaction.tid()));
        PyDict standard = new PyDict()
                .put("time", TimeStamp.toEpochSeconds(transaction.tid()))
                .put("user_name", metadata.user())
                .put("size", transaction.size())
                .put("description", metadata.description());
        // The extension wins, but for the id: without it nobody could undo the transaction.
        return merged(id, merged(extension(metadata, answer), standard));
    }

    /** The entries of the first, and those of the second that the first has not. One of them has a few, the other may have thousands. */
    private static PyDict merged(PyDict first, PyDict second) {
        PyDict merged = new PyDict();
        first.entries().forEach(entry -> merged.put(entry.key(), entry.value()));
        for (PyDict.Entry entry : second.entries()) {
            if (!has(first, entry.key())) {
                merged.put(entry.key(), entry.value());
            }
        }
        return merged;
    }

    private static boolean has(PyDict dict, @Nullable Object key) {
        return dict.entries().stream().anyMatch(entry -> Objects.deepEquals(entry.key(), key));
    }

    /** Whether an entry has these values, and perhaps others. What it has not is None. */
    private static boolean hasAll(PyDict entry, PyDict required) {
        return required.entries().stream()
                .allMatch(wanted -> wanted.key() != null && equal(entry.get(wanted.key()), wanted.value()));
    }

    private static boolean equal(@Nullable Object found, @Nullable Object wanted) {
        if (wanted instanceof PyPrefix prefix) {
            return hasPrefix(found, prefix.path());
        }
        if (isNumber(found) && isNumber(wanted)) {
            return number(found) == number(wanted);
        }
        return Objects.deepEquals(found, wanted);
    }

    private static boolean isNumber(@Nullable Object value) {
        return value instanceof Number || value instanceof Boolean;
    }

    private static double number(@Nullable Object value) {
        return value instanceof Number number ? number.doubleValue() : Boolean.TRUE.equals(value) ? 1 : 0;
    }

    /**
     * As {@code ZopeUndo} has it: the elements of a path up to the last of the prefix, without the name of the user that Zope puts
     * behind it; bytes are taken for UTF-8.
     */
    static boolean hasPrefix(@Nullable Object found, String prefix) {
        String text = found instanceof byte[] bytes
                ? new String(bytes, StandardCharsets.UTF_8)
                : found instanceof String string ? string : null;
        if (text == null) {
            return false;
        }
        String[] wanted = prefix.split("/", -1);
        String[] elements = text.split("/", -1);
        String last = elements[elements.length - 1];
        int blank = last.lastIndexOf(' ');
        if (blank >= 0) {
            elements[elements.length - 1] = last.substring(0, blank);
        }
        return elements.length >= wanted.length && Arrays.equals(elements, 0, wanted.length, wanted, 0, wanted.length);
    }

    /** The extension as far as the client can take it: its keys are names, its values what can be sent. */
    private static PyDict extension(TransactionMetadata metadata, Answer answer) {
        PyDict extension = new PyDict();
        try {
            for (PyDict.Entry entry :
                    ExtensionPickle.decode(metadata.extension()).entries()) {
                boolean named = entry.key() instanceof String || entry.key() instanceof byte[];
                if (named && answer.canHold(new PyDict().put(entry.key(), entry.value()))) {
                    extension.put(entry.key(), entry.value());
                } else {
                    LOG.debug("an entry of the extension of a transaction is not shown");
                }
            }
        } catch (PickleException e) {
            LOG.debug("the extension of a transaction is not shown: {}", e.getMessage());
            return new PyDict();
        }
        return extension;
    }

    // Ids

    /** What clients undo a transaction by. */
    private static byte[] undoId(long tid) {
        return Base64.getEncoder().encode(Ids.bytes(tid));
    }

    /** The transaction with such an id. */
    static long undoTid(byte[] id) {
        try {
            byte[] tid = Base64.getMimeDecoder().decode(id);
            if (tid.length == Long.BYTES) {
                return Ids.of(tid);
            }
        } catch (IllegalArgumentException e) {
            LOG.debug("undo: {}", e.getMessage());
        }
        throw new UndoException(List.of(new UndoException.Cause(null, "Invalid transaction id")));
    }
}
