package io.zeolite.storage.file;

import static io.zeolite.storage.Logs.commit;
import static io.zeolite.storage.Logs.load;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.zeolite.disk.FaultyDisk;
import io.zeolite.disk.RealDisk;
import io.zeolite.disk.UnreadableException;
import io.zeolite.logging.RecordedLog;
import io.zeolite.storage.TestRecords;
import io.zeolite.zodb.Tid;
import io.zeolite.zodb.TimeStamp;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What opening makes of files that do not end as they should, or are damaged. */
final class RecoveryTest {
    private final FaultyDisk disk = new FaultyDisk();

    /** Five transactions 0x10 to 0x50, each of which stores object 1 and an object of its own. */
    private final DataFile file = new DataFile();

    private final int[] starts = new int[6];

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    private Path directory;

    @SuppressWarnings("NullAway.Init") // Set before each test.
    private Path path;

    @BeforeEach
    void makeFile() {
        path = directory.resolve("Data.fs");
        for (int i = 0; i < 5; i++) {
            starts[i] = file.end();
            file.transaction(0x10L * (i + 1))
                    .store(1, "revision " + i)
                    .store(10 + i, "object")
                    .finish();
        }
        starts[5] = file.end();
    }

    @Test
    void open_recordsThatAPackKeptForAnUndo_areNotCalledStray() throws IOException {
        DataFile.packedBeforeAnUndo().writeTo(path);
        try (RecordedLog logged = new RecordedLog(Recovery.class)) {
            open().close();
            assertThat(logged.messages()).isEmpty();
        }
    }

    private FileLog open() throws IOException {
        return FileLog.open(disk, path, FileLogOptions.DEFAULT);
    }

    private Path tail(int i) {
        return directory.resolve("Data.fs.tr" + i);
    }

    /** The file with a number overwritten. */
    private byte[] with(int offset, long value) {
        byte[] bytes = file.bytes();
        ByteBuffer.wrap(bytes).putLong(offset, value);
        return bytes;
    }

    private byte[] with(int offset, byte value) {
        byte[] bytes = file.bytes();
        bytes[offset] = value;
        return bytes;
    }

    /** Opens a file of which only the first transactions are good, and whose rest may be cut off. */
    private void assertCut(byte[] content, int transactions) throws IOException {
        Files.write(path, content);
        int end = starts[transactions];
        try (FileLog log = FileLog.open(new RealDisk(), path, FileLogOptions.READ_ONLY)) {
            assertThat(log.lastTransaction()).isEqualTo(0x10L * transactions);
            assertThat(log.size()).isEqualTo(end);
            assertThat(path).hasBinaryContent(content);
            assertThat(tail(0)).doesNotExist();
        }
        try (FileLog log = open()) {
            assertThat(log.lastTransaction()).isEqualTo(0x10L * transactions);
            assertThat(log.length()).isEqualTo(transactions == 0 ? 0 : transactions + 1);
            assertThat(path).hasBinaryContent(Arrays.copyOf(content, end));
            assertThat(tail(0)).hasBinaryContent(Arrays.copyOfRange(content, end, content.length));
            commit(log, 0x60, TestRecords.of(1, "next"));
        }
        Files.delete(tail(0));
        Files.delete(directory.resolve("Data.fs.index"));
        try (FileLog log = open()) {
            assertThat(load(log, 1, Tid.MAX)).isEqualTo("next 60-");
            assertThat(tail(0)).doesNotExist();
        }
        Files.delete(directory.resolve("Data.fs.index"));
    }

    private void assertRefused(byte[] content, long offset) throws IOException {
        Files.write(path, content);
        for (FileLogOptions options : new FileLogOptions[] {FileLogOptions.DEFAULT, FileLogOptions.READ_ONLY}) {
            CorruptedFileException failure =
                    catchThrowableOfType(CorruptedFileException.class, () -> FileLog.open(disk, path, options));
            assertThat(failure).hasMessageContaining("Data.fs").hasMessageContaining("expected");
            assertThat(failure.offset()).isEqualTo(offset);
        }
        assertThat(path).hasBinaryContent(content);
        assertThat(tail(0)).doesNotExist();
    }

    private void assertAccepted(byte[] content) throws IOException {
        Files.write(path, content);
        try (FileLog log = open()) {
            assertThat(log.lastTransaction()).isEqualTo(0x50);
            assertThat(log.length()).isEqualTo(6);
            assertThat(load(log, 1, Tid.MAX)).isEqualTo("revision 4 50-");
        }
        assertThat(path).hasBinaryContent(content);
        assertThat(tail(0)).doesNotExist();
        Files.delete(directory.resolve("Data.fs.index"));
    }

    @Test
    void truncated_anywhereInTheLastTwoTransactions_keepsTheWholeOnes() throws IOException {
        byte[] whole = file.bytes();
        for (int length = starts[3] + 1; length < whole.length; length++) {
            if (length != starts[4]) {
                assertCut(Arrays.copyOf(whole, length), length < starts[4] ? 3 : 4);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 10, 22, 23, 31, 100, 4096, 300_000})
    void zerosAppended_areCutOff(int count) throws IOException {
        assertCut(Arrays.copyOf(file.bytes(), starts[5] + count), 5);
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "2, 2", "4, 4"})
    void unfinishedTransaction_endsTheFile(int transaction, int good) throws IOException {
        assertCut(with(starts[transaction] + 16, (byte) 'c'), good);
    }

    @Test
    void unfinishedBatch_isCutOffAndItsRecordsAreKnown() throws IOException {
        file.transaction(0x60).status('c').store(1, "x").store(20, "y").finish();
        file.transaction(0x70).store(21, "z").finish();
        Files.write(path, Arrays.copyOf(file.bytes(), file.end() + 40));
        try (FileLog log = open()) {
            assertThat(log.lastTransaction()).isEqualTo(0x50);
            assertThat(log.discardedRevisions())
                    .containsExactlyInAnyOrder(
                            new DiscardedRevision(1, 0x60),
                            new DiscardedRevision(20, 0x60),
                            new DiscardedRevision(21, 0x70));
        }
    }

    /** The disk has lost the status of a transaction that it had taken. */
    @Test
    void unfinishedTransactionThatMuchLaterOnesFollow_isRefused() throws IOException {
        long first = TimeStamp.of(Instant.parse("2026-01-01T00:00:00Z"));
        long soon = TimeStamp.of(Instant.parse("2026-01-01T01:00:00Z"));
        int start = file.end();
        file.transaction(first).status('c').store(1, "x").finish();
        file.transaction(soon).store(1, "x").finish();
        assertCut(file.bytes(), 5);

        int later = file.end();
        file.transaction(soon + 1).store(1, "x").finish();
        Files.write(path, file.bytes());
        assertThatThrownBy(this::open)
                .isInstanceOf(CorruptedFileException.class)
                .hasMessageContaining("the status of a transaction")
                .hasMessageContaining(Integer.toString(start + 16))
                .hasMessageContaining("more than 1 hour later, the first at " + later);
        assertThat(path).hasBinaryContent(file.bytes());
        try (FileLog log = FileLog.open(disk, path, FileLogOptions.READ_ONLY)) {
            assertThat(log.lastTransaction()).isEqualTo(0x50);
        }
    }

    @Test
    void indexOfALongerFile_isSaidLoudly() throws IOException {
        Files.write(path, file.bytes());
        open().close();
        Files.write(path, Arrays.copyOf(file.bytes(), starts[4]));
        try (RecordedLog logged = new RecordedLog(FileOpening.class)) {
            open().close();
            assertThat(logged.lines()).anySatisfy(line -> assertThat(line)
                    .contains("WARN", path + " has " + starts[4] + " bytes, and had at least " + starts[5]));
        }
    }

    @Test
    void tailThatCannotBeKept_leavesNoPartOfIt() throws IOException {
        byte[] bytes = Arrays.copyOf(file.bytes(), starts[5] + 3_000_000);
        Files.write(path, bytes);
        int failed = 0;
        for (int operation = 0; !Files.exists(tail(0)); operation++) {
            disk.failOnce(operation);
            try {
                open().close();
            } catch (IOException e) {
                failed++;
                if (Files.exists(tail(0))) {
                    // All of it is there, and the data file may or may not have been cut off.
                    assertThat(Files.size(tail(0))).isEqualTo(3_000_000);
                    break;
                }
                assertThat(path).hasBinaryContent(bytes);
            }
        }
        assertThat(failed).isGreaterThan(3);
    }

    @Test
    void unfinishedTransactionWithAnOldTid_isNotTakenForARevisionToBeDiscarded() throws IOException {
        file.transaction(0x50).status('c').store(1, "x").finish();
        file.writeTo(path);
        try (FileLog log = open()) {
            assertThat(log.discardedRevisions()).isEmpty();
        }
    }

    @Test
    void lengthBeyondTheEnd_lastTransaction_isCutOff() throws IOException {
        for (long length : new long[] {-1, Long.MIN_VALUE, Long.MAX_VALUE, 1 << 20, starts[5] - starts[4] - 7}) {
            assertCut(with(starts[4] + 8, length), 4);
        }
    }

    @Test
    void lengthBeyondTheEnd_committedTransactionsFollow_isRefused() throws IOException {
        for (long length : new long[] {-1, Long.MIN_VALUE, Long.MAX_VALUE, 1 << 20}) {
            assertRefused(with(starts[2] + 8, length), starts[2] + 8);
        }
    }

    @Test
    void lengthTooSmall_isRefused() throws IOException {
        for (int i : new int[] {0, 2, 4}) {
            assertRefused(with(starts[i] + 8, 22), starts[i] + 8);
            assertRefused(with(starts[i] + 8, 0), starts[i] + 8);
        }
    }

    @Test
    void zerosInTheMiddle_areRefused() throws IOException {
        byte[] content = file.bytes();
        Arrays.fill(content, starts[2] - 3, starts[2] + 60, (byte) 0);
        Files.write(path, content);
        assertThatThrownBy(this::open).isInstanceOf(CorruptedFileException.class);

        content = file.bytes();
        Arrays.fill(content, starts[2], starts[3], (byte) 0);
        assertRefused(content, starts[2] + 8);
    }

    @Test
    void wrongTrailingLength_isRefused() throws IOException {
        for (int i : new int[] {1, 3, 5}) {
            assertRefused(with(starts[i] - 8, 99), starts[i] - 8);
        }
    }

    @Test
    void wrongRecordHeader_isRefused() throws IOException {
        int record = starts[2] + 23;
        assertRefused(with(record + 24, 5), record + 24);
        assertRefused(with(record + 33, (byte) 1), record + 32);
        assertRefused(with(record + 34, -1), record + 34);
        assertRefused(with(record + 34, 1 << 20), record + 34);
    }

    @Test
    void oddStatus_wholeTransaction_isAccepted() throws IOException {
        for (byte status : new byte[] {'X', 0, (byte) 0xff}) {
            assertAccepted(with(starts[2] + 16, status));
            assertAccepted(with(starts[4] + 16, status));
        }
    }

    @Test
    void oddPredecessorsAndTids_areAccepted() throws IOException {
        int record = starts[2] + 23;
        assertAccepted(with(record + 16, 0));
        assertAccepted(with(record + 16, 7));
        assertAccepted(with(record + 8, 0x29));
        assertAccepted(with(starts[2], 0x15));
    }

    @Test
    void cutTwice_tailsAreNumbered() throws IOException {
        Files.writeString(tail(0), "older");
        Files.write(path, Arrays.copyOf(file.bytes(), starts[5] - 1));
        open().close();
        assertThat(tail(0)).hasContent("older");
        assertThat(tail(1)).hasBinaryContent(Arrays.copyOfRange(file.bytes(), starts[4], starts[5] - 1));
    }

    @Test
    void cut_failingAtAnyOperation_losesNothing() throws IOException {
        byte[] content = Arrays.copyOf(file.bytes(), starts[5] - 1);
        for (int i = 0; i < 20; i++) {
            Files.write(path, content);
            FaultyDisk faulty = new FaultyDisk();
            faulty.failFrom(i);
            try {
                FileLog.open(faulty, path, FileLogOptions.DEFAULT).close();
            } catch (IOException e) {
                assertThat(e).hasMessageContaining("injected");
            }
            faulty.releaseLocks();
            try (FileLog log = open()) {
                assertThat(log.lastTransaction()).isEqualTo(0x40);
            }
            byte[] rest = Arrays.copyOfRange(content, starts[4], content.length);
            assertThat(Files.exists(tail(1)) ? tail(1) : tail(0)).hasBinaryContent(rest);
            Files.deleteIfExists(tail(0));
            Files.deleteIfExists(tail(1));
            Files.deleteIfExists(directory.resolve("Data.fs.index"));
        }
    }

    @Test
    void dateInTheFuture_nextTidsComeAfterIt() throws IOException {
        file.transaction(0x7000000000000000L).store(1, "future").finish();
        file.writeTo(path);
        try (FileLog log = open()) {
            assertThat(log.lastTransaction()).isEqualTo(0x7000000000000000L);
            commit(log, 0x7000000000000001L, TestRecords.of(1, "after"));
            assertThat(load(log, 1, Tid.MAX)).startsWith("after");
        }
    }

    // The index

    private byte[] indexOfTheWholeFile() throws IOException {
        file.writeTo(path);
        open().close();
        return Files.readAllBytes(directory.resolve("Data.fs.index"));
    }

    private void assertIndexRepaired(byte[] index) throws IOException {
        Files.write(directory.resolve("Data.fs.index"), index);
        try (FileLog log = open()) {
            assertThat(log.length()).isEqualTo(6);
            assertThat(log.lastTransaction()).isEqualTo(0x50);
            assertThat(load(log, 1, Tid.MAX)).isEqualTo("revision 4 50-");
            for (int i = 0; i < 5; i++) {
                assertThat(load(log, 10 + i, Tid.MAX)).startsWith("object ");
            }
        }
    }

    @Test
    void index_truncatedAnywhere_isMadeAnew() throws IOException {
        byte[] index = indexOfTheWholeFile();
        for (int length = 0; length < index.length; length++) {
            assertIndexRepaired(Arrays.copyOf(index, length));
            assertThat(directory.resolve("Data.fs.index")).hasBinaryContent(index);
        }
    }

    @Test
    void index_thatCannotBeRead_isMadeAnew() throws IOException {
        byte[] index = indexOfTheWholeFile();
        disk.spoil(directory.resolve("Data.fs.index"), 0, 1);
        assertIndexRepaired(index);
        // Another reason, in another place: it cannot be opened.
        Files.delete(directory.resolve("Data.fs.index"));
        Files.createSymbolicLink(directory.resolve("Data.fs.index"), Path.of("Data.fs.index"));
        open().close();
        assertThat(directory.resolve("Data.fs.index")).hasBinaryContent(index);
    }

    @Test
    void data_thatCannotBeRead_isRefusedAndLeftAlone() throws IOException {
        Files.write(path, file.bytes());
        disk.spoil(path, starts[3], starts[3] + 1);
        assertThatThrownBy(this::open)
                .isInstanceOf(UnreadableException.class)
                .hasMessageStartingWith(path + ": cannot read ")
                .hasMessageContaining(" at " + starts[3] + ": ");
        assertThat(path).hasBinaryContent(file.bytes());
        assertThat(tail(0)).doesNotExist();
    }

    @Test
    void index_anyBitFlipped_isMadeAnew() throws IOException {
        byte[] index = indexOfTheWholeFile();
        // One bit of each byte.
        for (int bit = 0; bit < 8 * index.length; bit += 9) {
            byte[] flipped = index.clone();
            flipped[bit / 8] ^= (byte) (1 << (bit % 8));
            assertIndexRepaired(flipped);
        }
    }

    @Test
    void index_wrongForAnObjectThatHasNotChangedForLong_givesAClearError() throws IOException {
        file.transaction(0x60).store(-1, "old").finish();
        for (int i = 0; i < 1100; i++) {
            file.transaction(0x100 + i).store(i, "new").finish();
        }
        byte[] index = indexOfTheWholeFile();
        // The entry of the largest oid is the last: its position ends before the end of its pickle and the last one.
        index[index.length - 7] ^= 1;
        Files.write(directory.resolve("Data.fs.index"), index);
        try (FileLog log = open()) {
            assertThat(load(log, 7, Tid.MAX)).isEqualTo("new 107-");
            CorruptedDataException failure =
                    catchThrowableOfType(CorruptedDataException.class, () -> log.loadBefore(-1, Tid.MAX));
            assertThat(failure).hasMessageContaining("Data.fs.index is deleted");
            assertThat(failure.oid()).isEqualTo(-1);
        }
    }

    @Test
    void damageWithinWhatTheIndexCovers_isNotCutOff() throws IOException {
        byte[] index = indexOfTheWholeFile();
        for (byte[] content : new byte[][] {with(starts[2] + 16, (byte) 'c'), with(starts[3] - 8, 99)}) {
            Files.write(path, content);
            assertIndexRepaired(index);
            assertThat(path).hasBinaryContent(content);
        }
    }

    @Test
    void index_ofAnOlderState_onlyTheRestIsScanned() throws IOException {
        byte[] whole = file.bytes();
        Files.write(path, Arrays.copyOf(whole, starts[3]));
        open().close();
        byte[] index = Files.readAllBytes(directory.resolve("Data.fs.index"));
        // Damage to what the index covers is not seen, which shows that it is not scanned.
        whole[starts[0] + 15] ^= 1;
        Files.write(path, whole);
        assertIndexRepaired(index);
    }

    @Test
    void index_ofAnotherFile_isMadeAnew() throws IOException {
        DataFile other = new DataFile();
        for (int i = 1; i <= 5; i++) {
            other.transaction(i).store(1, "something else that is longer " + i).finish();
        }
        other.writeTo(path);
        open().close();
        byte[] index = Files.readAllBytes(directory.resolve("Data.fs.index"));
        file.writeTo(path);
        assertIndexRepaired(index);
    }

    @Test
    void index_longerThanTheFile_isMadeAnew() throws IOException {
        byte[] index = indexOfTheWholeFile();
        Files.write(path, Arrays.copyOf(file.bytes(), starts[4]));
        Files.write(directory.resolve("Data.fs.index"), index);
        try (FileLog log = open()) {
            assertThat(log.length()).isEqualTo(5);
            assertThat(load(log, 1, Tid.MAX)).isEqualTo("revision 3 40-");
        }
    }

    @Test
    void index_objectTwiceInTheLastTransaction_isUsed() throws IOException {
        file.transaction(0x60).store(1, "A").store(30, "x").store(1, "B").finish();
        byte[] content = file.bytes();
        Files.write(path, content);
        open().close();
        content[starts[0] + 15] ^= 1;
        Files.write(path, content);
        try (FileLog log = open()) {
            assertThat(load(log, 1, Tid.MAX)).isEqualTo("B 60-");
        }
    }

    @Test
    void index_unreadableForms_areIgnored() throws IOException {
        indexOfTheWholeFile();
        for (String form : new String[] {
            // A pickled dict, as old versions wrote it; one that would run a command; one of protocol 4.
            "}q\u0000(U\u0005indexq\u0001}q\u0002U\u0003posK\u0004u.",
            "cposix\nsystem\n(S'touch /tmp/executed'\ntR.",
            "\u0080\u0004K\u0004.\u0080\u0004N.",
            ""
        }) {
            assertIndexRepaired(TestRecords.bytes(form));
        }
    }
}
