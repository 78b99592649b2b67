package io.zeolite.storage;

/**
 * A voted transaction as it goes into a log.
 *
 * @param tid later than every tid in the log
 */
public record LogTransaction(long tid, TransactionMetadata metadata, StagedRecords records) {}
