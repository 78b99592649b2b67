package io.zeolite.storage;

/**
 * A transaction as it is iterated over.
 *
 * @param status a character of ASCII: a blank, or {@code p} if a pack has rewritten it
 */
public record TransactionInformation(long tid, byte status, TransactionMetadata metadata) {}
