package io.zeolite.storage.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zeolite.commit.CommitContext;
import io.zeolite.commit.LocalStorage;
import io.zeolite.commit.LocalStorageOptions;
import io.zeolite.commit.NoTimeouts;
import io.zeolite.disk.RealDisk;
import io.zeolite.error.ConflictException;
import io.zeolite.error.PosKeyException;
import io.zeolite.storage.Completion;
import io.zeolite.storage.Conflict;
import io.zeolite.storage.Finished;
import io.zeolite.storage.Invalidations;
import io.zeolite.storage.LoadResult;
import io.zeolite.storage.Logs;
import io.zeolite.storage.Storage;
import io.zeolite.storage.StorageTransaction;
import io.zeolite.storage.Subscription;
import io.zeolite.storage.TestRecords;
import io.zeolite.storage.TransactionLog;
import io.zeolite.storage.VoteResult;
import io.zeolite.storage.file.FileLog;
import io.zeolite.storage.file.FileLogOptions;
import io.zeolite.storage.memory.MemoryLog;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Changes in memory over a base in memory with two transactions; the committer runs at once. */
final class DemoStorageTest {
    @SuppressWarnings("NullAway.Init") // Set before each test.
    private DemoStorage demo;

    private boolean closed;

    @BeforeEach
    void open() throws IOException {
        MemoryLog base = new MemoryLog("base");
        Logs.commit(base, 0x10, TestRecords.of(1, "A").and(2, "B"));
        Logs.commit(base, 0x20, TestRecords.of(1, "A2"));
        demo = over(base, new MemoryLog("changes"));
    }

    private DemoStorage over(TransactionLog base, TransactionLog changes) throws IOException {
        return new DemoStorage(null, storage(base), storage(changes), new Random(3), () -> closed = true);
    }

    private static Storage storage(TransactionLog log) throws IOException {
        return LocalStorage.open(
                log,
                null,
                new CommitContext(
                        Runnable::run,
                        Runnable::run,
                        InstantSource.fixed(Instant.parse("2026-01-01T00:00:00Z")),
                        new NoTimeouts(),
                        Duration.ZERO),
                new LocalStorageOptions(10, Duration.ZERO, Long.MAX_VALUE, 1 << 20, () -> {
                    throw new IOException("nothing is spilled");
                }));
    }

    /** What a call completes with; it does so at once. */
    private static <T> T result(Consumer<Completion<T>> call) {
        List<T> results = new ArrayList<>();
        call.accept(new Completion<>() {
            @Override
            public void complete(T value) {
                results.add(value);
            }

            @Override
            public void fail(Throwable failure) {
                throw (RuntimeException) failure;
            }
        });
        assertThat(results).hasSize(1);
        return results.get(0);
    }

    private String load(long oid, long before) {
        LoadResult found = result(completion -> demo.loadBefore(oid, before, completion));
        return found instanceof LoadResult.Loaded loaded
                ? new String(loaded.data(), java.nio.charset.StandardCharsets.US_ASCII) + " " + name(loaded.serial())
                        + "-" + (loaded.isCurrent() ? "" : name(loaded.end()))
                : found.getClass().getSimpleName();
    }

    private static String name(long tid) {
        return Long.compareUnsigned(tid, 0x1000) < 0 ? Long.toHexString(tid) : "changed";
    }

    private StorageTransaction begin() {
        return demo.begin(null, Logs.NO_METADATA, () -> {});
    }

    private static VoteResult vote(StorageTransaction transaction) {
        return result(transaction::vote);
    }

    private long commit(long oid, long serial, String data) {
        StorageTransaction transaction = begin();
        transaction.store(oid, serial, TestRecords.bytes(data));
        assertThat(vote(transaction).conflicts()).isEmpty();
        return DemoStorageTest.<Finished>result(transaction::finish).tid();
    }

    @Test
    void loadBefore_overBoth_hasOneHistory() {
        assertThat(load(1, Tid.MAX)).isEqualTo("A2 20-");
        long first = commit(1, 0x20, "C");
        long second = commit(1, first, "C2");
        commit(3, 0, "N");

        assertThat(load(1, 0x10)).isEqualTo("NoneBefore");
        assertThat(load(1, 0x20)).isEqualTo("A 10-20");
        assertThat(load(1, first)).isEqualTo("A2 20-changed");
        assertThat(result((Completion<LoadResult> it) -> demo.loadBefore(1, first, it)))
                .isInstanceOfSatisfying(
                        LoadResult.Loaded.class, it -> assertThat(it.end()).isEqualTo(first));
        assertThat(load(1, second)).isEqualTo("C changed-changed");
        assertThat(load(1, Tid.MAX)).isEqualTo("C2 changed-");
        assertThat(load(2, Tid.MAX)).isEqualTo("B 10-");
        assertThat(load(3, first)).isEqualTo("NoneBefore");
        assertThat(load(4, Tid.MAX)).isEqualTo("NoObject");
        assertThat(result((Completion<byte[]> it) -> demo.loadSerial(1, 0x10, it)))
                .isEqualTo(TestRecords.bytes("A"));
        assertThat(result((Completion<Long> it) -> demo.getTid(1, it))).isEqualTo(second);
        assertThatThrownBy(() -> result((Completion<Long> it) -> demo.getTid(4, it)))
                .isInstanceOf(PosKeyException.class);
    }

    @Test
    void loadBefore_ofTheBaseUnderManyChanges_endsWithTheFirst() {
        long first = commit(1, 0x20, "C");
        long last = first;
        for (int i = 0; i < 10_000; i++) {
            last = commit(1, last, "D");
        }

        assertThat(result((Completion<LoadResult> it) -> demo.loadBefore(1, first, it)))
                .isInstanceOfSatisfying(
                        LoadResult.Loaded.class, it -> assertThat(it.end()).isEqualTo(first));
    }

    @Test
    void loadBefore_ofTheBaseUnderAChangeThatIsUndone_endsWithTheChange(@TempDir Path directory) throws IOException {
        MemoryLog base = new MemoryLog("base");
        Logs.commit(base, 0x20, TestRecords.of(1, "A"));
        demo = over(base, FileLog.open(new RealDisk(), directory.resolve("changes.fs"), FileLogOptions.DEFAULT));
        long changed = commit(1, 0x20, "C");
        StorageTransaction undo = begin();
        undo.undo(changed);
        vote(undo);
        DemoStorageTest.<Finished>result(undo::finish);

        assertThat(load(1, Tid.MAX)).isEqualTo("A 20-");
        assertThat(result((Completion<LoadResult> it) -> demo.loadBefore(1, changed, it)))
                .isInstanceOfSatisfying(
                        LoadResult.Loaded.class, it -> assertThat(it.end()).isEqualTo(changed));
        demo.close();
    }

    @Test
    void vote_staleOverTheBase_isAConflictThatCanBeResolved() {
        StorageTransaction transaction = begin();
        transaction.store(1, 0x10, TestRecords.bytes("stale"));
        transaction.store(2, 0x10, TestRecords.bytes("good"));
        assertThat(vote(transaction).conflicts()).singleElement().satisfies(it -> assertThat(it)
                .extracting(Conflict::oid, Conflict::committed, Conflict::read)
                .containsExactly(1L, 0x20L, 0x10L));
        transaction.store(1, 0x20, TestRecords.bytes("resolved"));
        assertThat(vote(transaction)).isEqualTo(VoteResult.CLEAN);
        DemoStorageTest.<Finished>result(transaction::finish);
        assertThat(load(1, Tid.MAX)).startsWith("resolved");
        assertThat(load(2, Tid.MAX)).startsWith("good");
    }

    @Test
    void vote_changedByAnotherMeanwhile_isAConflictOfTheChanges() {
        StorageTransaction transaction = begin();
        transaction.store(1, 0x20, TestRecords.bytes("late"));
        long committed = commit(1, 0x20, "early");
        assertThat(vote(transaction).conflicts()).singleElement().satisfies(it -> assertThat(it.committed())
                .isEqualTo(committed));
    }

    @Test
    void checkCurrent_inBaseAndInChanges_failsIfItIsNotCurrent() {
        StorageTransaction good = begin();
        good.checkCurrent(1, 0x20);
        assertThat(vote(good)).isEqualTo(VoteResult.CLEAN);
        good.abort();

        StorageTransaction stale = begin();
        stale.checkCurrent(1, 0x10);
        assertThatThrownBy(() -> vote(stale)).isInstanceOf(ConflictException.class);

        StorageTransaction overtaken = begin();
        overtaken.checkCurrent(1, 0x20);
        long changed = commit(1, 0x20, "C");
        assertThatThrownBy(() -> vote(overtaken)).isInstanceOfSatisfying(ConflictException.class, it -> assertThat(it)
                .hasMessageContaining(Tid.toString(changed)));

        StorageTransaction inChanges = begin();
        inChanges.checkCurrent(1, changed);
        assertThat(vote(inChanges)).isEqualTo(VoteResult.CLEAN);
        inChanges.abort();

        StorageTransaction missing = begin();
        missing.checkCurrent(9, 0x20);
        assertThatThrownBy(() -> vote(missing)).isInstanceOf(PosKeyException.class);
    }

    @Test
    void newOids_randomStart_skipWhatIsThere() {
        long[] first = result(completion -> demo.newOids(100, completion));
        long[] second = result(completion -> demo.newOids(100, completion));
        assertThat(first[0]).isBetween(1L, 1L << 62);
        assertThat(second[0]).isEqualTo(first[99] + 1);
        commit(second[99] + 3, 0, "taken");
        long[] third = result(completion -> demo.newOids(5, completion));
        assertThat(third).doesNotContain(second[99] + 3).startsWith(second[99] + 1, second[99] + 2);
        assertThat(third[2]).isNotEqualTo(second[99] + 4);
    }

    @Test
    void invalidations_ofBoth_withoutAGap() {
        assertThat(demo.lastTransaction()).isEqualTo(0x20);
        Subscription early = demo.subscribe((published, from, to) -> {});
        assertThat(early.startTid()).isEqualTo(0x20);
        assertThat(since(0x20)).isEqualTo("20 []");
        assertThat(since(0x10)).isEqualTo("20 [1]");
        List<Long> told = new ArrayList<>();
        Subscription listener = demo.subscribe((published, from, to) ->
                published.transactions().subList(from, to).forEach(one -> told.add(one.tid())));
        long changed = commit(2, 0x10, "C");

        assertThat(told).containsExactly(changed);
        assertThat(since(0x20)).isEqualTo("changed [2]");
        assertThat(since(0x10)).isEqualTo("changed [1, 2]");
        assertThat(since(changed)).isEqualTo("changed []");
        assertThat(since(0x5)).isEqualTo("unknown");
        assertThat(since(0x15)).as("in neither of them").isEqualTo("unknown");
        assertThat(since(0x25)).as("in neither of them").isEqualTo("unknown");
        listener.close();
        commit(2, changed, "D");
        assertThat(told).hasSize(1);
    }

    private String since(long tid) {
        Optional<Invalidations> found = result(completion -> demo.invalidationsSince(tid, completion));
        return found.map(it -> name(it.tid()) + " "
                        + java.util.Arrays.stream(it.oids()).boxed().toList())
                .orElse("unknown");
    }

    @Test
    void iterator_baseThenChanges() throws IOException {
        commit(2, 0x10, "C");
        List<String> lines = Logs.iterate(demo.iterator(0, -1));
        assertThat(lines).hasSize(3).startsWith("10 1=A 2=B", "20 1=A2");
        assertThat(lines.get(2)).endsWith(" 2=C");
        assertThat(Logs.iterate(demo.iterator(0x20, 0x20))).containsExactly("20 1=A2");
    }

    @Test
    void info_andClose_areOfBoth() {
        assertThat(demo.info().name()).isEqualTo("DemoStorage('base', 'changes')");
        assertThat(demo.info().interfaces())
                .containsExactly(
                        "ZODB.interfaces.IStorage", "ZODB.interfaces.IStorageIteration", "zope.interface.Interface");
        assertThat(demo.length()).isZero();
        demo.close();
        assertThat(closed).isTrue();
    }
}
