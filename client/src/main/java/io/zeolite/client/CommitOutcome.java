package io.zeolite.client;

/** What has become of a transaction that was being finished when the connection broke. */
public sealed interface CommitOutcome {
    /** It was committed, with this tid. */
    record Committed(long tid) implements CommitOutcome {}

    /**
     * It was not, and will not be; but if it has only made new objects, which nothing refers to, a pack may have removed them
     * since.
     */
    record NotCommitted() implements CommitOutcome {}

    /** It cannot be told from what the server knows: the transaction has written no record of its own, or a pack has removed what would tell. */
    record Undecidable(String reason) implements CommitOutcome {}
}
