package io.zeolite.session;

import java.util.Map;
import java.util.concurrent.Executor;

/**
 * What all sessions of a server share.
 *
 * @param storages by name
 * @param io runs what may wait for the disk: uploads
 * @param iteration runs what may wait longer, for a walk through a file or for another server, and must not hold up uploads
 * @param maxStagedBytes the most that one connection may have staged in a transaction, records and blobs together
 */
public record SessionSettings(
        Map<String, ServedStorage> storages, Executor io, Executor iteration, long maxStagedBytes) {
    /** The same with one executor for both. */
    public SessionSettings(Map<String, ServedStorage> storages, Executor io, long maxStagedBytes) {
        this(storages, io, io, maxStagedBytes);
    }
}
