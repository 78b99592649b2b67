package io.zeolite.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.storage.Conflict;
import io.zeolite.storage.Finished;
import io.zeolite.storage.Invalidations;
import io.zeolite.storage.LoadResult;
import io.zeolite.storage.VoteResult;
import io.zeolite.zodb.Tid;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What has happened to the storage as its clients know it, and whether what it says and does agrees with that.
 *
 * <p>A transaction enters when its finish is answered, or when it is found after a crash that came before the answer.
 */
final class History {
    /** A transaction as it was committed. */
    record Commit(long tid, SimulatedTransaction transaction) {}

    private final List<Commit> commits = new ArrayList<>();
    private final Map<Long, TreeMap<Long, byte @Nullable []>> revisions = new HashMap<>();
    /** By oid and tid: the revision whose data one shares that undoes something. */
    private final Map<Long, Map<Long, Long>> backs = new HashMap<>();

    private final Map<String, SimulatedTransaction> running = new HashMap<>();
    /** Visible and told, but its finish is not answered yet. */
    private final ArrayDeque<Invalidations> announced = new ArrayDeque<>();

    /** Of packs that are not answered yet. */
    private final List<Long> packStops = new ArrayList<>();

    private long lastPackedTid = Tid.NONE;

    long lastTid() {
        return commits.isEmpty() ? Tid.NONE : commits.get(commits.size() - 1).tid;
    }

    int size() {
        return commits.size();
    }

    Collection<Long> oids() {
        return new TreeSet<>(revisions.keySet());
    }

    long maxOid() {
        return revisions.keySet().stream().mapToLong(Long::longValue).max().orElse(0);
    }

    /** The revisions of an object by tid; empty if there are none. */
    NavigableMap<Long, byte @Nullable []> revisions(long oid) {
        return revisions.getOrDefault(oid, new TreeMap<>());
    }

    /** The newest revision of an object; {@link Tid#NONE} if it has none. */
    long currentSerial(long oid) {
        NavigableMap<Long, byte @Nullable []> all = revisions(oid);
        return all.isEmpty() ? Tid.NONE : all.lastKey();
    }

    // A transaction on its way

    void begun(SimulatedTransaction transaction) {
        running.put(transaction.name(), transaction);
    }

    void voteAnswered(SimulatedTransaction transaction, VoteResult result) {
        assertThat(announced).as("transactions that were told and not answered").isEmpty();
        if (transaction.state == SimulatedTransaction.State.ENDED) {
            return;
        }
        List<Conflict> conflicts = result.conflicts();
        List<Long> expected = conflicting(transaction);
        assertThat(conflicts.stream().map(Conflict::oid).toList())
                .as("conflicts of %s", transaction.name())
                .isEqualTo(expected);
        for (Conflict conflict : conflicts) {
            assertThat(conflict.committed()).isEqualTo(currentSerial(conflict.oid()));
            assertThat(conflict.read()).isEqualTo(transaction.bases.get(conflict.oid()));
            assertThat(conflict.data()).isEqualTo(transaction.written.get(conflict.oid()));
        }
        if (conflicts.isEmpty()) {
            assertThat(staleCheck(transaction))
                    .as("check of %s that should have failed", transaction.name())
                    .isNull();
        }
        if (transaction.undone != null) {
            undo(transaction, transaction.undone);
            assertThat(result.changedOids())
                    .as("changed by %s", transaction.name())
                    .containsExactlyInAnyOrder(transaction.written.keySet().stream()
                            .mapToLong(Long::longValue)
                            .toArray());
        }
        if (conflicts.isEmpty()) {
            transaction.state = SimulatedTransaction.State.VOTED;
        } else {
            transaction.conflicted();
        }
        for (SimulatedTransaction other : running.values()) {
            assertThat(other != transaction && other.holdsLocks() && other.excludes(transaction))
                    .as("%s got locks that %s holds", transaction.name(), other.name())
                    .isFalse();
        }
    }

    // Undo

    /** Notes what a transaction writes that undoes another; nothing has changed since its vote got the locks. */
    private void undo(SimulatedTransaction transaction, long undone) {
        assertThat(cannotUndo(undone))
                .as("objects that %s must not undo", transaction.name())
                .isEmpty();
        for (long oid : written(undone)) {
            Long back = revisions(oid).lowerKey(undone);
            transaction.written.put(oid, back == null ? null : revisions(oid).get(back));
            transaction.backs.put(oid, back == null ? Tid.NONE : back);
        }
    }

    private Set<Long> written(long tid) {
        return commits.stream()
                .filter(commit -> commit.tid == tid)
                .findFirst()
                .orElseThrow()
                .transaction
                .written
                .keySet();
    }

    /** The objects of a transaction that have changed since in a way that must not be undone. */
    Set<Long> cannotUndo(long tid) {
        Set<Long> changed = new TreeSet<>();
        for (long oid : written(tid)) {
            long current = currentSerial(oid);
            Long back = backs.getOrDefault(oid, Map.of()).get(current);
            byte[] mine = revisions(oid).get(tid);
            if (current != tid
                    && (back == null || back != tid)
                    && (mine == null || !Arrays.equals(mine, revisions(oid).get(current)))) {
                changed.add(oid);
            }
        }
        return changed;
    }

    private List<Long> conflicting(SimulatedTransaction transaction) {
        return transaction.bases.entrySet().stream()
                .filter(base -> !transaction.deleted.contains(base.getKey()))
                .filter(base -> currentSerial(base.getKey()) != Tid.NONE)
                .filter(base -> currentSerial(base.getKey()) != base.getValue())
                .map(Map.Entry::getKey)
                .toList();
    }

    /** An object that is not as the transaction needs it; null if there is none. */
    @Nullable
    Long staleCheck(SimulatedTransaction transaction) {
        for (Map.Entry<Long, Long> check : transaction.checked.entrySet()) {
            if (currentSerial(check.getKey()) != check.getValue()) {
                return check.getKey();
            }
        }
        return transaction.deleted.stream()
                .filter(oid -> currentSerial(oid) != Objects.requireNonNull(transaction.bases.get(oid)))
                .findFirst()
                .orElse(null);
    }

    /** A listener that was there all the time hears of a transaction. */
    void announced(List<Invalidations> published) {
        assertThat(announced).as("transactions that were told and not answered").isEmpty();
        long last = lastTid();
        for (Invalidations invalidations : published) {
            assertThat(invalidations.tid()).as("tid after the last one").isGreaterThan(last);
            last = invalidations.tid();
        }
        announced.addAll(published);
    }

    void finishAnswered(SimulatedTransaction transaction, Finished finished) {
        Invalidations told = announced.poll();
        if (told == null || told.tid() != finished.tid()) {
            throw new AssertionError(transaction.name() + " is answered before it is visible and others are told");
        }
        assertThat(told.oids())
                .as("invalidated by %s", transaction.name())
                .containsExactlyInAnyOrder(transaction.written.keySet().stream()
                        .mapToLong(Long::longValue)
                        .toArray());
        commit(finished.tid(), transaction);
        if (announced.isEmpty()) {
            assertThat(finished.length()).isEqualTo(revisions.size());
        } else {
            assertThat(finished.length()).as("with those behind it").isGreaterThanOrEqualTo(revisions.size());
        }
    }

    private void commit(long tid, SimulatedTransaction transaction) {
        assertThat(transaction.mayCommit())
                .as("%s is committed, its state is %s", transaction.name(), transaction.state)
                .isTrue();
        assertThat(conflicting(transaction))
                .as("objects that %s overwrote unseen", transaction.name())
                .isEmpty();
        assertThat(staleCheck(transaction))
                .as("object that %s depends on", transaction.name())
                .isNull();
        for (SimulatedTransaction other : running.values()) {
            assertThat(other != transaction && other.holdsLocks() && other.excludes(transaction))
                    .as("%s is committed while %s holds its locks", transaction.name(), other.name())
                    .isFalse();
        }
        transaction.written.forEach((oid, data) ->
                revisions.computeIfAbsent(oid, o -> new TreeMap<>()).put(tid, data));
        transaction.backs.forEach(
                (oid, back) -> backs.computeIfAbsent(oid, o -> new HashMap<>()).put(tid, back));
        transaction.state = SimulatedTransaction.State.COMMITTED;
        running.remove(transaction.name());
        commits.add(new Commit(tid, transaction));
    }

    /** Its finish was answered: it has failed and is not there. */
    void finishFailed(SimulatedTransaction transaction) {
        assertThat(announced).as("transactions that were told and failed").isEmpty();
        transaction.state = SimulatedTransaction.State.ENDED;
        running.remove(transaction.name());
    }

    /**
     * Whether what is in the file can be what is there: all that was answered, and of what was on its way each transaction
     * as a whole or not at all.
     */
    void check(List<DataFile.Transaction> file) {
        List<DataFile.Transaction> unpacked =
                file.stream().dropWhile(DataFile.Transaction::isPacked).toList();
        long first = unpacked.isEmpty() ? Tid.MAX : unpacked.get(0).tid();
        checkPacked(file.subList(0, file.size() - unpacked.size()), Math.min(first, firstRunning(unpacked)));
        List<Commit> later =
                commits.stream().dropWhile(commit -> commit.tid < first).toList();
        for (int i = 0; i < later.size(); i++) {
            Commit commit = later.get(i);
            assertThat(unpacked.size())
                    .as("transactions in the file: %s is lost", commit.transaction.name())
                    .isGreaterThan(i);
            assertThat(unpacked.get(i).tid())
                    .as("tid of %s", commit.transaction.name())
                    .isEqualTo(commit.tid);
            assertSame(commit.transaction, unpacked.get(i));
        }
        for (DataFile.Transaction found : unacknowledged(file)) {
            SimulatedTransaction transaction = running.get(found.description());
            if (transaction == null || !transaction.mayCommit()) {
                throw new AssertionError(found.description() + " is in the file, and must not be committed");
            }
            assertSame(transaction, found);
        }
    }

    private List<DataFile.Transaction> unacknowledged(List<DataFile.Transaction> file) {
        return file.stream().filter(found -> found.tid() > lastTid()).toList();
    }

    private long firstRunning(List<DataFile.Transaction> unpacked) {
        return unacknowledged(unpacked).stream()
                .mapToLong(DataFile.Transaction::tid)
                .findFirst()
                .orElse(Tid.MAX);
    }

    /** A pack leaves the last revision of each object, and nothing else, of what was committed before a tid. */
    private void checkPacked(List<DataFile.Transaction> file, long end) {
        if (file.isEmpty()) {
            return;
        }
        assertThat(file.get(file.size() - 1).tid())
                .as("last transaction that is packed")
                .isLessThanOrEqualTo(lastPackedTid());
        Map<Long, Map<Long, byte[]>> expected = new TreeMap<>();
        revisions.forEach((oid, all) -> {
            Map.Entry<Long, byte[]> last = all.lowerEntry(end);
            if (last != null) {
                expected.computeIfAbsent(last.getKey(), tid -> new HashMap<>()).put(oid, last.getValue());
            }
        });
        DataFile.Transaction lastPacked = file.get(file.size() - 1);
        if (lastPacked.records().isEmpty()) {
            // It was the last of all, and stays for the sake of its tid.
            expected.putIfAbsent(lastPacked.tid(), Map.of());
        }
        assertThat(file.stream().map(DataFile.Transaction::tid).toList())
                .as("packed transactions")
                .isEqualTo(List.copyOf(expected.keySet()));
        for (DataFile.Transaction found : file) {
            Map<Long, byte[]> records = Objects.requireNonNull(expected.get(found.tid()));
            assertThat(found.records().keySet()).as("packed objects").isEqualTo(records.keySet());
            records.forEach((oid, data) -> assertThat(found.records().get(oid))
                    .as("packed data of %s", oid)
                    .isEqualTo(data));
        }
    }

    /** A pack has been asked for: what was replaced by the time it looks may be gone, or not. */
    void packAsked(long stop) {
        packStops.add(stop);
    }

    void packAnswered(long stop) {
        lastPackedTid = lastPackedTid();
        packStops.remove(stop);
    }

    /** No transaction up to this one is known to be there as it was. */
    long lastPackedTid() {
        long stop = packStops.stream().mapToLong(Long::longValue).max().orElse(Tid.NONE);
        return Math.max(lastPackedTid, Math.min(stop, lastTid()));
    }

    /** A server has started. What is in the file now is all that there is, and ever will be, of what was on its way. */
    void recovered(List<DataFile.Transaction> file) {
        check(file);
        announced.clear();
        running.values().forEach(SimulatedTransaction::lostLocks);
        unacknowledged(file)
                .forEach(found -> commit(found.tid(), Objects.requireNonNull(running.get(found.description()))));
        running.clear();
        lastPackedTid = lastPackedTid();
        packStops.clear();
    }

    private static void assertSame(SimulatedTransaction expected, DataFile.Transaction found) {
        assertThat(found.description()).isEqualTo(expected.name());
        assertThat(found.records().keySet())
                .as("objects of %s", expected.name())
                .isEqualTo(expected.written.keySet());
        expected.written.forEach((oid, data) -> assertThat(found.records().get(oid))
                .as("data of %s in %s", oid, expected.name())
                .isEqualTo(data));
    }

    // What clients read

    /** How many revisions of an object there are; to be asked before a load. */
    int count(long oid) {
        return revisions(oid).size();
    }

    /**
     * Checks the answer to a load.
     *
     * @param countBefore how many revisions there were when the load began: it may or may not have seen later ones
     */
    void checkLoad(long oid, long before, int countBefore, LoadResult result) {
        NavigableMap<Long, byte @Nullable []> all = revisions(oid);
        Set<LoadResult> expected = new LinkedHashSet<>();
        for (int count = countBefore; count <= all.size(); count++) {
            LoadResult possible = load(firstOf(all, count), before);
            if (isSame(possible, result) || (isGone(oid, possible) && result instanceof LoadResult.NoneBefore)) {
                return;
            }
            expected.add(possible);
        }
        throw new AssertionError("load of " + oid + " before " + Tid.toHex(before) + " gave " + describe(result)
                + ", expected " + expected.stream().map(History::describe).toList());
    }

    private boolean isGone(long oid, LoadResult result) {
        return result instanceof LoadResult.Loaded loaded && mayBeGone(oid, loaded.serial());
    }

    /** Whether a revision may have been packed away. */
    boolean mayBeGone(long oid, long serial) {
        Long kept = revisions(oid).floorKey(lastPackedTid());
        return kept != null && serial < kept;
    }

    private static NavigableMap<Long, byte @Nullable []> firstOf(NavigableMap<Long, byte @Nullable []> all, int count) {
        if (count == all.size()) {
            return all;
        }
        NavigableMap<Long, byte @Nullable []> first = new TreeMap<>();
        all.entrySet().stream().limit(count).forEach(entry -> first.put(entry.getKey(), entry.getValue()));
        return first;
    }

    private static LoadResult load(NavigableMap<Long, byte @Nullable []> revisions, long before) {
        if (revisions.isEmpty()) {
            return LoadResult.NO_OBJECT;
        }
        Map.Entry<Long, byte @Nullable []> found = revisions.lowerEntry(before);
        if (found == null) {
            return new LoadResult.NoneBefore(revisions.firstKey());
        }
        byte[] data = found.getValue();
        if (data == null) {
            return LoadResult.NO_OBJECT;
        }
        Long next = revisions.higherKey(found.getKey());
        return new LoadResult.Loaded(data, found.getKey(), next == null ? Tid.NONE : next);
    }

    private static boolean isSame(LoadResult a, LoadResult b) {
        if (a instanceof LoadResult.Loaded x && b instanceof LoadResult.Loaded y) {
            return x.serial() == y.serial() && x.end() == y.end() && Arrays.equals(x.data(), y.data());
        }
        // The first revision of the one may have been packed away.
        return a.getClass() == b.getClass();
    }

    private static String describe(LoadResult result) {
        return result instanceof LoadResult.Loaded loaded
                ? Tid.toHex(loaded.serial()) + " until " + Tid.toHex(loaded.end()) + ", " + loaded.data().length
                        + " bytes"
                : result.toString();
    }

    /** The objects that changed after one tid and not after another. */
    Set<Long> changes(long after, long until) {
        Set<Long> changes = new TreeSet<>();
        for (int i = commits.size() - 1; i >= 0 && commits.get(i).tid > after; i--) {
            if (commits.get(i).tid <= until) {
                changes.addAll(commits.get(i).transaction.written.keySet());
            }
        }
        return changes;
    }

    /** The tid of the {@code n}-th transaction from the end, 1 for the last. */
    long tidFromEnd(int n) {
        return commits.get(commits.size() - n).tid;
    }
}
