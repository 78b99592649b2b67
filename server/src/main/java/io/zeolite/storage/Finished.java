package io.zeolite.storage;

/**
 * A transaction that is committed: on disk and visible.
 *
 * @param tid its id
 * @param length the number of objects in the storage after it
 * @param size the size of the storage in bytes after it
 */
public record Finished(long tid, long length, long size) {}
