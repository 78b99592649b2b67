package io.zeolite.storage.file;

import static io.zeolite.storage.Logs.commit;
import static io.zeolite.storage.Logs.iterate;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zeolite.disk.Disk;
import io.zeolite.disk.DiskFile;
import io.zeolite.disk.RealDisk;
import io.zeolite.error.CallException;
import io.zeolite.error.PosKeyException;
import io.zeolite.storage.CurrentRecord;
import io.zeolite.storage.Logs;
import io.zeolite.storage.RecordIterator;
import io.zeolite.storage.TestRecords;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What only a file can have: undo, deletions, packed transactions, damage, and another file in its place. */
final class LogIteratorTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    private Path directory;

    private FileLog open(byte[] content) throws IOException {
        return FileLog.open(new RealDisk(), Files.write(directory.resolve("Data.fs"), content), FileLogOptions.DEFAULT);
    }

    @Test
    void iterator_undoneAndDeleted_asPythonHasThem() throws IOException {
        DataFile file = new DataFile();
        file.transaction(0x10).store(7, "A").finish();
        long first = file.position(7);
        file.transaction(0x20).store(7, "B").finish();
        file.transaction(0x30).back(7, first).finish();
        file.transaction(0x31).back(7, file.position(7)).finish();
        file.transaction(0x40).back(7, 0).finish();
        file.transaction(0x41).back(7, file.position(7)).finish();
        file.transaction(0x45).status('u').store(7, "undone").finish();
        file.transaction(0x50).status('p').store(7, "C").finish();

        try (FileLog log = open(file.bytes())) {
            assertThat(iterate(log, 0, -1))
                    .containsExactly(
                            "10 7=A", "20 7=B", "30 7=A<-10", "31 7=A<-30", "40 7=none", "41 7=none<-40", "50 7=C");
            assertThat(iterate(log, 0x42, -1)).containsExactly("50 7=C");
        }
    }

    @Test
    void iterator_damage_isAnErrorEachTime() throws IOException {
        DataFile file = new DataFile();
        file.transaction(0x10).store(7, "A").finish();
        int second = file.end();
        file.transaction(0x20).store(7, "B").finish();
        file.transaction(0x30).store(7, "C").finish();
        byte[] content = file.bytes();
        try (FileLog log = open(content)) {
            content[second + 15] ^= 8;
            Files.write(directory.resolve("Data.fs"), content);
            var iterator = log.iterator(0, -1);
            iterator.next();
            for (int i = 0; i < 2; i++) {
                assertThatThrownBy(iterator::next)
                        .isInstanceOf(CorruptedFileException.class)
                        .hasMessageContaining("Data.fs is damaged at offset");
            }
            content[second + 15] ^= 8;
            content[second + FileFormat.STATUS_OFFSET] = 'c';
            Files.write(directory.resolve("Data.fs"), content);
            assertThatThrownBy(iterator::next)
                    .isInstanceOf(CorruptedFileException.class)
                    .hasMessageContaining("at offset " + second)
                    .hasMessageContaining("not committed");
        }
    }

    @Test
    void recordIternext_allObjects_inTheOrderOfTheirOids() throws IOException {
        try (FileLog log = open(new byte[0])) {
            assertThatThrownBy(() -> log.recordIternext(0))
                    .isInstanceOfSatisfying(CallException.class, e -> assertThat(e.pythonClass())
                            .isEqualTo("builtins.ValueError"));
            commit(log, 0x10, TestRecords.of(0, "R").and(1000, "B").and(5, "A").and(-1, "Z"));
            commit(log, 0x20, TestRecords.of(5, "A2"));
            Logs.append(log, List.of(Logs.transaction(0x30, TestRecords.of(6, "unpublished"))), () -> {});

            List<String> lines = new ArrayList<>();
            OptionalLong next = OptionalLong.of(0);
            while (next.isPresent()) {
                CurrentRecord record = log.recordIternext(next.getAsLong());
                lines.add(record.oid() + " " + Long.toHexString(record.tid()) + " "
                        + new String(record.data(), StandardCharsets.US_ASCII));
                next = record.next();
            }
            assertThat(lines).containsExactly("0 10 R", "5 20 A2", "1000 10 B", "-1 10 Z");
            assertThat(log.recordIternext(1).oid()).isEqualTo(5);
            assertThat(log.info().supportsRecordIternext()).isTrue();
        }
    }

    @Test
    void recordIternext_deletedObject_isAnErrorAndCanBePassedOver() throws IOException {
        DataFile file = new DataFile();
        file.transaction(0x10).store(1, "A").store(2, "B").store(3, "C").finish();
        file.transaction(0x20).back(2, 0).finish();
        try (FileLog log = open(file.bytes())) {
            assertThat(log.recordIternext(0).next()).hasValue(2);
            assertThatThrownBy(() -> log.recordIternext(2)).isInstanceOf(PosKeyException.class);
            assertThat(log.recordIternext(3).next()).isEmpty();
            assertThatThrownBy(() -> log.recordIternext(4)).isInstanceOf(CallException.class);
        }
    }

    private LogIterator.View view(String name, DataFile content, long lastTid) throws IOException {
        DiskFile file = new RealDisk().open(content.writeTo(directory.resolve(name)), Disk.Mode.READ);
        return new LogIterator.View(file, lastTid, content.end());
    }

    private static DataFile unpacked() {
        DataFile file = new DataFile();
        file.transaction(0x10).store(1, "A").store(2, "X").finish();
        file.transaction(0x20).store(1, "B").finish();
        file.transaction(0x30).store(1, "C").store(3, "Y").finish();
        file.transaction(0x40).store(1, "D").finish();
        return file;
    }

    /** What a pack leaves that keeps what is current as of 0x30. */
    private static DataFile packed() {
        DataFile file = new DataFile();
        file.transaction(0x10).status('p').store(2, "X").finish();
        file.transaction(0x30).status('p').store(1, "C").store(3, "Y").finish();
        file.transaction(0x40).store(1, "D").finish();
        file.transaction(0x50).store(1, "E").finish();
        return file;
    }

    @Test
    void iterator_fileIsReplaced_goesOnWithWhatIsLeft() throws IOException {
        LogIterator.View before = view("before", unpacked(), 0x40);
        LogIterator.View after = view("after", packed(), 0x50);
        for (int read = 0; read <= 4; read++) {
            AtomicReference<LogIterator.View> log = new AtomicReference<>(before);
            LogIterator iterator = new LogIterator(log::get, 0, -1);
            List<String> lines = new ArrayList<>();
            for (int i = 0; i < read; i++) {
                lines.add(Long.toHexString(java.util.Objects.requireNonNull(iterator.next())
                                .tid())
                        + Logs.text(iterator.records()));
            }
            log.set(after);
            lines.addAll(iterate(iterator));
            List<String> old = List.of("10 1=A 2=X", "20 1=B", "30 1=C 3=Y", "40 1=D");
            List<String> expected = new ArrayList<>(old.subList(0, read));
            List<String> packed = List.of("10 2=X", "30 1=C 3=Y", "40 1=D");
            expected.addAll(packed.subList(read == 0 ? 0 : read == 4 ? 3 : read == 3 ? 2 : 1, 3));
            assertThat(lines).isEqualTo(expected);
        }
        before.file().close();
        after.file().close();
    }

    @Test
    void records_fileIsReplaced_areFoundAgainOrAnError() throws IOException {
        LogIterator.View before = view("before", unpacked(), 0x40);
        LogIterator.View after = view("after", packed(), 0x50);
        AtomicReference<LogIterator.View> log = new AtomicReference<>(before);
        LogIterator iterator = new LogIterator(log::get, 0x10, -1);
        iterator.next();
        RecordIterator notStarted = iterator.records();
        RecordIterator started = iterator.records();
        started.next();
        RecordIterator done = iterator.records();
        assertThat(Logs.text(done)).isEqualTo(" 1=A 2=X");
        iterator.next();
        RecordIterator gone = iterator.records();

        log.set(after);
        // A pack closes the old file.
        before.file().close();

        assertThat(Logs.text(notStarted)).isEqualTo(" 2=X");
        assertThat(done.next()).isNull();
        assertThat(Logs.text(gone)).isEmpty();
        assertThatThrownBy(started::next)
                .isInstanceOf(IOException.class)
                .hasMessageContaining(
                        "has been packed while the records of the transaction 0000000000000010 were read");
        after.file().close();
    }
}
