package io.zeolite.simulation;

import io.zeolite.zodb.Tid;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What is known of one client's transaction: what it staged, and how far it has got. */
final class SimulatedTransaction {
    enum State {
        /** Being staged, or its vote was asked and not answered. */
        OPEN,
        /** Its vote was answered with conflicts. */
        CONFLICTED,
        /** Its vote was clean. */
        VOTED,
        /** Its finish was asked: it may be committed or not. */
        FINISHING,
        /** Its finish was answered, with not knowing. */
        UNKNOWN,
        COMMITTED,
        /** It can never be committed: the client gave it up, or was told so. */
        ENDED
    }

    private final String name;
    /** The data of the last store, by oid; null for a deletion. What it undoes comes in with the answer to the vote. */
    final Map<Long, byte @Nullable []> written = new LinkedHashMap<>();
    /** The serial given with the last store, by oid. */
    final Map<Long, Long> bases = new LinkedHashMap<>();

    /** What it deletes, of what is in {@link #bases}. */
    final Set<Long> deleted = new HashSet<>();
    /** Of what it undoes, by oid: the revision that the object gets back; {@link Tid#NONE} if it ends. */
    final Map<Long, Long> backs = new LinkedHashMap<>();
    /** The transaction that it undoes; null if it is none of that kind. */
    final @Nullable Long undone;

    final Map<Long, Long> checked = new LinkedHashMap<>();
    State state = State.OPEN;
    /** Whether the storage has said that it held its locks for too long. */
    private boolean timedOut;

    private boolean hadConflicts;
    /** Whether it keeps its locks in spite of its conflicts: the first ones it loses them to. */
    private boolean keepsLocks;

    /** What the last vote locked. */
    private Set<Long> lockedToWrite = Set.of();

    private Set<Long> lockedToCheck = Set.of();

    SimulatedTransaction(String name) {
        this(name, null);
    }

    SimulatedTransaction(String name, @Nullable Long undone) {
        this.name = name;
        this.undone = undone;
    }

    /** Unique in a run; it is the description of the transaction in the file. */
    String name() {
        return name;
    }

    void store(long oid, long serial, byte[] data) {
        written.put(oid, data);
        bases.put(oid, serial);
        deleted.remove(oid);
    }

    void delete(long oid, long serial) {
        written.put(oid, null);
        bases.put(oid, serial);
        deleted.add(oid);
    }

    /** The client votes: with what it now wants to lock, it keeps the locks it has only if that is no more than before. */
    void voteAsked() {
        Set<Long> write = new HashSet<>(written.keySet());
        Set<Long> check = new HashSet<>(checked.keySet());
        check.removeAll(write);
        boolean same = write.equals(lockedToWrite) && check.equals(lockedToCheck);
        if (state == State.CONFLICTED && !(keepsLocks && same)) {
            state = State.OPEN;
        }
        lockedToWrite = write;
        lockedToCheck = check;
    }

    void finishAsked() {
        state = State.FINISHING;
    }

    /** The vote was answered with conflicts. */
    void conflicted() {
        state = State.CONFLICTED;
        keepsLocks = hadConflicts;
        hadConflicts = true;
    }

    /** Whether a vote that was answered keeps the objects locked. */
    boolean holdsLocks() {
        return (state == State.CONFLICTED && keepsLocks) || state == State.VOTED || state == State.FINISHING;
    }

    /** Whether the two want the same object, and one of them wants to write it. */
    boolean excludes(SimulatedTransaction other) {
        return undone != null
                || other.undone != null
                || lockedToWrite.stream()
                        .anyMatch(oid -> other.lockedToWrite.contains(oid) || other.lockedToCheck.contains(oid))
                || lockedToCheck.stream().anyMatch(other.lockedToWrite::contains);
    }

    boolean hasTimedOut() {
        return timedOut;
    }

    boolean mayCommit() {
        return state == State.FINISHING || state == State.UNKNOWN;
    }

    /** The server that held its locks is gone. */
    void lostLocks() {
        state = mayCommit() ? State.UNKNOWN : State.ENDED;
    }

    /** The storage has ended it because it held its locks for too long; a finish that is asked now comes too late. */
    void timedOut() {
        timedOut = true;
        state = State.ENDED;
    }

    void end() {
        if (!mayCommit() && state != State.COMMITTED) {
            state = State.ENDED;
        }
    }
}
