package io.zeolite.client;

/**
 * The connection broke after the server was asked to finish the transaction and before it has answered. It may have been
 * committed, or not; {@link ZeoClient#outcome} finds out.
 */
public final class CommitUnknownException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient CommitEvidence evidence;

    CommitUnknownException(Throwable cause, CommitEvidence evidence) {
        super(
                "the connection broke while the transaction was being finished, whether it was is unknown: "
                        + cause.getMessage(),
                cause);
        this.evidence = evidence;
    }

    CommitEvidence evidence() {
        return evidence;
    }
}
