package io.zeolite.storage.file;

import static io.zeolite.storage.Logs.commit;
import static io.zeolite.storage.Logs.load;
import static io.zeolite.storage.Logs.metadata;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zeolite.disk.RealDisk;
import io.zeolite.error.PosKeyException;
import io.zeolite.storage.LogTransaction;
import io.zeolite.storage.TestRecords;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A data file as Python wrote it, with all kinds of records: object 0 stored twice, the second undone, then deleted;
 * object 1 stored, which was undone; an empty transaction.
 */
final class GoldenFileTest {
    static final long T = 0x03e9000000000000L;

    static final byte[] GOLDEN = HexFormat.of().parseHex("""
                    46533330 03e9000000000001 0000000000000060 20 0003 0005 0011 626f62 6669727374
                    80037d71005801000000 6b71014b01732e
                    0000000000000000 03e9000000000001 0000000000000000 0000000000000004 0000 0000000000000006
                    524f4f54312e 0000000000000060
                    03e9000000000002 0000000000000048 20 0000 0000 0000
                    0000000000000000 03e9000000000002 0000000000000034 000000000000006c 0000 0000000000000007
                    524f4f5432322e 0000000000000048
                    03e9000000000003 0000000000000043 20 0000 0000 0000
                    0000000000000001 03e9000000000003 0000000000000000 00000000000000bc 0000 0000000000000002
                    582e 0000000000000043
                    03e9000000000004 0000000000000049 20 0000 0000 0000
                    0000000000000000 03e9000000000004 0000000000000083 0000000000000107 0000 0000000000000000
                    0000000000000034 0000000000000049
                    03e9000000000005 0000000000000049 20 0000 0000 0000
                    0000000000000001 03e9000000000005 00000000000000d3 0000000000000158 0000 0000000000000000
                    0000000000000000 0000000000000049
                    03e9000000000006 0000000000000049 20 0000 0000 0000
                    0000000000000000 03e9000000000006 000000000000011e 00000000000001a9 0000 0000000000000000
                    0000000000000000 0000000000000049
                    03e9000000000007 0000000000000017 20 0000 0000 0000 0000000000000017
                    """.replaceAll("\\s", ""));

    private static final String INDEX = "80034d19022e" + "80034306" + "000000000000" + "4310" + "00000001"
            + "0000000001c0" + "00000000016f" + "862e" + "80034e2e";

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    private Path directory;

    private FileLog open(byte[] content) throws IOException {
        return FileLog.open(new RealDisk(), Files.write(directory.resolve("Data.fs"), content), FileLogOptions.DEFAULT);
    }

    @Test
    void golden_isWhatItClaimsToBe() throws Exception {
        assertThat(HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(GOLDEN)))
                .isEqualTo("1ad6ffe526dfb6352befbd424a5c33d7cfc00bd7e77c76f2871bf2328241f418");
    }

    @Test
    void read_allRevisions_asPythonHasThem() throws IOException {
        try (FileLog log = open(GOLDEN)) {
            assertThat(log.lastTransaction()).isEqualTo(T + 7);
            assertThat(log.length()).isEqualTo(2);
            assertThat(log.size()).isEqualTo(537);
            assertThat(log.maxOid()).isEqualTo(1);

            assertThat(load(log, 0, T + 1)).isEqualTo("NoneBefore");
            assertThat(load(log, 0, T + 2)).isEqualTo("ROOT1. 3e9000000000001-3e9000000000002");
            assertThat(load(log, 0, T + 4)).isEqualTo("ROOT22. 3e9000000000002-3e9000000000004");
            assertThat(load(log, 0, T + 6)).isEqualTo("ROOT1. 3e9000000000004-3e9000000000006");
            assertThat(load(log, 0, T + 7)).isEqualTo("NoObject");
            assertThat(load(log, 0, Tid.MAX)).isEqualTo("NoObject");
            assertThat(load(log, 1, T + 3)).isEqualTo("NoneBefore");
            assertThat(load(log, 1, T + 5)).isEqualTo("X. 3e9000000000003-3e9000000000005");
            assertThat(load(log, 1, T + 6)).isEqualTo("NoObject");

            assertThat(log.loadSerial(0, T + 4)).isEqualTo(TestRecords.bytes("ROOT1."));
            assertThatThrownBy(() -> log.loadSerial(0, T + 6)).isInstanceOf(PosKeyException.class);
            assertThatThrownBy(() -> log.getTid(0)).isInstanceOf(PosKeyException.class);
            assertThat(log.currentSerial(0)).isEqualTo(T + 6);
            assertThat(log.lastInvalidations(3).stream().map(it -> it.oids().length))
                    .containsExactly(1, 1, 0);
        }
    }

    @Test
    void close_indexOfTheFile_asPythonWritesIt() throws IOException {
        open(GOLDEN).close();

        assertThat(HexFormat.of().formatHex(Files.readAllBytes(directory.resolve("Data.fs.index"))))
                .isEqualTo(INDEX);
        assertThat(directory.resolve("Data.fs")).hasBinaryContent(GOLDEN);
    }

    @Test
    void append_sameTransactions_sameBytes() throws IOException {
        byte[] pickle = HexFormat.of().parseHex("80037d710058010000006b71014b01732e");
        String extension = new String(pickle, StandardCharsets.ISO_8859_1);
        try (FileLog log = open(new byte[0])) {
            commit(
                    log,
                    List.of(
                            new LogTransaction(T + 1, metadata("bob", "first", extension), TestRecords.of(0, "ROOT1.")),
                            new LogTransaction(T + 2, metadata("", "", ""), TestRecords.of(0, "ROOT22."))));
            commit(log, T + 3, TestRecords.of(1, "X."));
        }
        assertThat(directory.resolve("Data.fs")).hasBinaryContent(Arrays.copyOf(GOLDEN, 263));

        try (FileLog log = open(Arrays.copyOf(GOLDEN, 506))) {
            commit(log, T + 7, TestRecords.none());
        }
        assertThat(directory.resolve("Data.fs")).hasBinaryContent(GOLDEN);
    }

    @Test
    void read_undoneDeletedAndStoredAgain_asPythonHasIt() throws IOException {
        DataFile file = new DataFile();
        file.transaction(0x10).store(7, "A").finish();
        long first = file.position(7);
        file.transaction(0x20).store(7, "B").finish();
        file.transaction(0x30).back(7, first).finish();
        file.transaction(0x40).back(7, 0).finish();
        file.transaction(0x45).store(7, "C").finish();
        file.transaction(0x50).back(7, 0).finish();

        try (FileLog log = open(file.bytes())) {
            assertThat(load(log, 7, 0x5)).isEqualTo("NoneBefore");
            assertThat(load(log, 7, 0x10)).isEqualTo("NoneBefore");
            assertThat(load(log, 7, 0x20)).isEqualTo("A 10-20");
            assertThat(load(log, 7, 0x30)).isEqualTo("B 20-30");
            assertThat(load(log, 7, 0x31)).isEqualTo("A 30-40");
            assertThat(load(log, 7, 0x40)).isEqualTo("A 30-40");
            assertThat(load(log, 7, 0x41)).isEqualTo("NoObject");
            assertThat(load(log, 7, 0x50)).isEqualTo("C 45-50");
            assertThat(load(log, 7, 0x51)).isEqualTo("NoObject");
            assertThatThrownBy(() -> log.loadSerial(7, 0x40)).isInstanceOf(PosKeyException.class);
            assertThatThrownBy(() -> log.loadSerial(7, 0x50)).isInstanceOf(PosKeyException.class);
        }
    }

    @Test
    void read_chainOfBackPointers_dataOfTheOriginUnderTheNewestTid() throws IOException {
        DataFile file = new DataFile();
        file.transaction(0x10).store(7, "origin").finish();
        for (long tid = 0x20; tid <= 0x40; tid += 0x10) {
            file.transaction(tid).back(7, file.position(7)).finish();
        }

        try (FileLog log = open(file.bytes())) {
            assertThat(load(log, 7, Tid.MAX)).isEqualTo("origin 40-");
            assertThat(log.getTid(7)).isEqualTo(0x40);
        }
    }

    @Test
    void open_undoneTransactionOfAnOldZodb_isPassedOver() throws IOException {
        DataFile file = new DataFile();
        file.transaction(0x10).store(7, "A").finish();
        file.transaction(0x20).status('u').store(7, "B").finish();

        try (FileLog log = open(file.bytes())) {
            assertThat(load(log, 7, Tid.MAX)).isEqualTo("A 10-");
            assertThat(log.lastTransaction()).isEqualTo(0x20);
        }
    }
}
