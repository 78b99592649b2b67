package io.zeolite.tool.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zeolite.disk.FaultyDisk;
import io.zeolite.disk.RealDisk;
import io.zeolite.storage.TestRecords;
import io.zeolite.storage.file.DataFile;
import io.zeolite.storage.file.FileStorageFormatException;
import io.zeolite.storage.index.IndexFile;
import io.zeolite.storage.index.PositionIndex;
import io.zeolite.tool.ExitStatus;
import io.zeolite.tool.ToolOutput;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckTest {
    private static final String BLOB = "\u0080\u0003cZODB.blob\nBlob\nq\u0000.\u0080\u0003N.";

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    Path directory;

    private final DataFile file = new DataFile();
    private final ToolOutput output = new ToolOutput();

    @BeforeEach
    void setUp() {
        file.transaction(0x10).store(1, "A").store(2, "B").finish();
        file.transaction(0x20).store(1, "C").finish();
    }

    private Path path() {
        return directory.resolve("Data.fs");
    }

    private int check(byte[] content, boolean references, @Nullable Path blobs, int shown, boolean json)
            throws IOException {
        Files.write(path(), content);
        return new Check(new Check.Options(path(), blobs, references, shown, json), output.console()).run();
    }

    /** Checks, and returns each problem as its kind, offset and oid. */
    private List<String> problems(byte[] content) throws IOException {
        check(content, false, null, 100, true);
        return shown();
    }

    private List<String> shown() throws IOException {
        return ToolOutput.objects(output.json(), "problems").stream()
                .map(problem -> problem.get("kind") + " " + problem.get("offset") + " " + problem.get("oid"))
                .toList();
    }

    private static byte[] put(byte[] content, long position, long value) {
        byte[] changed = content.clone();
        ByteBuffer.wrap(changed).putLong((int) position, value);
        return changed;
    }

    @Test
    void check_goodFile_isOk() throws IOException {
        file.transaction(0x30).back(1, file.position(1)).back(2, 0).finish();
        assertThat(check(file.bytes(), false, null, 100, true)).isEqualTo(ExitStatus.OK);
        Map<?, ?> json = output.json();
        assertThat(shown()).isEmpty();
        assertThat(json.get("transactions")).isEqualTo(3L);
        assertThat(json.get("records")).isEqualTo(5L);
        assertThat(json.get("objects")).isEqualTo(2L);
        assertThat(json.get("deleted_objects")).isEqualTo(1L);
        assertThat(json.get("status")).isEqualTo("OK");
    }

    @Test
    void check_lengthThatIsTooLarge_isDamageUpToTheNextTransaction() throws IOException {
        long third = file.end();
        file.transaction(0x30).store(2, "D").finish();
        long fourth = file.end();
        file.transaction(0x40).store(3, "E").finish();
        assertThat(check(put(file.bytes(), third + 8, 1 << 20), false, null, 100, false))
                .isEqualTo(ExitStatus.CRITICAL);
        assertThat(output.text())
                .contains("ERROR damage at " + (third + 8))
                .contains("unreadable from " + third + " to " + fourth)
                .contains("CRITICAL: 1 error, 0 warnings");
    }

    @Test
    void check_badSectorInData_isShown() throws IOException {
        file.transaction(0x30).store(3, "z".repeat(9000)).finish();
        long third = file.position(3);
        file.writeTo(path());
        FaultyDisk disk = new FaultyDisk();
        disk.spoil(path(), 4096, 8192);
        Check.Options options = new Check.Options(path(), null, true, 100, true);
        assertThat(new Check(options, output.console(), disk).run()).isEqualTo(ExitStatus.CRITICAL);
        assertThat(shown()).contains("record " + third + " 0x03");
    }

    @Test
    void check_badSectorInATransactionsHeader_isPassed() throws IOException {
        long third = file.end();
        file.transaction(0x30).store(3, "z".repeat(9000)).finish();
        file.transaction(0x40).store(4, "E").finish();
        file.writeTo(path());
        FaultyDisk disk = new FaultyDisk();
        disk.spoil(path(), third + 10, third + 11);
        Check.Options options = new Check.Options(path(), null, false, 100, true);
        assertThat(new Check(options, output.console(), disk).run()).isEqualTo(ExitStatus.CRITICAL);
        assertThat(shown()).containsExactly("damage " + (third + 10) + " null");
        assertThat(output.json().get("transactions")).isEqualTo(3L);
    }

    @Test
    void check_positionsThatAreWrong_areNamed() throws IOException {
        long first = file.position(1);
        byte[] content = file.bytes();
        assertThat(problems(put(content, first + 16, 4))).containsExactly("previous " + (first + 16) + " 0x01");
    }

    @Test
    void check_recordsThatAPackKeptForAnUndo_areFine() throws IOException {
        assertThat(check(DataFile.packedBeforeAnUndo().bytes(), false, null, 100, true))
                .isEqualTo(ExitStatus.OK);
        assertThat(shown()).isEmpty();
    }

    @Test
    void check_noPreviousWhereNoPackWas_isAWarning() throws IOException {
        byte[] content = put(file.bytes(), file.position(1) + 16, 0);
        assertThat(check(content, false, null, 100, true)).isEqualTo(ExitStatus.WARNING);
        assertThat(shown()).containsExactly("no-previous " + (file.position(1) + 16) + " 0x01");
    }

    @Test
    void check_transactionPositionOfARecord_isARecordThatCannotBeRead() throws IOException {
        long second = file.position(1);
        assertThat(problems(put(file.bytes(), second + 24, 4))).containsExactly("record " + (second + 24) + " null");
    }

    @Test
    void check_backPointerToAnotherObject_isNamed() throws IOException {
        file.transaction(0x30).back(1, file.position(2)).finish();
        assertThat(problems(file.bytes())).containsExactly("back-pointer " + (file.position(1) + 42) + " 0x01");
    }

    @Test
    void check_tidThatDoesNotRise_isNamed() throws IOException {
        long third = file.end();
        file.transaction(0x15).store(3, "D").finish();
        assertThat(problems(file.bytes())).containsExactly("tid-order " + third + " null");
    }

    @Test
    void check_oddStatusAndFuture_areWarnings() throws IOException {
        long third = file.end();
        file.transaction(Long.MAX_VALUE).status('x').store(3, "D").finish();
        assertThat(check(file.bytes(), false, null, 100, true)).isEqualTo(ExitStatus.WARNING);
        assertThat(shown()).containsExactlyInAnyOrder("status " + (third + 16) + " null", "future " + third + " null");
    }

    @Test
    void check_tornTail_isAWarning() throws IOException {
        int end = file.end();
        file.transaction(0x30).store(3, "D").finish();
        assertThat(check(Arrays.copyOf(file.bytes(), end + 30), false, null, 100, true))
                .isEqualTo(ExitStatus.WARNING);
        assertThat(shown()).containsExactly("tail " + end + " null");
    }

    @Test
    void check_blockThatWasNotWritten_isATailAsForAServer() throws IOException {
        int end = file.end();
        byte[] content = file.withLostBlock();
        assertThat(check(content, false, null, 100, true)).isEqualTo(ExitStatus.WARNING);
        assertThat(shown()).containsExactly("tail " + end + " null");
    }

    @Test
    void check_unfinishedTransaction_isFine() throws IOException {
        int end = file.end();
        file.transaction(0x30).status('c').store(3, "D").finish();
        assertThat(check(file.bytes(), false, null, 100, true)).isEqualTo(ExitStatus.OK);
        assertThat(shown()).containsExactly("unfinished " + end + " null");
    }

    @Test
    void check_indexOfAnotherFile_isNamed() throws IOException {
        PositionIndex index = new PositionIndex();
        index.put(1, file.position(1));
        index.put(2, file.position(2) + 1);
        index.put(9, file.position(1));
        IndexFile.write(new RealDisk(), directory.resolve("Data.fs.index"), index, file.end());
        file.transaction(0x30).store(1, "D").finish();
        assertThat(problems(file.bytes())).containsExactly("index " + file.position(2) + " 0x02", "index null 0x09");
    }

    @Test
    void check_indexThatEndsWithinATransaction_isUnusable() throws IOException {
        PositionIndex index = new PositionIndex();
        index.put(1, file.position(1));
        IndexFile.write(new RealDisk(), directory.resolve("Data.fs.index"), index, file.end() - 3L);
        assertThat(problems(file.bytes())).containsExactly("index-unusable null null");
    }

    @Test
    void check_pickleThatCannotBeRead_isNamed() throws IOException {
        check(file.bytes(), true, null, 100, true);
        assertThat(shown())
                .containsExactly("pickle " + file.position(2) + " 0x02", "pickle " + file.position(1) + " 0x01");
    }

    @Test
    void check_compressedRecords_areReadInflated() throws IOException {
        String reference = "C\b\0\0\0\0\0\0\0\u0002cm\nClass\n\u0086Q.";
        String record = TestRecords.compressed("cm\nReferrer\n." + reference);
        DataFile compressed = new DataFile()
                .transaction(0x10)
                .store(1, record)
                .store(2, TestRecords.compressed(BLOB))
                .finish();
        Path blobs = Files.createDirectories(directory.resolve("blobs"));
        Files.writeString(blobs.resolve(".layout"), "lawn");
        assertThat(check(compressed.bytes(), true, blobs, 100, true)).isEqualTo(ExitStatus.CRITICAL);
        assertThat(output.json().get("references")).isEqualTo(1L);
        assertThat(shown()).containsExactly("missing-blob null 0x02");

        compressed
                .transaction(0x20)
                .back(2, 0)
                .store(3, record.substring(0, 20))
                .finish();
        assertThat(check(compressed.bytes(), true, null, 100, false)).isEqualTo(ExitStatus.CRITICAL);
        assertThat(output.text())
                .contains("a m.Referrer, refers to 0x02 (a m.Class), which was deleted")
                .contains("a compressed record without its end");
    }

    @Test
    void check_manyProblems_areCountedAndTheFirstShown() throws IOException {
        file.transaction(0x30).store(1, "D").store(2, "E").finish();
        assertThat(check(file.bytes(), true, null, 1, false)).isEqualTo(ExitStatus.CRITICAL);
        assertThat(output.text()).contains("... 1 more of pickle").contains("CRITICAL: 2 errors, 0 warnings");
    }

    @Test
    void check_blobs_areComparedInBothDirections() throws IOException {
        file.transaction(0x30).store(5, BLOB).store(6, BLOB).finish();
        Path blobs = Files.createDirectories(directory.resolve("blobs"));
        Files.writeString(blobs.resolve(".layout"), "lawn");
        Path one = Files.createDirectories(blobs.resolve("0x05"));
        Files.createFile(one.resolve("0x30.blob"));
        Files.createFile(one.resolve("0x20.blob"));
        Files.createFile(one.resolve("0x40.blob"));
        Files.createFile(one.resolve("readme"));
        Files.createFile(one.resolve("0x0030.blob"));
        assertThat(check(file.bytes(), false, blobs, 100, true)).isEqualTo(ExitStatus.CRITICAL);
        assertThat(shown())
                .containsExactlyInAnyOrder(
                        "stray-blob null 0x05",
                        "stray-blob null null",
                        "stray-blob null null",
                        "missing-blob null 0x06");
        assertThat(output.json().get("blobs")).isEqualTo(2L);
    }

    @Test
    void check_python2_isReadToo() throws IOException {
        byte[] content = file.bytes();
        System.arraycopy("FS21".getBytes(StandardCharsets.US_ASCII), 0, content, 0, 4);
        assertThat(problems(content)).isEmpty();
    }

    @Test
    void check_somethingElse_isRefused() {
        assertThatThrownBy(() -> check(new byte[100], false, null, 100, true))
                .isInstanceOf(FileStorageFormatException.class);
        assertThat(output.text()).isEmpty();
        assertThatThrownBy(() -> check(file.bytes(), false, directory.resolve("none"), 100, true))
                .isInstanceOf(NoSuchFileException.class);
    }
}
