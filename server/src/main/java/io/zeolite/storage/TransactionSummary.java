package io.zeolite.storage;

/**
 * A transaction that can be undone.
 *
 * @param size its bytes in the log
 */
public record TransactionSummary(long tid, TransactionMetadata metadata, long size) {}
