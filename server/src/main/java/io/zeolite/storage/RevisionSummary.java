package io.zeolite.storage;

/**
 * What the history of an object says of one revision.
 *
 * @param serial the tid of the revision
 * @param metadata what was said of the transaction that wrote it
 * @param size the bytes of the record's own data: 0 for a deletion, and for one that shares an older record's data
 */
public record RevisionSummary(long serial, TransactionMetadata metadata, long size) {}
