package io.zeolite.client;

/** What has become of a transaction that was being finished when the connection broke. */
public sealed interface CommitOutcome {
    /** It was committed, as this transaction. */
    record Committed(long tid) implements CommitOutcome {}

    /** It was not, and will not be. */
    record NotCommitted() implements CommitOutcome {}

    /** It cannot be told from what the server knows, as the transaction has written no record of its own. */
    record Undecidable(String reason) implements CommitOutcome {}
}
