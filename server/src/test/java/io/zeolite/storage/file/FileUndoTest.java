package io.zeolite.storage.file;

import static io.zeolite.storage.Logs.NO_METADATA;
import static io.zeolite.storage.Logs.commit;
import static io.zeolite.storage.Logs.load;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zeolite.commit.staging.RecordStaging;
import io.zeolite.commit.staging.StagingMemory;
import io.zeolite.disk.RealDisk;
import io.zeolite.error.UndoException;
import io.zeolite.storage.LogTransaction;
import io.zeolite.storage.RevisionSummary;
import io.zeolite.storage.TestRecords;
import io.zeolite.storage.TransactionSummary;
import io.zeolite.storage.undo.PendingRecords.PendingRecord;
import io.zeolite.storage.undo.UndoneRecord;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What undoes a transaction, and that it is in the file as Python has it. */
final class FileUndoTest {
    private static final byte[] BLOB = HexFormat.of().parseHex("8003635a4f44422e626c6f620a426c6f620a71002e80034e2e");

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    private Path directory;

    @SuppressWarnings("NullAway.Init") // Set before each test.
    private FileLog log;

    @BeforeEach
    void openLog() throws IOException {
        log = open();
    }

    private FileLog open() throws IOException {
        return FileLog.open(new RealDisk(), directory.resolve("Data.fs"), FileLogOptions.DEFAULT);
    }

    @AfterEach
    void closeLog() throws IOException {
        log.close();
    }

    private static RecordStaging staging() {
        return new RecordStaging(
                new StagingMemory(1 << 20, Long.MAX_VALUE),
                () -> {
                    throw new IOException("nothing should be spilled");
                },
                Runnable::run);
    }

    private List<UndoneRecord> undoInto(RecordStaging records, long tid) throws IOException {
        List<UndoneRecord> undone = log.undo(log.find(tid), oid -> pending(records, oid));
        undone.forEach(record -> records.undo(record.oid(), record.back()));
        return undone;
    }

    private static @Nullable PendingRecord pending(RecordStaging records, long oid) throws IOException {
        int number = records.find(oid);
        if (number < 0) {
            return null;
        }
        return records.isPointer(number)
                ? new PendingRecord(null, records.back(number))
                : new PendingRecord(records.data(number), 0);
    }

    /** Undoes transactions in one. */
    private List<UndoneRecord> undo(long tid, long... undone) throws IOException {
        List<UndoneRecord> records = new ArrayList<>();
        try (RecordStaging staged = staging()) {
            for (long earlier : undone) {
                records.addAll(undoInto(staged, earlier));
            }
            commit(log, List.of(new LogTransaction(tid, NO_METADATA, staged)));
        }
        return records;
    }

    private void delete(long tid, long oid) throws IOException {
        try (RecordStaging staged = staging()) {
            staged.delete(oid, log.currentSerial(oid));
            commit(log, List.of(new LogTransaction(tid, NO_METADATA, staged)));
        }
    }

    private UndoException refusal(long... undone) {
        List<UndoException> refusals = new ArrayList<>();
        assertThatThrownBy(() -> undo(0x7fff, undone)).isInstanceOfSatisfying(UndoException.class, refusals::add);
        return refusals.get(0);
    }

    /** The file of a Python that did the same. */
    @Test
    void undoAndDelete_asPythonDoes_sameBytes() throws IOException {
        long t = GoldenFileTest.T;
        byte[] pickle = HexFormat.of().parseHex("80037d710058010000006b71014b01732e");
        String extension = new String(pickle, StandardCharsets.ISO_8859_1);
        commit(
                log,
                List.of(new LogTransaction(
                        t + 1,
                        io.zeolite.storage.Logs.metadata("bob", "first", extension),
                        TestRecords.of(0, "ROOT1."))));
        commit(log, t + 2, TestRecords.of(0, "ROOT22."));
        commit(log, t + 3, TestRecords.of(1, "X."));

        undo(t + 4, t + 2);
        undo(t + 5, t + 3);
        delete(t + 6, 0);
        commit(log, t + 7, TestRecords.none());

        assertThat(directory.resolve("Data.fs")).hasBinaryContent(GoldenFileTest.GOLDEN);
        log.close();
        log = open();
        assertThat(load(log, 0, t + 6)).isEqualTo("ROOT1. 3e9000000000004-3e9000000000006");
    }

    @Test
    void undo_redoAndUndoAgain_alternate() throws IOException {
        commit(log, 0x10, TestRecords.of(7, "A"));
        commit(log, 0x20, TestRecords.of(7, "B"));

        undo(0x30, 0x20);
        assertThat(load(log, 7, Tid.MAX)).isEqualTo("A 30-");
        undo(0x40, 0x30);
        assertThat(load(log, 7, Tid.MAX)).isEqualTo("B 40-");
        undo(0x50, 0x40);
        assertThat(load(log, 7, Tid.MAX)).isEqualTo("A 50-");
        // The one that was undone first: its data is current through a chain of records, or it is not.
        assertThat(refusal(0x20).getMessage()).contains("0x07");
        undo(0x60, 0x50);
        undo(0x70, 0x20);
        assertThat(load(log, 7, Tid.MAX)).isEqualTo("A 70-");
        assertThat(log.history(7, 100)).extracting(RevisionSummary::size).containsExactly(0L, 0L, 0L, 0L, 0L, 1L, 1L);
    }

    @Test
    void undo_creation_endsTheObjectAndUndoingThatBringsItBack() throws IOException {
        commit(log, 0x10, TestRecords.of(7, "A"));

        undo(0x20, 0x10);
        assertThat(load(log, 7, Tid.MAX)).isEqualTo("NoObject");
        assertThat(log.length()).isEqualTo(1);
        assertThat(log.currentSerial(7)).isEqualTo(0x20);
        undo(0x30, 0x20);
        assertThat(load(log, 7, Tid.MAX)).isEqualTo("A 30-");
        undo(0x40, 0x10);
        assertThat(load(log, 7, Tid.MAX)).isEqualTo("NoObject");
    }

    @Test
    void undo_deletion_bringsTheObjectBack() throws IOException {
        commit(log, 0x10, TestRecords.of(7, "A"));
        delete(0x20, 7);

        undo(0x30, 0x20);

        assertThat(load(log, 7, Tid.MAX)).isEqualTo("A 30-");
        assertThat(load(log, 7, 0x30)).isEqualTo("NoObject");
    }

    @Test
    void undo_changedSince_isRefusedUnlessTheDataIsTheSame() throws IOException {
        commit(log, 0x10, TestRecords.of(7, "A"));
        commit(log, 0x20, TestRecords.of(7, "B"));
        commit(log, 0x30, TestRecords.of(7, "C"));

        assertThat(refusal(0x20).getMessage()).contains("modified by a later transaction");
        assertThat(refusal(0x10).getMessage()).contains("undo an add transaction");

        commit(log, 0x40, TestRecords.of(7, "B"));
        undo(0x50, 0x20);
        assertThat(load(log, 7, Tid.MAX)).isEqualTo("A 50-");
    }

    @Test
    void undo_severalObjects_allOrNone() throws IOException {
        commit(log, 0x10, TestRecords.of(1, "A").and(2, "B").and(3, "C"));
        commit(log, 0x20, TestRecords.of(1, "A2").and(2, "B2").and(3, "C2"));
        commit(log, 0x30, TestRecords.of(1, "A3").and(3, "C3"));

        assertThat(refusal(0x20).getMessage()).contains("0x01", "0x03").doesNotContain("0x02");
        assertThat(log.lastTransaction()).isEqualTo(0x30);
    }

    @Test
    void undo_twoInOne_newestFirst_givesTheStateBeforeBoth() throws IOException {
        commit(log, 0x10, TestRecords.of(1, "A"));
        commit(log, 0x20, TestRecords.of(1, "B"));
        commit(log, 0x30, TestRecords.of(1, "C").and(2, "X"));

        undo(0x40, 0x30, 0x20);

        assertThat(load(log, 1, Tid.MAX)).isEqualTo("A 40-");
        assertThat(load(log, 2, Tid.MAX)).isEqualTo("NoObject");
        assertThat(log.history(1, 1)).extracting(RevisionSummary::serial).containsExactly(0x40L);
    }

    @Test
    void undo_twoInOne_oldestFirst_isRefused() throws IOException {
        commit(log, 0x10, TestRecords.of(1, "A"));
        commit(log, 0x20, TestRecords.of(1, "B"));
        commit(log, 0x30, TestRecords.of(1, "C"));

        assertThat(refusal(0x20, 0x30).getMessage()).contains("0x01");
    }

    @Test
    void undo_objectTwiceInItsTransaction_theLaterRecordCounts() throws IOException {
        commit(log, 0x10, TestRecords.of(1, "A"));
        commit(log, 0x20, TestRecords.of(1, "first").and(1, "second"));

        assertThat(undo(0x30, 0x20)).hasSize(1);
        assertThat(load(log, 1, Tid.MAX)).isEqualTo("A 30-");
    }

    @Test
    void undo_overWhatTheTransactionStored_isRefused() throws IOException {
        commit(log, 0x10, TestRecords.of(1, "A"));
        commit(log, 0x20, TestRecords.of(1, "B"));
        try (RecordStaging staged = staging()) {
            staged.add(1, 0x20, TestRecords.bytes("C"));
            assertThatThrownBy(() -> undoInto(staged, 0x20)).isInstanceOf(UndoException.class);
            staged.add(1, 0x20, TestRecords.bytes("B"));
            assertThat(undoInto(staged, 0x20)).hasSize(1);
        }
    }

    @Test
    void undo_blob_namesTheFileOfTheOrigin() throws IOException {
        commit(log, 0x10, TestRecords.none().and(1, BLOB));
        commit(log, 0x20, TestRecords.none().and(1, BLOB));

        assertThat(undo(0x30, 0x20)).extracting(UndoneRecord::blobSerial).containsExactly(0x10L);
        assertThat(undo(0x40, 0x30)).extracting(UndoneRecord::blobSerial).containsExactly(0x20L);
    }

    @Test
    void undo_blobWithNewerFiles_isRefused() throws IOException {
        commit(log, 0x10, TestRecords.none().and(1, BLOB));
        commit(log, 0x20, TestRecords.none().and(1, BLOB));
        commit(log, 0x30, TestRecords.none().and(1, BLOB));

        assertThat(refusal(0x20).getMessage()).contains("modified by a later transaction");
        assertThat(refusal(0x10).getMessage()).contains("undo an add transaction");
    }

    @Test
    void find_unknownOrPacked_isRefused() throws IOException {
        commit(log, List.of(new LogTransaction(0x10, true, NO_METADATA, TestRecords.of(1, "A"))));
        commit(log, 0x20, TestRecords.of(1, "B"));

        assertThatThrownBy(() -> log.find(0x15))
                .isInstanceOf(UndoException.class)
                .hasMessageContaining("Invalid");
        assertThatThrownBy(() -> log.find(0x30)).isInstanceOf(UndoException.class);
        assertThatThrownBy(() -> log.find(0x10))
                .isInstanceOf(UndoException.class)
                .hasMessageContaining("non-undoable");
        assertThat(log.find(0x20).tid()).isEqualTo(0x20);
    }

    @Test
    void visitUndoable_endsAtAPackedOne() throws IOException {
        commit(log, 0x10, TestRecords.of(1, "A"));
        commit(log, List.of(new LogTransaction(0x20, true, NO_METADATA, TestRecords.of(1, "B"))));
        commit(log, 0x30, TestRecords.of(1, "C"));
        commit(log, 0x40, TestRecords.none());

        List<TransactionSummary> found = new ArrayList<>();
        log.visitUndoable(found::add);

        assertThat(found).extracting(TransactionSummary::tid).containsExactly(0x40L, 0x30L);
        assertThat(found).extracting(TransactionSummary::size).containsExactly(23L, 66L);
        assertThat(Files.readAllBytes(directory.resolve("Data.fs"))[4 + 74 + 16])
                .isEqualTo((byte) 'p');
    }

    @Test
    void restore_withHint_sharesTheDataOnlyIfItIsTheSame() throws IOException {
        commit(log, 0x10, TestRecords.of(1, "A"));
        commit(log, 0x20, TestRecords.of(1, "B"));
        delete(0x28, 1);

        assertThat(log.findCopy(1, 0x10, TestRecords.bytes("A"))).isNotZero();
        assertThat(log.findCopy(1, 0x10, TestRecords.bytes("AA"))).isZero();
        assertThat(log.findCopy(1, 0x18, TestRecords.bytes("A"))).isZero();
        assertThat(log.findCopy(2, 0x10, TestRecords.bytes("A"))).isZero();
        assertThat(log.findCopy(1, 0x10, null)).isZero();
        assertThat(log.findCopy(1, 0x28, TestRecords.bytes("B"))).isZero();
        assertThat(log.findCopy(1, 0x28, null)).isNotZero();
    }

    @Test
    void restore_recordWithAnotherTid_keepsIt() throws IOException {
        try (RecordStaging staged = staging()) {
            staged.restore(1, 0x08, TestRecords.bytes("A"), Tid.NONE);
            staged.restore(2, 0x08, null, Tid.NONE);
            commit(log, List.of(new LogTransaction(0x10, NO_METADATA, staged)));
        }

        assertThat(load(log, 1, Tid.MAX)).isEqualTo("A 8-");
        assertThat(load(log, 2, Tid.MAX)).isEqualTo("NoObject");
        assertThat(log.lastTransaction()).isEqualTo(0x10);
        log.close();
        log = open();
        assertThat(log.getTid(1)).isEqualTo(0x08);
    }
}
