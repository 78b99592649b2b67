package io.zeolite.storage;

import java.util.List;

/**
 * What a vote found.
 *
 * @param conflicts what the client has to resolve, then storing again and voting again. Empty if the transaction may
 *     finish.
 * @param changedOids objects whose record is not what the client sent
 */
public record VoteResult(List<Conflict> conflicts, long[] changedOids) {
    private static final long[] NOTHING = {};

    /** A vote after which the transaction may finish, everything as the client sent it. */
    public static final VoteResult CLEAN = new VoteResult(List.of(), NOTHING);

    /** A vote after which the transaction may finish, undoing what it is to undo. */
    public static VoteResult changing(long[] oids) {
        return new VoteResult(List.of(), oids);
    }

    public static VoteResult conflicts(List<Conflict> conflicts) {
        return new VoteResult(List.copyOf(conflicts), NOTHING);
    }
}
