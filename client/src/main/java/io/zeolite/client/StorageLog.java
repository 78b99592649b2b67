package io.zeolite.client;

import io.zeolite.message.Methods;
import io.zeolite.pickle.PyDict;
import io.zeolite.pickle.PyTuple;
import io.zeolite.zodb.Ids;
import io.zeolite.zodb.TimeStamp;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** The calls about what has happened to a storage. */
final class StorageLog {
    private final ClientCore core;

    StorageLog(ClientCore core) {
        this.core = core;
    }

    CompletableFuture<List<UndoEntry>> undoLog(int first, int count) {
        // Python counts backwards from the latest one; a negative end is a number of entries.
        return core.ask(Methods.UNDO_LOG, PyTuple.of((long) first, (long) -count))
                .thenApply(answer -> Wire.sequence(Methods.UNDO_LOG, answer).stream()
                        .map(entry -> undoEntry(Wire.dict(Methods.UNDO_LOG, entry)))
                        .toList());
    }

    private static UndoEntry undoEntry(PyDict entry) {
        long tid = Wire.undoTid(entry.get("id"));
        return new UndoEntry(
                tid,
                TimeStamp.toInstant(tid),
                Wire.text(entry.get("user_name")),
                Wire.text(entry.get("description")),
                Wire.number(entry.get("size")),
                entry);
    }

    CompletableFuture<List<HistoryEntry>> history(long oid, int count) {
        return core.ask(Methods.HISTORY, PyTuple.of(Ids.bytes(oid), (long) count))
                .thenApply(answer -> Wire.sequence(Methods.HISTORY, answer).stream()
                        .map(entry -> historyEntry(Wire.dict(Methods.HISTORY, entry)))
                        .toList());
    }

    private static HistoryEntry historyEntry(PyDict entry) {
        long tid = Wire.id(Methods.HISTORY, entry.get("tid"));
        Instant time = TimeStamp.toInstant(tid);
        return new HistoryEntry(
                tid,
                time,
                Wire.text(entry.get("user_name")),
                Wire.text(entry.get("description")),
                Wire.number(entry.get("size")),
                entry);
    }
}
