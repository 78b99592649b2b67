package io.zeolite.client;

/**
 * The connection broke after the server was asked to finish the transaction and before it has answered, or the thread that
 * waited for the answer was interrupted. It may have been committed, or not; {@link ZeoClient#outcome} finds out.
 */
public final class CommitUnknownException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient CommitEvidence evidence;

    CommitUnknownException(String why, Throwable cause, CommitEvidence evidence) {
        super("whether the transaction, which was being finished, is committed is unknown: " + why, cause);
        this.evidence = evidence;
    }

    CommitEvidence evidence() {
        return evidence;
    }
}
