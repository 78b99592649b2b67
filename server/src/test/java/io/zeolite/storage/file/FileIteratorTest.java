package io.zeolite.storage.file;

import static io.zeolite.storage.TestRecords.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zeolite.disk.RealDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FileIteratorTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    private Path directory;

    private FileIterator open(byte[] content) throws IOException {
        return FileIterator.open(new RealDisk(), Files.write(directory.resolve("Data.fs"), content));
    }

    /** Everything in a file as text: a line for each transaction with its records. */
    private static List<String> walk(FileIterator file) throws IOException {
        List<String> lines = new ArrayList<>();
        for (FileTransaction transaction = file.next(); transaction != null; transaction = file.next()) {
            StringBuilder line = new StringBuilder();
            line.append(Long.toHexString(transaction.tid())).append((char) transaction.status());
            FileIterator.Records records = file.records(transaction);
            for (FileRecord record = records.next(); record != null; record = records.next()) {
                byte[] data = file.data(record);
                FileRecord target = file.target(record);
                line.append(' ').append(record.oid()).append('=');
                line.append(data == null ? "none" : new String(data, StandardCharsets.ISO_8859_1));
                line.append(target == null ? "" : "<-" + Long.toHexString(target.tid()));
            }
            lines.add(line.toString());
        }
        return lines;
    }

    private static DataFile history() {
        DataFile file = new DataFile();
        file.transaction(0x10).store(7, "A").store(8, "X").finish();
        long first = file.position(7);
        file.transaction(0x20).status('p').store(7, "B").finish();
        file.transaction(0x30).back(7, first).finish();
        file.transaction(0x31).back(7, file.position(7)).finish();
        file.transaction(0x40).back(7, 0).finish();
        file.transaction(0x41).back(7, file.position(7)).finish();
        file.transaction(0x45).finish();
        file.transaction(0x50).status('u').store(9, "undone").finish();
        return file;
    }

    @Test
    void next_allKindsOfRecords_withTheirData() throws IOException {
        try (FileIterator file = open(history().bytes())) {
            assertThat(walk(file))
                    .containsExactly(
                            "10  7=A 8=X",
                            "20p 7=B",
                            "30  7=A<-10",
                            "31  7=A<-30",
                            "40  7=none",
                            "41  7=none<-40",
                            "45 ",
                            "50u 9=undone");
            assertThat(file.tail()).isNull();
            assertThat(file.position()).isEqualTo(file.size());
            assertThat(file.isPython2()).isFalse();
        }
    }

    @Test
    void next_golden_positionsAndMetadata() throws IOException {
        try (FileIterator file = open(GoldenFileTest.GOLDEN)) {
            FileTransaction first = Objects.requireNonNull(file.next());
            assertThat(first.position()).isEqualTo(4);
            assertThat(first.length()).isEqualTo(96);
            assertThat(first.end()).isEqualTo(108);
            assertThat(first.metadata().user()).isEqualTo(bytes("bob"));
            assertThat(first.metadata().description()).isEqualTo(bytes("first"));
            assertThat(first.metadata().extension()).hasSize(17).endsWith('.');
            assertThat(file.records(first).next()).isEqualTo(new FileRecord(52, 0, first.tid(), 0, 4, 6, 0));

            file.seek(263);
            FileTransaction undo = Objects.requireNonNull(file.next());
            FileRecord record = Objects.requireNonNull(file.records(undo).next());
            assertThat(record).isEqualTo(new FileRecord(286, 0, undo.tid(), 131, 263, 0, 52));
            assertThat(record.end()).isEqualTo(336);
            assertThat(record.isDeletion()).isFalse();
        }
    }

    @Test
    void open_fileOfPython2_isWalkedOverToo() throws IOException {
        byte[] content = history().bytes();
        System.arraycopy(bytes("FS21"), 0, content, 0, 4);
        try (FileIterator file = open(content)) {
            assertThat(file.isPython2()).isTrue();
            assertThat(walk(file)).hasSize(8).startsWith("10  7=A 8=X");
        }
    }

    @Test
    void open_somethingElse_isRefused() {
        assertThatThrownBy(() -> open(bytes("<?xml version")))
                .isInstanceOf(FileStorageFormatException.class)
                .hasMessageContaining("3c3f786d")
                .hasMessageContaining("FS30 or FS21");
        assertThatThrownBy(() -> open(bytes("FS"))).isInstanceOf(FileStorageFormatException.class);
    }

    @Test
    void next_everyTruncation_endsBeforeTheTornTransaction() throws IOException {
        byte[] content = history().bytes();
        List<Integer> ends = new ArrayList<>(List.of(4));
        try (FileIterator file = open(content)) {
            for (FileTransaction it = file.next(); it != null; it = file.next()) {
                ends.add((int) it.end());
            }
        }
        for (int size = 4; size < content.length; size++) {
            try (FileIterator file = open(Arrays.copyOf(content, size))) {
                int transactions = walk(file).size();
                assertThat(file.position()).isEqualTo(ends.get(transactions).longValue());
                assertThat(ends.get(transactions + 1)).isGreaterThan(size);
                assertThat(file.tail() == null).isEqualTo(file.position() == size);
                assertThat(file.next()).isNull();
            }
        }
    }

    @Test
    void next_unfinishedTransaction_isTheTail() throws IOException {
        DataFile content = history();
        int end = content.end();
        content.transaction(0x60).status('c').store(7, "N").finish();
        try (FileIterator file = open(content.bytes())) {
            assertThat(walk(file)).hasSize(8);
            assertThat(file.tail()).isEqualTo("the transaction was not committed");
            assertThat(file.position()).isEqualTo(end);
            assertThat(file.skipDamage()).isEmpty();
            assertThat(file.next()).isNull();
        }
    }

    @Test
    void next_damagedLength_isReportedAndSkipped() throws IOException {
        DataFile content = new DataFile();
        content.transaction(0x10).store(1, "A").finish();
        int start = content.end();
        content.transaction(0x20).store(1, "B").finish();
        int next = content.end();
        content.transaction(0x30).store(1, "C").finish();
        for (int damaged : new int[] {start + 8, start + 15, next - 1}) {
            byte[] bytes = content.bytes();
            bytes[damaged] ^= 0x55;
            try (FileIterator file = open(bytes)) {
                assertThat(file.next()).isNotNull();
                for (int i = 0; i < 2; i++) {
                    assertThatThrownBy(file::next)
                            .isInstanceOf(CorruptedFileException.class)
                            .hasMessageContaining("Data.fs is damaged at offset ")
                            .hasMessageContaining("(expected: ");
                    assertThat(file.position()).isEqualTo(start);
                }
                assertThat(file.skipDamage()).isEqualTo(OptionalLong.of(next));
                assertThat(walk(file)).containsExactly("30  1=C");
            }
        }
    }

    @Test
    void records_damagedRecord_endsThisTransactionOnly() throws IOException {
        DataFile content = new DataFile();
        content.transaction(0x10).store(1, "A").store(2, "B").finish();
        int second = 4 + 23 + 43;
        content.transaction(0x20).store(1, "C").finish();
        byte[] bytes = content.bytes();
        bytes[second + FileFormat.TLOC_OFFSET + 7] ^= 1;
        try (FileIterator file = open(bytes)) {
            FileTransaction transaction = Objects.requireNonNull(file.next());
            FileIterator.Records records = file.records(transaction);
            assertThat(records.next()).isNotNull();
            assertThatThrownBy(records::next)
                    .isInstanceOfSatisfying(CorruptedFileException.class, e -> assertThat(e.offset())
                            .isEqualTo(second + FileFormat.TLOC_OFFSET))
                    .hasMessageContaining("the transaction position of a record is 5 (expected: 4)");
            assertThat(walk(file)).containsExactly("20  1=C");
        }
    }

    @Test
    void data_backPointerToAnotherObject_isReported() throws IOException {
        DataFile content = new DataFile();
        content.transaction(0x10).store(1, "A").store(2, "B").finish();
        content.transaction(0x20).back(1, content.position(2)).finish();
        try (FileIterator file = open(content.bytes())) {
            file.next();
            FileTransaction transaction = Objects.requireNonNull(file.next());
            FileRecord record = Objects.requireNonNull(file.records(transaction).next());
            assertThatThrownBy(() -> file.data(record)).isInstanceOf(CorruptedDataException.class);
            assertThatThrownBy(() -> file.target(record)).isInstanceOf(CorruptedDataException.class);
        }
    }

    /** Whatever is in the file: an end or an error, in bounded time. */
    @Test
    void walk_randomDamage_endsWithWhatIsThereOrAnError() throws IOException {
        byte[] intact = history().bytes();
        List<String> lines;
        try (FileIterator file = open(intact)) {
            lines = walk(file);
        }
        Random random = new Random(5);
        int errors = 0;
        for (int i = 0; i < 2000; i++) {
            byte[] damaged = intact.clone();
            int at = 4 + random.nextInt(damaged.length - 4);
            if (i % 2 == 0) {
                damaged[at] ^= (byte) (1 + random.nextInt(255));
            } else if (at + 8 <= damaged.length) {
                ByteBuffer.wrap(damaged).putLong(at, random.nextLong() >> random.nextInt(60));
            }
            try (FileIterator file = open(damaged)) {
                assertThat(walk(file)).hasSizeLessThanOrEqualTo(lines.size());
            } catch (CorruptedFileException | CorruptedDataException e) {
                assertThat(e).hasMessageContaining("is damaged at offset ");
                errors++;
            }
        }
        assertThat(errors).isPositive();
    }
}
