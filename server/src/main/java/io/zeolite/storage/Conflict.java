package io.zeolite.storage;

/**
 * An object that was stored over a revision which is no longer the current one.
 *
 * @param committed the serial of the current revision
 * @param read the serial that the client had read
 * @param data the record that the client sent
 */
public record Conflict(long oid, long committed, long read, byte[] data) {}
