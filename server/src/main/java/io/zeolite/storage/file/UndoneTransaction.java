package io.zeolite.storage.file;

import io.zeolite.error.UndoException;
import io.zeolite.storage.undo.UndoTarget;
import java.io.IOException;
import java.util.List;

/**
 * A transaction that is to be undone, and where it was found.
 *
 * @param generation the file in which it was found; a pack may have put another one in its place since
 * @param header where it is there
 */
record UndoneTransaction(Generation generation, TransactionHeader header) implements UndoTarget {
    /** @throws UndoException if it is not there, or cannot be undone */
    static UndoneTransaction find(Generation generation, long tid) throws IOException {
        TransactionHeader header =
                new History(generation.file()).find(generation.published().end(), tid);
        if (header == null) {
            throw new UndoException(List.of(new UndoException.Cause(null, "Invalid transaction id")));
        }
        if (header.status() != FileFormat.COMMITTED) {
            throw new UndoException(List.of(new UndoException.Cause(null, "non-undoable transaction")));
        }
        return new UndoneTransaction(generation, header);
    }

    @Override
    public long tid() {
        return header.tid();
    }

    /**
     * Its records in a generation, this one or a later one.
     *
     * @throws UndoException if a pack has taken it away since, or made it one that cannot be undone
     */
    List<DataHeader> recordsIn(Generation current) throws IOException {
        TransactionHeader there = current == generation ? header : find(current, tid()).header;
        return new History(current.file()).records(there);
    }
}
