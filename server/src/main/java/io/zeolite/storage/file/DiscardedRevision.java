package io.zeolite.storage.file;

/** A record of a transaction that was written and never committed, and that opening has cut off. */
public record DiscardedRevision(long oid, long tid) {}
