package io.zeolite.storage;

import static io.zeolite.storage.Logs.commit;
import static io.zeolite.storage.Logs.load;
import static io.zeolite.storage.Logs.transaction;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zeolite.error.PosKeyException;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every log on this machine does. */
abstract class TransactionLogContract {
    private static final long LARGE_OID = 0xfedcba9876543210L;

    @SuppressWarnings("NullAway.Init") // Set before each test.
    private TransactionLog log;

    /** A new, empty log. */
    abstract TransactionLog newLog() throws IOException;

    @BeforeEach
    void openLog() throws IOException {
        log = newLog();
    }

    @AfterEach
    void closeLog() throws IOException {
        log.close();
    }

    @Test
    void newLog_isEmpty() throws IOException {
        assertThat(log.lastTransaction()).isEqualTo(Tid.NONE);
        assertThat(log.length()).isZero();
        assertThat(log.maxOid()).isZero();
        assertThat(log.loadBefore(0, Tid.MAX)).isEqualTo(LoadResult.NO_OBJECT);
        assertThat(log.currentSerial(0)).isEqualTo(Tid.NONE);
        assertThat(log.lastInvalidations(10)).isEmpty();
        assertThat(log.invalidationsAfter(Tid.NONE)).isEmpty();
        assertThat(log.info().readOnly()).isFalse();
    }

    @Test
    void loadBefore_severalRevisions_findsTheOneThatWasCurrent() throws IOException {
        commit(log, 0x10, TestRecords.of(1, "A"));
        commit(log, 0x20, TestRecords.of(1, "B").and(2, "X"));
        commit(log, 0x30, TestRecords.of(1, "C"));

        assertThat(load(log, 1, 0)).isEqualTo("NoneBefore");
        assertThat(load(log, 1, 0x10)).isEqualTo("NoneBefore");
        assertThat(load(log, 1, 0x11)).isEqualTo("A 10-20");
        assertThat(load(log, 1, 0x20)).isEqualTo("A 10-20");
        assertThat(load(log, 1, 0x21)).isEqualTo("B 20-30");
        assertThat(load(log, 1, 0x31)).isEqualTo("C 30-");
        assertThat(load(log, 1, Tid.MAX)).isEqualTo("C 30-");
        assertThat(load(log, 2, 0x20)).isEqualTo("NoneBefore");
        assertThat(load(log, 2, 0x21)).isEqualTo("X 20-");
        assertThat(load(log, 3, Tid.MAX)).isEqualTo("NoObject");
        assertThat(log.loadBefore(1, 0x10)).isEqualTo(new LoadResult.NoneBefore(0x10));
        assertThat(log.loadBefore(2, 0x10)).isEqualTo(new LoadResult.NoneBefore(0x20));
    }

    @Test
    void loadSerial_onlyTheTidThatWrote_isFound() throws IOException {
        commit(log, 0x10, TestRecords.of(1, "A"));
        commit(log, 0x20, TestRecords.of(2, "X"));
        commit(log, 0x30, TestRecords.of(1, "B"));

        assertThat(log.loadSerial(1, 0x10)).isEqualTo(TestRecords.bytes("A"));
        assertThat(log.loadSerial(1, 0x30)).isEqualTo(TestRecords.bytes("B"));
        assertThatThrownBy(() -> log.loadSerial(1, 0x20)).isInstanceOf(PosKeyException.class);
        assertThatThrownBy(() -> log.loadSerial(1, 0x40)).isInstanceOf(PosKeyException.class);
        assertThatThrownBy(() -> log.loadSerial(3, 0x10)).isInstanceOf(PosKeyException.class);
    }

    @Test
    void getTid_currentRevision_orNoObject() throws IOException {
        commit(log, 0x10, TestRecords.of(1, "A"));
        commit(log, 0x30, TestRecords.of(1, "B"));

        assertThat(log.getTid(1)).isEqualTo(0x30);
        assertThat(log.currentSerial(1)).isEqualTo(0x30);
        assertThatThrownBy(() -> log.getTid(2)).isInstanceOf(PosKeyException.class);
    }

    @Test
    void history_severalRevisions_newestFirstAndNoMoreThanAsked() throws IOException {
        TransactionMetadata metadata = Logs.metadata("bob", "first", "");
        commit(log, List.of(new LogTransaction(0x10, metadata, TestRecords.of(1, "AAA"))));
        commit(log, 0x20, TestRecords.of(2, "X"));
        commit(log, 0x30, TestRecords.of(1, "B"));

        List<RevisionSummary> history = log.history(1, 10);

        assertThat(history).extracting(RevisionSummary::serial).containsExactly(0x30L, 0x10L);
        assertThat(history).extracting(RevisionSummary::size).containsExactly(1L, 3L);
        assertThat(history.get(1).metadata().user()).isEqualTo(TestRecords.bytes("bob"));
        assertThat(history.get(1).metadata().description()).isEqualTo(TestRecords.bytes("first"));
        assertThat(log.history(1, 1)).extracting(RevisionSummary::serial).containsExactly(0x30L);
        assertThat(log.history(1, 0)).isEmpty();
        assertThatThrownBy(() -> log.history(3, 1)).isInstanceOf(PosKeyException.class);
    }

    @Test
    void append_beforePublish_isInvisible() throws IOException {
        commit(log, 0x10, TestRecords.of(1, "A"));
        long size = log.size();

        List<TransactionLog.Publication> publications = Logs.append(
                log,
                List.of(
                        transaction(0x20, TestRecords.of(1, "B").and(7, "N")),
                        transaction(0x30, TestRecords.of(2, "X"))),
                () -> {});

        assertThat(log.lastTransaction()).isEqualTo(0x10);
        assertThat(log.size()).isEqualTo(size);
        assertThat(log.length()).isEqualTo(1);
        assertThat(load(log, 1, Tid.MAX)).isEqualTo("A 10-");
        assertThat(load(log, 7, Tid.MAX)).isEqualTo("NoObject");
        assertThat(log.lastInvalidations(10)).hasSize(1);

        publications.get(0).publish();
        assertThat(log.lastTransaction()).isEqualTo(0x20);
        assertThat(log.length()).isEqualTo(2);
        assertThat(log.maxOid()).isEqualTo(7);
        assertThat(load(log, 1, Tid.MAX)).isEqualTo("B 20-");
        assertThat(load(log, 2, Tid.MAX)).isEqualTo("NoObject");

        publications.get(1).publish();
        assertThat(log.lastTransaction()).isEqualTo(0x30);
        assertThat(log.size()).isGreaterThan(size);
        assertThat(load(log, 2, Tid.MAX)).isEqualTo("X 30-");
    }

    @Test
    void append_objectTwiceInATransaction_laterRecordWins() throws IOException {
        commit(log, 0x10, TestRecords.of(1, "A"));
        commit(log, 0x20, TestRecords.of(1, "first").and(2, "X").and(1, "second"));

        assertThat(load(log, 1, Tid.MAX)).isEqualTo("second 20-");
        assertThat(load(log, 1, 0x20)).isEqualTo("A 10-20");
        assertThat(log.loadSerial(1, 0x20)).isEqualTo(TestRecords.bytes("second"));
        assertThat(log.length()).isEqualTo(2);
    }

    @Test
    void append_objectInTwoTransactionsOfABatch_hasBothRevisions() throws IOException {
        commit(log, 0x10, TestRecords.of(1, "A"));
        commit(
                log,
                List.of(
                        transaction(0x20, TestRecords.of(1, "B").and(2, "X")),
                        transaction(0x30, TestRecords.of(2, "Y").and(3, "Z")),
                        transaction(0x40, TestRecords.of(1, "C"))));

        assertThat(load(log, 1, 0x20)).isEqualTo("A 10-20");
        assertThat(load(log, 1, 0x40)).isEqualTo("B 20-40");
        assertThat(load(log, 1, 0x41)).isEqualTo("C 40-");
        assertThat(load(log, 2, 0x30)).isEqualTo("X 20-30");
        assertThat(load(log, 2, 0x31)).isEqualTo("Y 30-");
    }

    @Test
    void append_beforeCommitFails_leavesTheLogAsItWas() throws IOException {
        commit(log, 0x10, TestRecords.of(1, "A"));
        long size = log.size();

        assertThatThrownBy(() -> Logs.append(log, List.of(transaction(0x20, TestRecords.of(1, "B"))), () -> {
                    throw new IOException("no blob");
                }))
                .isInstanceOf(AppendFailedException.class)
                .hasMessageContaining("no blob");

        assertThat(log.size()).isEqualTo(size);
        assertThat(load(log, 1, Tid.MAX)).isEqualTo("A 10-");
        commit(log, 0x18, TestRecords.of(1, "C"));
        assertThat(load(log, 1, Tid.MAX)).isEqualTo("C 18-");
    }

    @Test
    void append_recordsCannotBeRead_leavesTheLogAsItWas() throws IOException {
        StagedRecords unreadable = new StagedRecords() {
            @Override
            public int count() {
                return 1;
            }

            @Override
            public long oid(int i) {
                return 1;
            }

            @Override
            public int length(int i) {
                return 5;
            }

            @Override
            public byte[] data(int i) throws IOException {
                throw new IOException("spill file gone");
            }
        };

        assertThatThrownBy(() -> Logs.append(
                        log,
                        List.of(
                                transaction(0x10, TestRecords.of(2, "X")),
                                new LogTransaction(0x20, Logs.NO_METADATA, unreadable)),
                        () -> {}))
                .isInstanceOf(AppendFailedException.class)
                .hasMessageContaining("spill file gone");

        commit(log, 0x10, TestRecords.of(1, "A"));
        assertThat(load(log, 1, Tid.MAX)).isEqualTo("A 10-");
        assertThat(load(log, 2, Tid.MAX)).isEqualTo("NoObject");
    }

    @Test
    void append_recordWithoutData_isRefused() throws IOException {
        assertThatThrownBy(() -> Logs.append(
                        log, List.of(transaction(0x10, TestRecords.of(1, "A").and(2, ""))), () -> {}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("0x02");
        commit(log, 0x10, TestRecords.of(1, "A"));
    }

    @Test
    void append_tidNotAfterTheLast_isRefused() throws IOException {
        commit(log, 0x20, TestRecords.of(1, "A"));
        for (long tid : new long[] {0x10, 0x20}) {
            assertThatThrownBy(() -> Logs.append(log, List.of(transaction(tid, TestRecords.of(1, "B"))), () -> {}))
                    .isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> Logs.append(
                        log,
                        List.of(transaction(0x30, TestRecords.of(1, "B")), transaction(0x30, TestRecords.of(2, "C"))),
                        () -> {}))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void append_noRecords_isATransaction() throws IOException {
        commit(log, 0x10, TestRecords.none());

        assertThat(log.lastTransaction()).isEqualTo(0x10);
        assertThat(log.length()).isZero();
        assertThat(log.lastInvalidations(1)).singleElement().satisfies(it -> {
            assertThat(it.tid()).isEqualTo(0x10);
            assertThat(it.oids()).isEmpty();
        });
    }

    @Test
    void oidsOfAllSizes_areUnsigned() throws IOException {
        commit(log, 0x10, TestRecords.of(-1, "M").and(LARGE_OID, "L").and(0, "R"));
        commit(log, 0x20, TestRecords.of(LARGE_OID, "L2"));

        assertThat(log.maxOid()).isEqualTo(-1);
        assertThat(log.length()).isEqualTo(3);
        assertThat(load(log, -1, Tid.MAX)).isEqualTo("M 10-");
        assertThat(load(log, LARGE_OID, 0x20)).isEqualTo("L 10-20");
        assertThat(load(log, LARGE_OID, 0x21)).isEqualTo("L2 20-");
    }

    @Test
    void lastInvalidations_anyCount_oldestFirst() throws IOException {
        commit(log, 0x10, TestRecords.of(1, "A"));
        commit(log, 0x20, TestRecords.of(2, "B").and(3, "C"));
        commit(log, 0x30, TestRecords.none());
        commit(log, 0x40, TestRecords.of(1, "D"));

        assertThat(texts(log.lastInvalidations(0))).isEmpty();
        assertThat(texts(log.lastInvalidations(2))).containsExactly("30[]", "40[1]");
        assertThat(texts(log.lastInvalidations(100))).containsExactly("10[1]", "20[2, 3]", "30[]", "40[1]");
        assertThat(texts(log.invalidationsAfter(Tid.NONE))).hasSize(4);
        assertThat(texts(log.invalidationsAfter(0x20))).containsExactly("30[]", "40[1]");
        assertThat(texts(log.invalidationsAfter(0x1f))).containsExactly("20[2, 3]", "30[]", "40[1]");
        assertThat(texts(log.invalidationsAfter(0x40))).isEmpty();
    }

    private static List<String> texts(List<Invalidations> changes) {
        return changes.stream()
                .map(it -> Long.toHexString(it.tid())
                        + java.util.Arrays.stream(it.oids()).boxed().toList())
                .toList();
    }

    @Test
    void iterator_allTransactions_withMetadataAndRecords() throws IOException {
        TransactionMetadata metadata = Logs.metadata("user", "description", "}.");
        commit(
                log,
                List.of(new LogTransaction(
                        0x10, metadata, TestRecords.of(2, "A").and(1, "B"))));
        commit(log, 0x20, TestRecords.none());
        commit(log, 0x30, TestRecords.of(1, "C"));

        assertThat(Logs.iterate(log, 0, -1)).containsExactly("10 2=A 1=B", "20", "30 1=C");
        TransactionIterator iterator = log.iterator(0, -1);
        TransactionInformation first = Objects.requireNonNull(iterator.next());
        assertThat(first.status()).isEqualTo((byte) ' ');
        assertThat(first.metadata().user()).isEqualTo(TestRecords.bytes("user"));
        assertThat(first.metadata().description()).isEqualTo(TestRecords.bytes("description"));
        assertThat(first.metadata().extension()).isEqualTo(TestRecords.bytes("}."));
    }

    @Test
    void iterator_emptyLog_hasNothing() throws IOException {
        assertThat(Logs.iterate(log, 0, -1)).isEmpty();
        assertThat(Logs.iterate(log, 0x10, 0x20)).isEmpty();
    }

    @Test
    void iterator_startAndStop_areBothIncluded() throws IOException {
        for (int tid = 0x10; tid <= 0x90; tid += 0x10) {
            commit(log, tid, TestRecords.of(1, "A"));
        }

        assertThat(Logs.iterate(log, 0x30, 0x50)).containsExactly("30 1=A", "40 1=A", "50 1=A");
        assertThat(Logs.iterate(log, 0x2f, 0x51)).hasSize(3);
        assertThat(Logs.iterate(log, 0x31, 0x4f)).containsExactly("40 1=A");
        assertThat(Logs.iterate(log, 0x71, -1)).containsExactly("80 1=A", "90 1=A");
        assertThat(Logs.iterate(log, 0x90, -1)).containsExactly("90 1=A");
        assertThat(Logs.iterate(log, 0x91, -1)).isEmpty();
        assertThat(Logs.iterate(log, 0, 0x0f)).isEmpty();
        assertThat(Logs.iterate(log, 0x50, 0x40)).isEmpty();
        assertThat(Logs.iterate(log, 1, 0x10)).containsExactly("10 1=A");
    }

    @Test
    void iterator_laterCommits_areNotSeen() throws IOException {
        commit(log, 0x10, TestRecords.of(1, "A"));
        TransactionIterator all = log.iterator(0, -1);
        TransactionIterator later = log.iterator(0x11, -1);
        commit(log, 0x20, TestRecords.of(1, "B"));

        assertThat(Logs.iterate(all)).containsExactly("10 1=A");
        assertThat(Logs.iterate(later)).isEmpty();
        assertThat(all.next()).isNull();
    }

    @Test
    void iterator_records_asOftenAsWanted() throws IOException {
        commit(log, 0x10, TestRecords.of(1, "A").and(2, "B"));
        commit(log, 0x20, TestRecords.of(3, "C"));
        TransactionIterator iterator = log.iterator(0, -1);
        iterator.next();
        RecordIterator early = iterator.records();
        assertThat(Logs.text(iterator.records())).isEqualTo(" 1=A 2=B");
        iterator.next();
        assertThat(Logs.text(early)).isEqualTo(" 1=A 2=B");
        assertThat(Logs.text(iterator.records())).isEqualTo(" 3=C");
        assertThat(early.next()).isNull();
    }

    @Test
    void reserve_manyTransactions_releasedAfterwards() throws IOException {
        TestRecords records = TestRecords.of(1, "A");
        long bytes = log.sizeOf(Logs.NO_METADATA, records);
        for (int i = 1; i <= 100; i++) {
            log.reserve(bytes);
            commit(log, i, records);
            log.release(bytes);
        }
        assertThat(log.lastTransaction()).isEqualTo(100);
    }

    @Test
    void metadataOfTheLargestSize_isTaken() throws IOException {
        TransactionMetadata metadata = new TransactionMetadata(new byte[65535], new byte[65535], new byte[65535]);
        commit(log, List.of(new LogTransaction(0x10, metadata, TestRecords.of(1, "A"))));
        commit(log, 0x20, TestRecords.of(2, "B"));

        assertThat(load(log, 1, Tid.MAX)).isEqualTo("A 10-");
        assertThat(log.lastInvalidations(2)).hasSize(2);
    }

    @Test
    void readers_during1000Appends_seeWholeTransactions() throws Exception {
        int objects = 20;
        append(1, objects);
        AtomicBoolean done = new AtomicBoolean();
        ExecutorService readers = Executors.newFixedThreadPool(2);
        try {
            List<Future<Long>> results = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                CountDownLatch begun = new CountDownLatch(1);
                results.add(readers.submit(() -> readUntil(done, objects, begun)));
                assertThat(begun.await(60, TimeUnit.SECONDS)).isTrue();
            }
            for (int tid = 2; tid <= 1000; tid++) {
                append(tid, objects);
            }
            done.set(true);
            for (Future<Long> result : results) {
                assertThat(result.get(60, TimeUnit.SECONDS)).isPositive();
            }
        } finally {
            done.set(true);
            readers.shutdown();
        }
    }

    private void append(long tid, int objects) throws IOException {
        TestRecords records = TestRecords.none();
        for (int oid = 0; oid < objects; oid++) {
            records.and(oid, ByteBuffer.allocate(8 + oid).putLong(0, tid).array());
        }
        commit(log, tid, records);
    }

    /** Each transaction writes all objects, so as of any instant all of them have the serial of the last one. */
    private long readUntil(AtomicBoolean done, int objects, CountDownLatch begun) throws IOException {
        long reads = 0;
        while (!done.get()) {
            long last = log.lastTransaction();
            for (int oid = 0; oid < objects; oid++) {
                LoadResult.Loaded asOfLast = (LoadResult.Loaded) log.loadBefore(oid, last + 1);
                assertThat(asOfLast.serial()).isEqualTo(last);
                assertThat(ByteBuffer.wrap(asOfLast.data()).getLong()).isEqualTo(last);
                LoadResult.Loaded current = (LoadResult.Loaded) log.loadBefore(oid, Tid.MAX);
                assertThat(current.serial()).isGreaterThanOrEqualTo(last);
                assertThat(ByteBuffer.wrap(current.data()).getLong()).isEqualTo(current.serial());
                assertThat(current.isCurrent()).isTrue();
                reads++;
            }
            begun.countDown();
        }
        return reads;
    }
}
