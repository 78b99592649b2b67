package io.zeolite.edge;

import io.zeolite.client.Wire;
import io.zeolite.message.Methods;
import io.zeolite.pickle.ExtensionPickle;
import io.zeolite.pickle.PyDict;
import io.zeolite.pickle.PyTuple;
import io.zeolite.storage.CurrentRecord;
import io.zeolite.storage.RecordInformation;
import io.zeolite.storage.RevisionSummary;
import io.zeolite.storage.TransactionInformation;
import io.zeolite.storage.TransactionMetadata;
import io.zeolite.storage.TransactionSummary;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** From what a server says of transactions and records to what a storage says. */
final class Entries {
    /** What a server puts beside the extension. */
    private static final Set<String> STANDARD =
            Set.of("id", "time", "user_name", "description", "tid", "size", "serial", "extension");

    private Entries() {}

    static List<RevisionSummary> history(@Nullable Object answer) {
        return Wire.sequence(Methods.HISTORY, answer).stream()
                .map(entry -> Wire.dict(Methods.HISTORY, entry))
                .map(entry -> new RevisionSummary(
                        Wire.id(Methods.HISTORY, entry.get("tid")), metadata(entry), Wire.number(entry.get("size"))))
                .toList();
    }

    static List<TransactionSummary> undoLog(@Nullable Object answer) {
        return Wire.sequence(Methods.UNDO_LOG, answer).stream()
                .map(entry -> Wire.dict(Methods.UNDO_LOG, entry))
                .map(entry -> new TransactionSummary(
                        Wire.undoTid(entry.get("id")), metadata(entry), Wire.number(entry.get("size"))))
                .toList();
    }

    private static TransactionMetadata metadata(PyDict entry) {
        PyDict extension = new PyDict();
        if (entry.get("extension") instanceof PyDict apart) {
            apart.entries().forEach(item -> extension.put(item.key(), item.value()));
        }
        for (PyDict.Entry item : entry.entries()) {
            if (!(item.key() instanceof String key && STANDARD.contains(key))) {
                extension.put(item.key(), item.value());
            }
        }
        return new TransactionMetadata(
                bytes(entry.get("user_name")), bytes(entry.get("description")), ExtensionPickle.encode(extension));
    }

    private static byte[] bytes(@Nullable Object text) {
        return text instanceof byte[] bytes ? bytes : Wire.text(text).getBytes(StandardCharsets.UTF_8);
    }

    static TransactionInformation transaction(Object answer) {
        PyTuple parts = Wire.tuple(Methods.ITERATOR_NEXT, answer, 5);
        String status = Wire.text(parts.get(1));
        PyDict extension = parts.get(4) instanceof PyDict dict ? dict : new PyDict();
        return new TransactionInformation(
                Wire.id(Methods.ITERATOR_NEXT, parts.get(0)),
                (byte) (status.isEmpty() ? ' ' : status.charAt(0)),
                new TransactionMetadata(bytes(parts.get(2)), bytes(parts.get(3)), ExtensionPickle.encode(extension)));
    }

    static RecordInformation record(Object answer) {
        String method = Methods.ITERATOR_RECORD_NEXT;
        PyTuple parts = Wire.tuple(method, answer, 4);
        return new RecordInformation(
                Wire.id(method, parts.get(0)),
                Wire.id(method, parts.get(1)),
                parts.get(2) == null ? null : Wire.data(method, parts.get(2)),
                Wire.idOrNone(method, parts.get(3)));
    }

    static CurrentRecord currentRecord(@Nullable Object answer) {
        String method = Methods.RECORD_ITERNEXT;
        PyTuple parts = Wire.tuple(method, answer, 4);
        Object next = parts.get(3);
        return new CurrentRecord(
                Wire.id(method, parts.get(0)),
                Wire.id(method, parts.get(1)),
                Wire.data(method, parts.get(2)),
                next == null ? OptionalLong.empty() : OptionalLong.of(Wire.id(method, next)));
    }
}
