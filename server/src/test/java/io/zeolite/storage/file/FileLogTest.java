package io.zeolite.storage.file;

import static io.zeolite.storage.Logs.NO_METADATA;
import static io.zeolite.storage.Logs.commit;
import static io.zeolite.storage.Logs.load;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.zeolite.disk.Disk;
import io.zeolite.disk.DiskFile;
import io.zeolite.disk.LockedException;
import io.zeolite.disk.NoSpaceException;
import io.zeolite.disk.RealDisk;
import io.zeolite.error.CallException;
import io.zeolite.error.ReadOnlyException;
import io.zeolite.logging.RecordedLog;
import io.zeolite.storage.LogTransaction;
import io.zeolite.storage.Logs;
import io.zeolite.storage.Pack;
import io.zeolite.storage.PackControl;
import io.zeolite.storage.SummaryLimit;
import io.zeolite.storage.TestRecords;
import io.zeolite.storage.TransactionLog;
import io.zeolite.storage.TransactionMetadata;
import io.zeolite.storage.index.IndexFile;
import io.zeolite.storage.index.PositionIndex;
import io.zeolite.zodb.Tid;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Opening, closing and writing a file storage when nothing goes wrong on the disk. */
final class FileLogTest {
    private final RealDisk disk = new RealDisk();

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    private Path directory;

    @SuppressWarnings("NullAway.Init") // Set before each test.
    private Path path;

    @BeforeEach
    void setPath() {
        path = directory.resolve("Data.fs");
    }

    private FileLog open() throws IOException {
        return FileLog.open(disk, path, FileLogOptions.DEFAULT);
    }

    private Path file(String suffix) {
        return directory.resolve("Data.fs" + suffix);
    }

    @Test
    void newStorage_closed_filesAsPythonLeavesThem() throws IOException {
        try (FileLog log = open()) {
            assertThat(log.lastTransaction()).isEqualTo(Tid.NONE);
            assertThat(log.size()).isEqualTo(4);
        }
        assertThat(path).hasContent("FS30");
        assertThat(file(".index")).hasBinaryContent(new byte[] {(byte) 0x80, 3, 'K', 4, '.', (byte) 0x80, 3, 'N', '.'});
        assertThat(file(".lock")).hasContent(" " + ProcessHandle.current().pid() + "\n");
        assertThat(file(".new")).doesNotExist();
    }

    @Test
    void open_again_sameState() throws IOException {
        try (FileLog log = open()) {
            commit(log, 0x10, TestRecords.of(1, "A").and(2, "B"));
            commit(log, 0x20, TestRecords.none());
        }
        try (FileLog log = open()) {
            assertThat(log.lastTransaction()).isEqualTo(0x20);
            assertThat(log.length()).isEqualTo(2);
            assertThat(log.maxOid()).isEqualTo(2);
            assertThat(load(log, 2, Tid.MAX)).isEqualTo("B 10-");
            assertThat(log.discardedRevisions()).isEmpty();
        }
    }

    @Test
    void open_twice_isRefusedAndNamesTheHolder() throws IOException {
        try (FileLog log = open()) {
            assertThatThrownBy(this::open)
                    .isInstanceOf(LockedException.class)
                    .hasMessageContaining(Long.toString(ProcessHandle.current().pid()));
            assertThat(log.length()).isZero();
        }
        open().close();
    }

    @Test
    void open_failed_releasesTheLock() throws IOException {
        Files.writeString(path, "rubbish");
        assertThatThrownBy(this::open).isInstanceOf(FileStorageFormatException.class);
        Files.delete(path);
        open().close();
    }

    @Test
    void open_otherFiles_areRefusedAndUntouched() throws IOException {
        for (String content : new String[] {"FS20", "FS2", "GIF89a", "\0\0\0\0"}) {
            Files.writeString(path, content);
            for (FileLogOptions options : List.of(FileLogOptions.DEFAULT, FileLogOptions.READ_ONLY)) {
                assertThatThrownBy(() -> FileLog.open(disk, path, options))
                        .isInstanceOf(FileStorageFormatException.class)
                        .hasMessageContaining("Data.fs");
                assertThat(path).hasContent(content);
            }
        }
    }

    @Test
    void open_fileOfPython2_isReadOnly() throws IOException {
        byte[] content = GoldenFileTest.GOLDEN.clone();
        System.arraycopy(TestRecords.bytes("FS21"), 0, content, 0, 4);
        Files.write(path, content);

        assertThatThrownBy(this::open)
                .isInstanceOf(FileStorageFormatException.class)
                .hasMessageContaining("Data.fs is a database of Python 2")
                .hasMessageContaining("read-only true")
                .hasMessageContaining("zodbupdate");
        try (FileLog log = FileLog.open(disk, path, FileLogOptions.READ_ONLY)) {
            assertThat(load(log, 0, 0x03e9000000000004L)).isEqualTo("ROOT22. 3e9000000000002-3e9000000000004");
            assertThatThrownBy(() -> log.reserve(1)).isInstanceOf(ReadOnlyException.class);
        }
        assertThat(path).hasBinaryContent(content);
        assertThat(file(".index")).doesNotExist();
    }

    @Test
    void open_emptyFile_getsItsMagic() throws IOException {
        Files.createFile(path);
        FileLog.open(disk, path, FileLogOptions.READ_ONLY).close();
        assertThat(path).isEmptyFile();
        open().close();
        assertThat(path).hasContent("FS30");
    }

    @Test
    void open_missingBesideWhatAPackLeaves_isRefusedUnlessCreateIsAsked() throws IOException {
        for (String suffix : new String[] {".old", ".pack", ".part"}) {
            Files.writeString(file(suffix), "FS30");
            assertThatThrownBy(this::open)
                    .isInstanceOf(NoSuchFileException.class)
                    .hasMessageContaining(suffix);
            assertThat(path).doesNotExist();
            FileLog.open(disk, path, FileLogOptions.CREATE).close();
            assertThat(path).exists();
            Files.delete(path);
            Files.deleteIfExists(file(suffix));
        }
    }

    @Test
    void open_emptyBesideWhatHasTheData_isRefusedUnlessCreateIsAsked() throws IOException {
        for (String suffix : new String[] {".old", ".pack", ".part"}) {
            Files.createFile(path);
            Files.writeString(file(suffix), "FS30");
            assertThatThrownBy(this::open)
                    .isInstanceOf(NoSuchFileException.class)
                    .hasMessageContaining("it is empty while " + file(suffix))
                    .hasMessageContaining("that does not end with a whole transaction");
            assertThat(path).isEmptyFile();
            assertThat(file(suffix)).hasContent("FS30");
            FileLog.open(disk, path, FileLogOptions.CREATE).close();
            Files.delete(path);
            Files.deleteIfExists(file(suffix));
        }
    }

    @Test
    void open_emptyBesideAnIndexOfTransactions_isRefused() throws IOException {
        try (FileLog log = open()) {
            commit(log, 0x10, TestRecords.of(1, "a"));
        }
        long end = Files.size(path);
        Files.write(path, new byte[0]);
        assertThatThrownBy(this::open)
                .isInstanceOf(NoSuchFileException.class)
                .hasMessageContaining("it is empty, and had at least " + end + " bytes when " + file(".index"));
        assertThat(path).isEmptyFile();
        // Python saves an index of an empty database, too, and may have forced neither of them.
        Files.delete(file(".index"));
        IndexFile.write(disk, file(".index"), new PositionIndex(), 4);
        open().close();
        assertThat(path).hasContent("FS30");
    }

    @Test
    void open_missingBesideAnIndexOfTransactions_isRefusedUnlessCreateIsAsked() throws IOException {
        try (FileLog log = open()) {
            commit(log, 0x10, TestRecords.of(1, "a"));
        }
        long end = Files.size(path);
        Files.delete(path);
        assertThatThrownBy(this::open)
                .isInstanceOf(NoSuchFileException.class)
                .hasMessageContaining("it is missing, and had at least " + end + " bytes when " + file(".index"))
                .hasMessageContaining("remove that one too for a new database");
        assertThat(path).doesNotExist();
        FileLog.open(disk, path, FileLogOptions.CREATE).close();
        Files.delete(path);
        // That of an empty database, which has nothing to lose.
        assertThat(file(".index")).exists();
        open().close();
        assertThat(path).hasContent("FS30");
    }

    @Test
    void open_lockThatIsALinkToThatOfTheFile_isTakenOnce() throws IOException {
        Path real = Files.createDirectory(directory.resolve("big"));
        open().close();
        for (String suffix : new String[] {"", ".lock"}) {
            Files.move(file(suffix), real.resolve(file(suffix).getFileName()));
            Files.createSymbolicLink(file(suffix), real.resolve(file(suffix).getFileName()));
        }
        try (FileLog log = open()) {
            assertThat(log.lastTransaction()).isZero();
            assertThatThrownBy(() -> FileLog.open(disk, real.resolve("Data.fs"), FileLogOptions.DEFAULT))
                    .isInstanceOf(LockedException.class);
        }
    }

    @Test
    void open_linkAndTheSecondNameOfAnInterruptedPack_removesTheName() throws IOException {
        open().close();
        Path real = directory.resolve("Real.fs");
        Files.move(path, real);
        Files.createSymbolicLink(path, real);
        Files.createLink(file(".old"), real);
        open().close();
        assertThat(file(".old")).doesNotExist();
        assertThat(real).hasContent("FS30");
    }

    @Test
    void open_linkToTheOldFile_keepsIt() throws IOException {
        try (FileLog log = open()) {
            commit(log, 0x10, TestRecords.of(1, "a"));
        }
        Files.move(path, file(".old"));
        Files.createSymbolicLink(path, file(".old"));
        try (FileLog log = open()) {
            assertThat(log.lastTransaction()).isEqualTo(0x10);
            PackControl control = new PackControl(0x10, false, bytes -> {}, null);
            assertThatThrownBy(() -> log.pack(control)).hasMessageContaining(path + " is a link to " + file(".old"));
        }
        assertThat(file(".old")).isRegularFile();
    }

    @Test
    void open_secondNameOfTheFile_isRefusedAlsoAfterAPack() throws IOException {
        Path other = Files.createDirectory(directory.resolve("other")).resolve("Data.fs");
        try (FileLog log = open()) {
            commit(log, 0x10, TestRecords.of(1, "A 10"));
            commit(log, 0x20, TestRecords.of(1, "A 20"));
            Files.createLink(other, path);
            assertThatThrownBy(() -> FileLog.open(disk, other, FileLogOptions.DEFAULT))
                    .isInstanceOf(LockedException.class)
                    .hasMessageContaining(other.toString());
            try (Pack pack = log.pack(new PackControl(Tid.MAX, false, bytes -> {}, null))) {
                assertThat(pack.copy()).isTrue();
                assertThat(pack.replace(true)).isTrue();
            }
            FileLog.open(disk, other, FileLogOptions.DEFAULT).close();
            Files.delete(other);
            Files.createLink(other, path);
            assertThatThrownBy(() -> FileLog.open(disk, other, FileLogOptions.DEFAULT))
                    .isInstanceOf(LockedException.class);
        }
        FileLog.open(disk, other, FileLogOptions.DEFAULT).close();
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void close_replacedFile_isSaid() throws IOException {
        try (RecordedLog recorded = new RecordedLog(FileLog.class)) {
            try (FileLog log = open()) {
                commit(log, 0x10, TestRecords.of(1, "A"));
                Path copy = Files.copy(path, directory.resolve("copy"));
                Files.move(copy, path, StandardCopyOption.REPLACE_EXISTING);
            }
            assertThat(recorded.messages()).singleElement().asString().contains(path + " was deleted, moved");
        }
    }

    @Test
    void open_byAnotherName_isRefused() throws IOException {
        open().close();
        Path link = Files.createSymbolicLink(directory.resolve("Link.fs"), path.getFileName());
        for (Path[] names : new Path[][] {{path, link}, {link, path}}) {
            try (FileLog log = FileLog.open(disk, names[0], FileLogOptions.DEFAULT)) {
                assertThat(log.lastTransaction()).isZero();
                assertThatThrownBy(() -> FileLog.open(disk, names[1], FileLogOptions.DEFAULT))
                        .isInstanceOf(LockedException.class)
                        .hasMessageContaining(file(".lock").toString());
            }
        }
    }

    @Test
    void open_linkToWhatIsNotThere_isRefusedAndKept() throws IOException {
        Path target = directory.resolve("disk/Data.fs");
        Files.createSymbolicLink(path, target);
        for (FileLogOptions options : List.of(FileLogOptions.DEFAULT, FileLogOptions.CREATE)) {
            assertThatThrownBy(() -> FileLog.open(disk, path, options))
                    .isInstanceOf(NoSuchFileException.class)
                    .hasMessageContaining(path + ": it is a link to " + target + ", which is not there");
            assertThat(path).isSymbolicLink();
        }

        Files.createDirectory(target.getParent());
        Files.createFile(target);
        open().close();
        assertThat(target).hasContent("FS30");
        assertThat(path).isSymbolicLink();
    }

    @Test
    void open_create_deletesWhatIsThere() throws IOException {
        try (FileLog log = open()) {
            commit(log, 0x10, TestRecords.of(1, "A".repeat(200)));
        }
        try (FileLog log = FileLog.open(disk, path, FileLogOptions.CREATE)) {
            assertThat(log.length()).isZero();
            assertThat(file(".index")).doesNotExist();
        }
        assertThat(path).hasContent("FS30");
    }

    @Test
    void readOnly_missingFile_isNotCreated() {
        assertThatThrownBy(() -> FileLog.open(disk, path, FileLogOptions.READ_ONLY))
                .isInstanceOf(NoSuchFileException.class);
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void readOnly_besideAWriter_isASnapshot() throws IOException {
        try (FileLog writer = open()) {
            commit(writer, 0x10, TestRecords.of(1, "A"));
            byte[] before = Files.readAllBytes(path);
            try (FileLog reader = FileLog.open(disk, path, FileLogOptions.READ_ONLY)) {
                assertThat(Files.readAllBytes(path)).isEqualTo(before);
                commit(writer, 0x20, TestRecords.of(1, "B"));

                assertThat(reader.info().readOnly()).isTrue();
                assertThat(load(reader, 1, Tid.MAX)).isEqualTo("A 10-");
                assertThatThrownBy(() -> commit(reader, 0x30, TestRecords.of(1, "C")))
                        .isInstanceOf(ReadOnlyException.class);
                assertThatThrownBy(() -> reader.reserve(1)).isInstanceOf(ReadOnlyException.class);
            }
            assertThat(file(".index")).doesNotExist();
        }
    }

    @Test
    void readOnly_whileAnotherAppends_endsBeforeIt() throws IOException {
        try (FileLog writer = open()) {
            commit(writer, 0x10, TestRecords.of(1, "A"));
            Logs.append(writer, List.of(Logs.transaction(0x20, TestRecords.of(1, "B"))), () -> {
                        try (FileLog reader = FileLog.open(disk, path, FileLogOptions.READ_ONLY)) {
                            assertThat(reader.lastTransaction()).isEqualTo(0x10);
                            assertThat(reader.size()).isLessThan(Files.size(path));
                            // They are about to be committed, so nobody may tidy up after them.
                            assertThat(reader.discardedRevisions()).isEmpty();
                        }
                    })
                    .forEach(TransactionLog.Publication::publish);
            assertThat(load(writer, 1, Tid.MAX)).isEqualTo("B 20-");
        }
        assertThat(file(".tr0")).doesNotExist();
    }

    @Test
    void info_nameIsThePathAsGiven() throws IOException {
        try (FileLog log = open()) {
            assertThat(log.info().name()).isEqualTo(path.toString());
            assertThat(log.info().supportsUndo()).isTrue();
        }
    }

    @Test
    void append_beforeCommit_everyTransactionIsUnfinished() throws IOException {
        DataFile expected = new DataFile();
        expected.transaction(0x10).store(1, "A").finish();
        expected.transaction(0x20).status('c').store(1, "B").finish();
        expected.transaction(0x30).status('c').store(2, "C").finish();
        try (FileLog log = open()) {
            commit(log, 0x10, TestRecords.of(1, "A"));
            List<LogTransaction> batch = List.of(
                    Logs.transaction(0x20, TestRecords.of(1, "B")), Logs.transaction(0x30, TestRecords.of(2, "C")));
            Logs.append(log, batch, () -> assertThat(path).hasBinaryContent(expected.bytes()))
                    .forEach(TransactionLog.Publication::publish);
            assertThat(log.lastTransaction()).isEqualTo(0x30);
        }
    }

    @Test
    void append_objectTwiceInATransaction_bothHaveThePreviousTransactionsRecord() throws IOException {
        try (FileLog log = open()) {
            commit(log, 0x10, TestRecords.of(1, "A"));
            commit(log, 0x20, TestRecords.of(1, "B").and(1, "C"));
        }
        DataFile expected = new DataFile();
        expected.transaction(0x10).store(1, "A").finish();
        expected.transaction(0x20).store(1, "B").store(1, "C").finish();
        assertThat(path).hasBinaryContent(expected.bytes());

        try (FileLog log = open()) {
            assertThat(load(log, 1, Tid.MAX)).isEqualTo("C 20-");
        }
    }

    @Test
    void append_recordsLargerThanTheBuffer_areWhole() throws IOException {
        byte[] large = new byte[3_000_001];
        for (int i = 0; i < large.length; i++) {
            large[i] = (byte) (i * 31 + (i >> 8));
        }
        TestRecords records = TestRecords.of(1, "small")
                .and(2, large)
                .and(3, "x".repeat(1 << 20))
                .and(4, "end");
        TransactionMetadata metadata = new TransactionMetadata(new byte[65535], new byte[65535], new byte[65535]);
        try (FileLog log = open()) {
            commit(log, List.of(new LogTransaction(0x10, metadata, records)));
            commit(log, 0x20, TestRecords.of(5, "after"));
            assertThat(log.loadSerial(2, 0x10)).isEqualTo(large);
        }
        Files.delete(file(".index"));
        try (FileLog log = open()) {
            assertThat(log.loadSerial(2, 0x10)).isEqualTo(large);
            assertThat(load(log, 4, Tid.MAX)).isEqualTo("end 10-");
            assertThat(load(log, 5, Tid.MAX)).isEqualTo("after 20-");
            assertThat(log.lastInvalidations(2)).hasSize(2);
        }
    }

    @Test
    void recordIternext_manyObjectsThatAreNotVisibleYet_passesThem() throws IOException {
        try (FileLog log = open()) {
            commit(log, 0x10, TestRecords.of(0, "root"));
            TestRecords many = TestRecords.none();
            for (int oid = 1; oid <= 100_000; oid++) {
                many.and(oid, "x");
            }
            Logs.append(log, List.of(Logs.transaction(0x20, many)), () -> {});

            assertThat(log.recordIternext(0).next()).isEmpty();
        }
    }

    @Test
    void history_ofMoreThanAnAnswerMayTake_isRefused() throws IOException {
        String text = "x".repeat(65_535);
        TransactionMetadata metadata = Logs.metadata(text, text, text);
        int most = (int) (SummaryLimit.MAX_BYTES / (3 * 65_535));
        try (FileLog log = open()) {
            for (int tid = 1; tid <= most + 1; tid++) {
                Logs.commit(log, List.of(new LogTransaction(tid, metadata, TestRecords.of(7, "x"))));
            }

            assertThatThrownBy(() -> log.history(7, Long.MAX_VALUE))
                    .isInstanceOf(CallException.class)
                    .hasMessageContaining("0x07")
                    .hasMessageContaining("expected: at most the");
            assertThat(log.history(7, 100)).hasSize(100);
        }
    }

    @Test
    void append_metadataTooLong_isRefused() throws IOException {
        byte[] tooLong = new byte[65536];
        byte[] none = {};
        try (FileLog log = open()) {
            for (TransactionMetadata metadata : List.of(
                    new TransactionMetadata(tooLong, none, none),
                    new TransactionMetadata(none, tooLong, none),
                    new TransactionMetadata(none, none, tooLong))) {
                assertThatThrownBy(() -> commit(log, List.of(new LogTransaction(0x10, metadata, TestRecords.none()))))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("65536");
            }
            commit(log, List.of(new LogTransaction(0x10, NO_METADATA, TestRecords.none())));
        }
    }

    @Test
    void indexFile_savedAgainAndAgain_coversAPartOfTheFile() throws IOException {
        byte[] saved;
        try (FileLog log = FileLog.open(disk, path, new FileLogOptions(false, false, 10))) {
            for (int i = 1; i <= 25; i++) {
                commit(log, i, TestRecords.of(i, "data of object " + i));
            }
            saved = Files.readAllBytes(file(".index"));
        }
        assertThat(saved.length).isLessThan((int) Files.size(file(".index")));
        // As a killed process leaves it.
        Files.write(file(".index"), saved);
        try (FileLog log = open()) {
            assertThat(log.length()).isEqualTo(25);
            assertThat(load(log, 25, Tid.MAX)).startsWith("data of object 25");
        }
    }

    @Test
    void indexFile_ofAnEmptyStorage_isNoNews() throws IOException {
        ListAppender<ILoggingEvent> messages = new ListAppender<>();
        Logger logger = (Logger) LoggerFactory.getLogger(FileOpening.class);
        open().close();
        messages.start();
        logger.addAppender(messages);
        try {
            open().close();
            try (FileLog log = open()) {
                commit(log, 0x10, TestRecords.of(1, "A"));
                // A killed process leaves this index.
                Files.copy(file(".index"), file(".saved"));
            }
            Files.move(file(".saved"), file(".index"), StandardCopyOption.REPLACE_EXISTING);
            try (FileLog log = open()) {
                assertThat(load(log, 1, Tid.MAX)).isEqualTo("A 10-");
            }
        } finally {
            logger.detachAppender(messages);
        }
        assertThat(messages.list)
                .extracting(ILoggingEvent::getFormattedMessage)
                .filteredOn(message -> message.contains(".index"))
                .containsExactly(
                        file(".index") + " was written before the first transaction; the whole data file is scanned");
    }

    @Test
    void indexFile_onlyEmptyTransactions_isNotWritten() throws IOException {
        try (FileLog log = open()) {
            for (int i = 1; i <= 10; i++) {
                commit(log, i, TestRecords.none());
            }
        }
        assertThat(file(".index")).doesNotExist();
        try (FileLog log = open()) {
            assertThat(log.lastTransaction()).isEqualTo(10);
        }
    }

    @Test
    void close_twice_isHarmless() throws IOException {
        FileLog log = open();
        commit(log, 0x10, TestRecords.of(1, "A"));
        log.close();
        log.close();
        assertThatThrownBy(() -> log.loadBefore(1, Tid.MAX)).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> commit(log, 0x20, TestRecords.none())).isInstanceOf(IOException.class);
    }

    @Test
    void close_nothingChanged_leavesTheIndexAlone() throws IOException {
        try (FileLog log = open()) {
            commit(log, 0x10, TestRecords.of(1, "A".repeat(100)));
        }
        Object before = Files.getAttribute(file(".index"), "unix:ino");
        open().close();
        assertThat(Files.getAttribute(file(".index"), "unix:ino")).isEqualTo(before);
    }

    @Test
    void reserve_moreThanTheDiskHas_isRefusedAndTakesNothing() throws IOException {
        try (FileLog log = open()) {
            assertThatThrownBy(() -> log.reserve(1L << 46))
                    .isInstanceOf(NoSpaceException.class)
                    .hasMessageContaining("Data.fs");
            log.reserve(1000);
            log.release(1000);
            assertThat(Files.size(path)).isEqualTo(4);
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void release_ofMuchThatWasNotUsed_givesTheRoomBack() throws Exception {
        try (FileLog log = open()) {
            log.reserve(1000);
            log.reserve(50 << 20);
            assertThat(allocatedBytes(path)).isGreaterThan(50 << 20);

            log.release(50 << 20);
            log.release(1000);
            assertThat(allocatedBytes(path)).isLessThan(1 << 20);

            log.reserve(1000);
            commit(log, 0x10, TestRecords.of(1, "A"));
        }
        assertThat(allocatedBytes(path)).isLessThan(1 << 20);
    }

    /** As after a kill. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void reserve_forTheFirstTime_givesBackWhatAnotherProcessHasKept() throws Exception {
        open().close();
        try (DiskFile file = disk.open(path, Disk.Mode.READ_WRITE)) {
            file.reserve(50 << 20);
        }
        try (FileLog log = open()) {
            log.reserve(1000);
            assertThat(allocatedBytes(path)).isLessThan(10 << 20);
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void pack_roomThatWasKeptForIt_isGivenBack() throws Exception {
        try (FileLog log = FileLog.open(
                disk, path, new FileLogOptions(false, false, 100_000, new PackOptions(false, false), true))) {
            commit(log, 0x10, TestRecords.of(1, "x".repeat(50 << 20)));
            commit(log, 0x20, TestRecords.of(1, "B"));
            try (Pack pack = log.pack(new PackControl(Tid.MAX, true, bytes -> {}, null))) {
                assertThat(pack.copy()).isTrue();
                assertThat(pack.replace(true)).isTrue();
            }
            assertThat(load(log, 1, Tid.MAX)).isEqualTo("B 20-");
            assertThat(allocatedBytes(path)).isLessThan(10 << 20);
        }
    }

    private static long allocatedBytes(Path file) throws Exception {
        Process du = new ProcessBuilder("du", "-k", file.toString()).start();
        try (BufferedReader out = du.inputReader()) {
            return Long.parseLong(out.readLine().split("\\s", 2)[0]) << 10;
        } finally {
            du.waitFor();
        }
    }
}
