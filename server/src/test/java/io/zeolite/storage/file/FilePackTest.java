package io.zeolite.storage.file;

import static io.zeolite.storage.Logs.commit;
import static io.zeolite.storage.Logs.load;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.zeolite.disk.FaultyDisk;
import io.zeolite.disk.RealDisk;
import io.zeolite.error.ReadOnlyException;
import io.zeolite.storage.Pack;
import io.zeolite.storage.PackControl;
import io.zeolite.storage.TestRecords;
import io.zeolite.zodb.Oid;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

class FilePackTest {
    private static final PackOptions NO_GC = new PackOptions(false, true);

    private Path path = Path.of("");

    @BeforeEach
    void choose(@TempDir Path directory) {
        path = directory.resolve("Data.fs");
    }

    /** A record that refers to objects, with something to tell it by. */
    private static String record(String name, long... oids) {
        StringBuilder text = new StringBuilder("cmodule\nClass\n.(U" + (char) name.length() + name);
        for (long oid : oids) {
            text.append("(U\b").append(oid(oid)).append("cmodule\nClass\ntQ");
        }
        return text.append("t.").toString();
    }

    private static String oid(long oid) {
        StringBuilder bytes = new StringBuilder();
        for (int shift = 56; shift >= 0; shift -= 8) {
            bytes.append((char) (oid >>> shift & 0xff));
        }
        return bytes.toString();
    }

    private FileLog open(PackOptions options) throws IOException {
        return FileLog.open(new RealDisk(), path, new FileLogOptions(false, false, 100_000, options, true));
    }

    private static boolean pack(FileLog log, long stop) throws IOException {
        return pack(log, stop, null);
    }

    private static boolean pack(FileLog log, long stop, PackControl.@Nullable RemovedBlobs blobs) throws IOException {
        try (Pack pack = log.pack(new PackControl(stop, true, bytes -> {}, blobs))) {
            while (pack.copy()) {
                if (pack.replace(false)) {
                    return true;
                }
            }
            return false;
        }
    }

    private static PackControl.RemovedBlobs toldTo(List<String> told) {
        return new PackControl.RemovedBlobs() {
            @Override
            public void clear() {
                told.clear();
            }

            @Override
            public void add(long oid, long tid) {
                told.add(Oid.toString(oid) + " " + Long.toHexString(tid));
            }

            @Override
            public void force() {
                told.add("forced");
            }

            @Override
            public void complete() {
                told.add("complete");
            }
        };
    }

    /** What is there must be there after it was opened again, with the index and without. */
    private void checkReopened(FileLog log, long... oids) throws IOException {
        List<String> before = new ArrayList<>();
        for (long oid : oids) {
            before.add(load(log, oid, Tid.MAX));
        }
        long last = log.lastTransaction();
        log.close();
        for (boolean withIndex : new boolean[] {true, false}) {
            if (!withIndex) {
                Files.delete(FileOpening.sibling(path, ".index"));
            }
            try (FileLog again = open(PackOptions.DEFAULT)) {
                assertThat(again.lastTransaction()).isEqualTo(last);
                for (int i = 0; i < oids.length; i++) {
                    assertThat(load(again, oids[i], Tid.MAX)).isEqualTo(before.get(i));
                }
            }
        }
    }

    @Test
    void pack_oldRevisionsAndGarbage_areGone() throws IOException {
        FileLog log = open(PackOptions.DEFAULT);
        commit(
                log,
                0x10,
                TestRecords.of(0, record("root", 1, 2)).and(1, record("one")).and(2, record("two", 3)));
        commit(
                log,
                0x20,
                TestRecords.of(3, record("three"))
                        .and(4, record("never referred to", 5))
                        .and(5, record("five", 4)));
        commit(log, 0x30, TestRecords.of(1, record("one again")));
        commit(log, 0x40, TestRecords.of(0, record("root again", 1)));

        assertThat(pack(log, Tid.MAX)).isTrue();

        assertThat(load(log, 0, Tid.MAX)).isEqualTo(record("root again", 1) + " 40-");
        assertThat(load(log, 0, 0x40)).isEqualTo("NoneBefore");
        assertThat(load(log, 1, Tid.MAX)).isEqualTo(record("one again") + " 30-");
        for (long gone : new long[] {2, 3, 4, 5}) {
            assertThat(load(log, gone, Tid.MAX)).isEqualTo("NoObject");
        }
        assertThat(log.length()).isEqualTo(2);
        assertThat(log.size()).isEqualTo(Files.size(path));
        assertThat(FileOpening.sibling(path, ".old")).exists();
        assertThat(FileOpening.sibling(path, ".pack")).doesNotExist();
        checkReopened(log, 0, 1, 2, 3);
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void pack_dataThatIsMapped_givesTheOldFileBack() throws IOException {
        try (FileLog log = open(new PackOptions(true, false))) {
            commit(log, 0x10, TestRecords.of(0, record("a", 1)));
            commit(log, 0x20, TestRecords.of(1, "x".repeat(10 << 20)));
            commit(log, 0x30, TestRecords.of(1, record("b")));
            // The first time by a call of the system.
            load(log, 0, Tid.MAX);
            load(log, 0, Tid.MAX);
            assertThat(mappings()).isOne();

            assertThat(pack(log, Tid.MAX)).isTrue();

            assertThat(mappings()).isZero();
            assertThat(load(log, 1, Tid.MAX)).isEqualTo(record("b") + " 30-");
        }
    }

    /** How many pieces of the data file are mapped, whatever its name has become. */
    private long mappings() throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
            return lines.filter(line -> line.contains(path.toString())).count();
        }
    }

    @Test
    void pack_atATime_keepsWhatCameLater() throws IOException {
        FileLog log = open(PackOptions.DEFAULT);
        commit(log, 0x10, TestRecords.of(0, record("a")));
        commit(log, 0x20, TestRecords.of(0, record("b")));
        commit(log, 0x30, TestRecords.of(0, record("c")));
        commit(log, 0x40, TestRecords.of(0, record("d")));

        assertThat(pack(log, 0x20)).isTrue();

        assertThat(load(log, 0, 0x20)).isEqualTo("NoneBefore");
        assertThat(load(log, 0, 0x21)).isEqualTo(record("b") + " 20-30");
        assertThat(load(log, 0, 0x40)).isEqualTo(record("c") + " 30-40");
        assertThat(load(log, 0, Tid.MAX)).isEqualTo(record("d") + " 40-");
        checkReopened(log, 0);
    }

    @Test
    void pack_twice_changesNothingTheSecondTime() throws IOException {
        FileLog log = open(PackOptions.DEFAULT);
        commit(log, 0x10, TestRecords.of(0, record("a")));
        commit(log, 0x20, TestRecords.of(0, record("b")));
        commit(log, 0x30, TestRecords.of(0, record("c")));
        assertThat(pack(log, 0x20)).isTrue();
        byte[] once = Files.readAllBytes(path);

        assertThat(pack(log, 0x20)).isFalse();
        assertThat(pack(log, 0x10)).isFalse();

        assertThat(Files.readAllBytes(path)).isEqualTo(once);
        assertThat(FileOpening.sibling(path, ".old")).exists();
        assertThat(FileOpening.sibling(path, ".pack")).doesNotExist();
        log.close();
    }

    @Test
    void pack_beforeEverything_changesNothing() throws IOException {
        FileLog log = open(PackOptions.DEFAULT);
        commit(log, 0x10, TestRecords.of(0, record("a")));
        byte[] before = Files.readAllBytes(path);

        assertThat(pack(log, 0x5)).isFalse();

        assertThat(Files.readAllBytes(path)).isEqualTo(before);
        log.close();
    }

    @Test
    void pack_withoutGarbageCollection_keepsObjects() throws IOException {
        FileLog log = open(NO_GC);
        commit(log, 0x10, TestRecords.of(1, "no pickle").and(2, "neither"));
        commit(log, 0x20, TestRecords.of(1, "changed"));

        assertThat(pack(log, Tid.MAX)).isTrue();

        assertThat(load(log, 1, Tid.MAX)).isEqualTo("changed 20-");
        assertThat(load(log, 2, Tid.MAX)).isEqualTo("neither 10-");
        assertThat(load(log, 1, 0x20)).isEqualTo("NoneBefore");
        checkReopened(log, 1, 2);
    }

    @Test
    void pack_recordThatIsNoPickle_stopsWithOidAndOffset() throws IOException {
        FileLog log = open(PackOptions.DEFAULT);
        commit(log, 0x10, TestRecords.of(0, record("root", 7)).and(7, "cmodule\nClass\n.\u00ff."));
        commit(log, 0x20, TestRecords.of(0, record("root again", 7)));
        byte[] before = Files.readAllBytes(path);
        long offset = new String(before, java.nio.charset.StandardCharsets.ISO_8859_1).indexOf('\u00ff');

        assertThatThrownBy(() -> pack(log, Tid.MAX))
                .isInstanceOf(CorruptedFileException.class)
                .hasMessageContaining("object 0x07")
                .hasMessageContaining("offset " + offset);

        assertThat(Files.readAllBytes(path)).isEqualTo(before);
        assertThat(FileOpening.sibling(path, ".pack")).doesNotExist();
        assertThat(load(log, 0, Tid.MAX)).isEqualTo(record("root again", 7) + " 20-");
        log.close();
    }

    @Test
    void pack_compressedRecords_followsTheirReferencesAndLeavesThemAsTheyAre() throws IOException {
        String root = TestRecords.compressed(record("root", 1));
        String one = TestRecords.compressed(record("one", 2));
        String blob = TestRecords.compressed("cZODB.blob\nBlob\n.N.");
        FileLog log = open(PackOptions.DEFAULT);
        commit(
                log,
                0x10,
                TestRecords.of(0, root).and(1, one).and(2, record("two", 3)).and(3, blob));
        commit(
                log,
                0x20,
                TestRecords.of(4, TestRecords.compressed(record("garbage", 5))).and(5, blob));
        commit(log, 0x30, TestRecords.of(0, root));
        List<String> removed = new ArrayList<>();

        assertThat(pack(log, Tid.MAX, toldTo(removed))).isTrue();

        assertThat(load(log, 0, Tid.MAX)).isEqualTo(root + " 30-");
        assertThat(load(log, 1, Tid.MAX)).isEqualTo(one + " 10-");
        assertThat(load(log, 2, Tid.MAX)).isEqualTo(record("two", 3) + " 10-");
        assertThat(load(log, 3, Tid.MAX)).isEqualTo(blob + " 10-");
        assertThat(load(log, 4, Tid.MAX)).isEqualTo("NoObject");
        assertThat(log.length()).isEqualTo(4);
        assertThat(removed).containsExactly("0x05 20", "forced", "complete");
        checkReopened(log, 0, 1, 2, 3, 4, 5);
    }

    @Test
    void pack_compressedRecordThatInflatesToNoPickle_stopsWithOidAndOffset() throws IOException {
        FileLog log = open(PackOptions.DEFAULT);
        commit(
                log,
                0x10,
                TestRecords.of(0, record("root", 7)).and(7, TestRecords.compressed("cm\nC\n.N" + "N".repeat(99))));
        commit(log, 0x20, TestRecords.of(0, record("root again", 7)));
        int offset = 4 + 23 + 42 + record("root", 7).length() + 42;

        assertThatThrownBy(() -> pack(log, Tid.MAX))
                .isInstanceOf(CorruptedFileException.class)
                .hasMessageContaining(
                        "object 0x07 cannot be read, at offset " + offset + ": inflated pickle, offset 106: ");
        log.close();
    }

    /** A blob's file has the tid of the record, so by that it must be told which file is still needed. */
    @Test
    void pack_recordsWithTidsOfOtherTransactions_removesOnlyTheirBlobsThatAreGone() throws IOException {
        String blob = "cZODB.blob\nBlob\n.N.";
        DataFile file = new DataFile();
        file.transaction(0x10)
                .store(0, record("root", 1, 2, 3))
                .restore(1, 0xa, blob)
                .restore(2, 0xb, blob)
                .restore(3, 0xc, blob)
                .finish();
        long undone = file.position(1);
        file.transaction(0x20)
                .restore(1, 0x18, blob)
                .restore(2, 0xb, blob)
                .restore(3, 0x10, blob)
                .finish();
        file.transaction(0x28).restore(1, 0x20, blob).finish();
        file.transaction(0x30).back(1, undone).finish();
        long copied = file.position(1);
        file.transaction(0x40).back(1, copied).finish();
        file.writeTo(path);
        List<String> removed = new ArrayList<>();
        FileLog log = open(PackOptions.DEFAULT);

        assertThat(pack(log, 0x28, toldTo(removed))).isTrue();

        assertThat(removed).containsExactly("0x03 c", "0x01 18", "forced", "complete");
        assertThat(load(log, 1, Tid.MAX)).isEqualTo(blob + " 40-");
        assertThat(load(log, 1, 0x40)).isEqualTo(blob + " 30-40");
        assertThat(load(log, 2, Tid.MAX)).isEqualTo(blob + " b-");
        assertThat(load(log, 3, Tid.MAX)).isEqualTo(blob + " 10-");
        checkReopened(log, 0, 1, 2, 3);
    }

    @Test
    void pack_withoutRoot_isRefused() throws IOException {
        FileLog log = open(PackOptions.DEFAULT);
        commit(log, 0x10, TestRecords.of(1, record("a")));
        commit(log, 0x20, TestRecords.of(1, record("b")));

        assertThatThrownBy(() -> pack(log, Tid.MAX)).hasMessageContaining("no root object");
        log.close();
    }

    @Test
    void pack_garbageThatALaterRecordRefersTo_isKeptWithAllItRefersTo() throws IOException {
        FileLog log = open(PackOptions.DEFAULT);
        commit(
                log,
                0x10,
                TestRecords.of(0, record("root", 1)).and(1, record("one", 2)).and(2, record("two")));
        commit(log, 0x20, TestRecords.of(0, record("root")));
        commit(log, 0x30, TestRecords.of(0, record("root", 1)));

        assertThat(pack(log, 0x20)).isTrue();

        assertThat(load(log, 1, Tid.MAX)).isEqualTo(record("one", 2) + " 10-");
        assertThat(load(log, 2, Tid.MAX)).isEqualTo(record("two") + " 10-");
        checkReopened(log, 0, 1, 2);
    }

    @Test
    void pack_garbageThatIsReferredToWhileItRuns_isKept() throws IOException {
        FileLog log = open(PackOptions.DEFAULT);
        commit(
                log,
                0x10,
                TestRecords.of(0, record("root", 1)).and(1, record("one", 2)).and(2, record("two")));
        commit(log, 0x20, TestRecords.of(0, record("root")));
        try (Pack pack = log.pack(new PackControl(Tid.MAX, true, bytes -> {}, null))) {
            assertThat(pack.copy()).isTrue();
            commit(log, 0x30, TestRecords.of(0, record("root", 1)));
            assertThat(pack.replace(true)).isFalse();
            assertThat(pack.copy()).isTrue();
            assertThat(pack.replace(false)).isTrue();
        }

        assertThat(load(log, 2, Tid.MAX)).isEqualTo(record("two") + " 10-");
        assertThat(load(log, 0, Tid.MAX)).isEqualTo(record("root", 1) + " 30-");
        assertThat(load(log, 0, 0x30)).isEqualTo(record("root") + " 20-30");
        checkReopened(log, 0, 1, 2);
    }

    @Test
    void pack_transactionsWhileItRuns_areThere() throws IOException {
        FileLog log = open(PackOptions.DEFAULT);
        commit(log, 0x10, TestRecords.of(0, record("a")));
        commit(log, 0x20, TestRecords.of(0, record("b")));
        try (Pack pack = log.pack(new PackControl(Tid.MAX, true, bytes -> {}, null))) {
            assertThat(pack.copy()).isTrue();
            commit(log, 0x30, TestRecords.of(0, record("c", 9)).and(9, record("new")));
            assertThat(pack.replace(false)).isTrue();
        }
        commit(log, 0x40, TestRecords.of(9, record("newer")));

        assertThat(load(log, 0, Tid.MAX)).isEqualTo(record("c", 9) + " 30-");
        assertThat(load(log, 0, 0x30)).isEqualTo(record("b") + " 20-30");
        assertThat(load(log, 9, 0x40)).isEqualTo(record("new") + " 30-40");
        checkReopened(log, 0, 9);
    }

    @Test
    void pack_muchWrittenWhileItRuns_isCopiedBesidesFirst() throws IOException {
        FileLog log = open(NO_GC);
        commit(log, 0x10, TestRecords.of(1, "a"));
        commit(log, 0x20, TestRecords.of(1, "b"));
        try (Pack pack = log.pack(new PackControl(Tid.MAX, true, bytes -> {}, null))) {
            assertThat(pack.copy()).isTrue();
            commit(log, 0x30, TestRecords.of(2, "x".repeat(1 << 20)));
            assertThat(pack.replace(false)).isFalse();
            assertThat(pack.copy()).isTrue();
            assertThat(pack.replace(false)).isTrue();
        }
        checkReopened(log, 1, 2);
    }

    @Test
    void pack_ofUndoneAndDeleted_resolvesBackPointers() throws IOException {
        DataFile file = new DataFile();
        file.transaction(0x10)
                .store(0, record("root", 1))
                .store(1, record("first"))
                .store(2, record("gone"))
                .finish();
        long first = file.position(1);
        file.transaction(0x20).store(1, record("second")).finish();
        file.transaction(0x30).back(1, first).finish();
        file.transaction(0x40).back(2, 0).finish();
        file.transaction(0x50).store(1, record("third")).finish();
        long undone = file.position(1);
        file.transaction(0x60).store(1, record("fourth")).finish();
        file.transaction(0x70).back(1, undone).finish();
        file.writeTo(path);
        FileLog log = open(PackOptions.DEFAULT);

        assertThat(pack(log, 0x60)).isTrue();

        assertThat(load(log, 1, Tid.MAX)).isEqualTo(record("third") + " 70-");
        assertThat(load(log, 1, 0x70)).isEqualTo(record("fourth") + " 60-70");
        assertThat(load(log, 2, Tid.MAX)).isEqualTo("NoObject");
        assertThat(log.currentSerial(2)).isEqualTo(Tid.NONE);
        checkReopened(log, 0, 1, 2);
    }

    @Test
    void pack_ofWhatWasDeletedAndCameBack_keepsIt() throws IOException {
        DataFile file = new DataFile();
        file.transaction(0x10).store(0, record("root", 1)).finish();
        file.transaction(0x20).store(1, record("child")).finish();
        long root = file.position(0);
        long child = file.position(1);
        // As many deletions as there are objects, and nothing is gone.
        file.transaction(0x30).back(1, 0).finish();
        file.transaction(0x40).back(1, child).finish();
        file.transaction(0x50).back(0, 0).finish();
        file.transaction(0x60).back(0, root).finish();
        file.writeTo(path);
        FileLog log = open(PackOptions.DEFAULT);

        assertThat(pack(log, Tid.MAX)).isTrue();

        assertThat(load(log, 0, Tid.MAX)).isEqualTo(record("root", 1) + " 60-");
        assertThat(load(log, 1, Tid.MAX)).isEqualTo(record("child") + " 40-");
        checkReopened(log, 0, 1);
    }

    @Test
    void pack_ofObjectsThatWereDeletedMoreThanOnce_leavesNone() throws IOException {
        DataFile file = new DataFile();
        file.transaction(0x10).store(0, record("root")).finish();
        file.transaction(0x20).back(0, 0).finish();
        file.transaction(0x30).store(0, record("root")).finish();
        file.transaction(0x40).back(0, 0).finish();
        file.writeTo(path);
        try (FileLog log = open(PackOptions.DEFAULT)) {
            assertThat(pack(log, Tid.MAX)).isTrue();

            assertThat(log.length()).isZero();
        }
    }

    @Test
    void pack_undoneTransactionOfOldVersions_staysInvisible() throws IOException {
        DataFile file = new DataFile();
        file.transaction(0x10).store(0, record("a")).finish();
        file.transaction(0x20).store(0, record("b")).finish();
        file.transaction(0x30).status('u').store(7, record("undone")).finish();
        file.writeTo(path);
        FileLog log = open(NO_GC);

        assertThat(pack(log, Tid.MAX)).isTrue();

        assertThat(load(log, 7, Tid.MAX)).isEqualTo("NoObject");
        assertThat(log.lastTransaction()).isEqualTo(0x30);
        log.close();
        try (FileLog again = open(NO_GC)) {
            assertThat(again.lastTransaction()).isEqualTo(0x30);
            assertThat(load(again, 7, Tid.MAX)).isEqualTo("NoObject");
        }
    }

    @Test
    void pack_lastTransactionOfGarbage_leavesItsTid() throws IOException {
        FileLog log = open(PackOptions.DEFAULT);
        commit(log, 0x10, TestRecords.of(0, record("root")));
        commit(log, 0x20, TestRecords.of(1, record("garbage")));

        assertThat(pack(log, Tid.MAX)).isTrue();

        assertThat(log.lastTransaction()).isEqualTo(0x20);
        checkReopened(log, 0, 1);
    }

    @Test
    void pack_thatLeavesNoObjects_missesNoIndex() throws IOException {
        DataFile file = new DataFile();
        file.transaction(0x10).store(0, record("root")).finish();
        file.transaction(0x20).back(0, 0).finish();
        file.writeTo(path);
        ListAppender<ILoggingEvent> messages = new ListAppender<>();
        Logger logger = (Logger) LoggerFactory.getLogger(FileLog.class);
        messages.start();
        logger.addAppender(messages);
        try (FileLog log = open(PackOptions.DEFAULT)) {
            assertThat(pack(log, Tid.MAX)).isTrue();

            assertThat(log.length()).isZero();
            assertThat(log.lastTransaction()).isEqualTo(0x20);
        } finally {
            logger.detachAppender(messages);
        }
        assertThat(messages.list).extracting(ILoggingEvent::getFormattedMessage).isEmpty();
        assertThat(FileOpening.sibling(path, ".index")).doesNotExist();
    }

    @Test
    void pack_blobsThatAreLeftOut_areTold() throws IOException {
        String blob = "cZODB.blob\nBlob\n.N.";
        FileLog log = open(PackOptions.DEFAULT);
        commit(
                log,
                0x10,
                TestRecords.of(0, record("root", 1, 2))
                        .and(1, blob)
                        .and(2, blob)
                        .and(3, blob));
        commit(log, 0x20, TestRecords.of(1, blob));
        commit(log, 0x30, TestRecords.of(2, blob).and(4, blob));
        List<String> told = new ArrayList<>();

        pack(log, 0x20, toldTo(told));

        assertThat(told).containsExactly("0x01 10", "0x03 10", "forced", "complete");
        log.close();
    }

    @Test
    void pack_readOnly_isRefused() throws IOException {
        FileLog writable = open(PackOptions.DEFAULT);
        writable.close();
        try (FileLog log = FileLog.open(new RealDisk(), path, FileLogOptions.READ_ONLY)) {
            assertThatThrownBy(() -> pack(log, Tid.MAX)).isInstanceOf(ReadOnlyException.class);
        }
    }

    @Test
    void pack_timeGoingBackInFile_isRefused() throws IOException {
        DataFile file = new DataFile();
        file.transaction(0x20).store(0, record("a")).finish();
        file.transaction(0x10).store(0, record("b")).finish();
        file.writeTo(path);
        try (FileLog log = open(PackOptions.DEFAULT)) {
            assertThatThrownBy(() -> pack(log, Tid.MAX)).hasMessageContaining("the tid of a transaction");
        }
    }

    @Test
    void open_afterInterruptedPackOfPython_putsOldFileBack() throws IOException {
        FileLog log = open(PackOptions.DEFAULT);
        commit(log, 0x10, TestRecords.of(0, record("root")));
        log.close();
        Files.move(path, FileOpening.sibling(path, ".old"));
        Files.copy(FileOpening.sibling(path, ".old"), FileOpening.sibling(path, ".pack"));

        try (FileLog again = open(PackOptions.DEFAULT)) {
            assertThat(load(again, 0, Tid.MAX)).isEqualTo(record("root") + " 10-");
        }
        assertThat(FileOpening.sibling(path, ".pack")).doesNotExist();
    }

    /** While a pack copies, the old file is that of the one before. */
    @Test
    void open_oldFileOfAnEarlierPackBesideAnUnfinishedOne_isRefused() throws IOException {
        Path old = FileOpening.sibling(path, ".old");
        Path pack = FileOpening.sibling(path, ".pack");
        FileLog log = open(PackOptions.DEFAULT);
        commit(log, 0x10, TestRecords.of(0, record("root")));
        Files.copy(path, old);
        commit(log, 0x20, TestRecords.of(0, record("root")));
        log.close();
        byte[] later = Files.readAllBytes(path);
        Files.delete(path);

        for (int length : new int[] {4, later.length - 1, later.length}) {
            Files.write(pack, Arrays.copyOf(later, length));
            assertThatThrownBy(() -> open(PackOptions.DEFAULT))
                    .isInstanceOf(NoSuchFileException.class)
                    .hasMessageContaining("it is missing while " + old);
            assertThat(old).exists();
            assertThat(pack).exists();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void pack_moveThatFailsAndTookPlace_losesNoLaterCommit(boolean hasLinks) throws IOException {
        int operations = Integer.MAX_VALUE;
        int refused = 0;
        for (int failing = 0; failing <= operations; failing++) {
            deleteFiles();
            FaultyDisk disk = new FaultyDisk();
            disk.moveBeforeFailing();
            if (!hasLinks) {
                disk.refuseLinks();
            }
            FileLog log = openWithTwoRevisions(disk);
            int before = disk.operations();
            disk.failOnce(failing);
            try {
                pack(log, Tid.MAX);
                operations = disk.operations() - before;
            } catch (IOException e) {
                assertThat(e).hasMessageContaining("injected");
            }
            disk.repair();
            String expected = record("c") + " 30-";
            try {
                commit(log, 0x30, TestRecords.of(0, record("c")));
            } catch (IOException e) {
                assertThat(e).hasMessageContaining("it is not known any more what is on disk");
                expected = record("b") + " 20-";
                refused++;
            }
            log.close();
            try (FileLog again = open(PackOptions.DEFAULT)) {
                assertThat(load(again, 0, Tid.MAX)).as("operation %s", failing).isEqualTo(expected);
            }
        }
        assertThat(refused).as("the rename and the force of the directory").isEqualTo(2);
    }

    /** Of the root: "a" of 0x10, "b" of 0x20. */
    private FileLog openWithTwoRevisions(FaultyDisk disk) throws IOException {
        FileLog log = FileLog.open(disk, path, FileLogOptions.DEFAULT);
        commit(log, 0x10, TestRecords.of(0, record("a")));
        commit(log, 0x20, TestRecords.of(0, record("b")));
        return log;
    }

    private void deleteFiles() throws IOException {
        for (String suffix : List.of("", ".index", ".old", ".pack", ".pack.index")) {
            Files.deleteIfExists(FileOpening.sibling(path, suffix));
        }
    }

    private void checkOldIsAnotherFile(int failing) throws IOException {
        Path old = FileOpening.sibling(path, ".old");
        assertThat(Files.exists(old) && Files.isSameFile(old, path))
                .as("one file after operation %s", failing)
                .isFalse();
    }

    @Test
    void pack_withoutHardLinks_renamesTheOldFile() throws IOException {
        FaultyDisk disk = new FaultyDisk();
        disk.refuseLinks();
        FileLog log = openWithTwoRevisions(disk);
        byte[] before = Files.readAllBytes(path);
        assertThat(pack(log, Tid.MAX)).isTrue();

        assertThat(FileOpening.sibling(path, ".old")).hasBinaryContent(before);
        commit(log, 0x30, TestRecords.of(1, record("c")));
        checkReopened(log, 0, 1);
    }

    @ParameterizedTest
    @CsvSource({"false, true", "true, true", "false, false", "true, false"})
    void pack_anyOperationFailing_leavesTheLogAsItWasOrPacked(boolean isKilled, boolean hasLinks) throws IOException {
        int operations = Integer.MAX_VALUE;
        for (int failing = 0; failing <= operations; failing++) {
            deleteFiles();
            FaultyDisk disk = new FaultyDisk();
            if (!hasLinks) {
                disk.refuseLinks();
            }
            FileLog log = openWithTwoRevisions(disk);
            int before = disk.operations();
            if (isKilled) {
                disk.failFrom(failing);
            } else {
                disk.failOnce(failing);
            }
            try {
                pack(log, Tid.MAX);
                operations = disk.operations() - before;
            } catch (IOException e) {
                assertThat(e).hasMessageContaining("injected");
            }
            assertThat(load(log, 0, Tid.MAX)).as("operation %s", failing).isEqualTo(record("b") + " 20-");
            disk.repair();
            if (isKilled) {
                disk.releaseLocks();
            } else {
                checkOldIsAnotherFile(failing);
                log.close();
            }
            try (FileLog again = open(PackOptions.DEFAULT)) {
                checkOldIsAnotherFile(failing);
                assertThat(load(again, 0, Tid.MAX)).isEqualTo(record("b") + " 20-");
                commit(again, 0x30, TestRecords.of(0, record("c")));
                assertThat(pack(again, Tid.MAX)).isTrue();
                assertThat(load(again, 0, Tid.MAX)).isEqualTo(record("c") + " 30-");
            }
            assertThat(FileOpening.sibling(path, ".pack")).doesNotExist();
            assertThat(FileOpening.sibling(path, ".pack.index")).doesNotExist();
        }
        assertThat(operations).isGreaterThan(10);
    }
}
