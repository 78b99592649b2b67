package io.zeolite.storage.undo;

/** A transaction that {@link UndoableLog#find} has found, and where. */
public interface UndoTarget {
    long tid();
}
