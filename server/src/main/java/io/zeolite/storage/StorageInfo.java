package io.zeolite.storage;

import java.util.List;

/**
 * What a storage says of itself, fixed while it is open.
 *
 * @param name the name that clients see: for a file storage its path as configured
 * @param readOnly whether nobody may write
 * @param supportsUndo whether it can undo transactions
 * @param supportsRecordIternext whether it can iterate over its current records
 * @param interfaces the Python interfaces that it provides, in Python's order, as {@code module.Name}
 */
public record StorageInfo(
        String name, boolean readOnly, boolean supportsUndo, boolean supportsRecordIternext, List<String> interfaces) {}
