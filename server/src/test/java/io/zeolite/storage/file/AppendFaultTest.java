package io.zeolite.storage.file;

import static io.zeolite.storage.Logs.commit;
import static io.zeolite.storage.Logs.load;
import static io.zeolite.storage.Logs.transaction;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zeolite.disk.FaultyDisk;
import io.zeolite.storage.AppendFailedException;
import io.zeolite.storage.LogTransaction;
import io.zeolite.storage.Logs;
import io.zeolite.storage.TestRecords;
import io.zeolite.storage.TransactionLog;
import io.zeolite.storage.TransactionLog.BeforeCommit;
import io.zeolite.zodb.Tid;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is left when the disk fails, or the process or the machine dies, while transactions are appended. */
final class AppendFaultTest {
    private static final int SECTOR = 512;

    /** Of different sizes, so that headers and status bytes lie in all kinds of places. */
    private static final List<LogTransaction> BATCH = List.of(
            transaction(0x100, TestRecords.of(1, "new 1").and(2, "new 2")),
            transaction(0x110, TestRecords.of(3, "long".repeat(400))),
            transaction(0x120, TestRecords.of(4, "new 4").and(5, "x".repeat(700))));

    private final FaultyDisk disk = new FaultyDisk();

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

    private FileLog openWithOneTransaction() throws IOException {
        FileLog log = open();
        commit(log, 0x10, TestRecords.of(1, "old 1").and(2, "old 2"));
        return log;
    }

    private void assertOldState(FileLog log) throws IOException {
        assertThat(log.lastTransaction()).isEqualTo(0x10);
        assertThat(load(log, 1, Tid.MAX)).isEqualTo("old 1 10-");
        assertThat(load(log, 2, Tid.MAX)).isEqualTo("old 2 10-");
        assertThat(load(log, 3, Tid.MAX)).isEqualTo("NoObject");
        assertThat(log.size()).isEqualTo(Files.size(path));
    }

    @Test
    void append_forcesTwice() throws IOException {
        try (FileLog log = openWithOneTransaction()) {
            int before = disk.forces();
            int[] atCommit = new int[1];
            Logs.append(log, BATCH, () -> atCommit[0] = disk.forces()).forEach(TransactionLog.Publication::publish);
            assertThat(atCommit[0]).isEqualTo(before + 1);
            assertThat(disk.forces()).isEqualTo(before + 2);
        }
    }

    @Test
    void append_onADiskThatWritesBlocksWhole_forcesOnceWhereLostBlocksWouldShow() throws IOException {
        disk.writeWhole();
        try (FileLog log = openWithOneTransaction()) {
            assertThat(forcesOf(log, 0x20, TestRecords.of(1, "small"), BeforeCommit.NOTHING))
                    .isEqualTo(1);
            assertThat(forcesOf(log, 0x30, TestRecords.of(1, "with a blob"), () -> {}))
                    .isEqualTo(1);
            assertThat(forcesOf(log, 0x40, TestRecords.of(1, "x".repeat(10_000)), BeforeCommit.NOTHING))
                    .isEqualTo(2);
        }
    }

    @Test
    void append_tellsWhenOthersMayUseTheLog() throws IOException {
        disk.writeWhole();
        List<String> heard = new ArrayList<>();
        TransactionLog.Forcing forcing = new TransactionLog.Forcing() {
            @Override
            public void begin() {
                heard.add("begin");
            }

            @Override
            public void end() {
                heard.add("end");
            }
        };
        try (FileLog log = openWithOneTransaction()) {
            log.append(List.of(transaction(0x20, TestRecords.of(1, "new"))), () -> heard.add("placed"), forcing)
                    .forEach(TransactionLog.Publication::publish);
            assertThat(heard).containsExactly("begin", "placed", "end", "begin", "end");
            heard.clear();
            List<LogTransaction> batch = List.of(transaction(0x30, TestRecords.of(1, "lost")));
            assertThatThrownBy(() -> log.append(
                            batch,
                            () -> {
                                throw new IOException("no blob");
                            },
                            forcing))
                    .isInstanceOf(AppendFailedException.class);
            assertThat(heard).containsExactly("begin", "end");
        }
    }

    private int forcesOf(FileLog log, long tid, TestRecords records, BeforeCommit beforeCommit) throws IOException {
        int before = disk.forces();
        Logs.append(log, List.of(transaction(tid, records)), beforeCommit).forEach(TransactionLog.Publication::publish);
        return disk.forces() - before;
    }

    @Test
    void write_fails_nothingIsAppendedAndTheLogGoesOn() throws IOException {
        // The first write is that of the batch, the others are those of the three status bytes.
        for (int operation : new int[] {0, 2, 3, 4}) {
            try (FileLog log = openWithOneTransaction()) {
                log.reserve(5000);
                disk.failOnce(operation);
                assertThatThrownBy(() -> Logs.append(log, BATCH, () -> {}))
                        .isInstanceOf(AppendFailedException.class)
                        .hasMessageContaining("injected: write");
                assertOldState(log);
                commit(log, 0x20, TestRecords.of(1, "next"));
                assertThat(load(log, 1, Tid.MAX)).isEqualTo("next 20-");
            }
            try (FileLog log = open()) {
                assertThat(log.lastTransaction()).isEqualTo(0x20);
                assertThat(directory.resolve("Data.fs.tr0")).doesNotExist();
            }
            Files.delete(path);
            Files.delete(directory.resolve("Data.fs.index"));
        }
    }

    @Test
    void force_fails_theLogTakesNothingMoreButReads() throws IOException {
        for (int operation : new int[] {1, 5}) {
            try (FileLog log = openWithOneTransaction()) {
                disk.failOnce(operation);
                assertThatThrownBy(() -> Logs.append(log, BATCH, () -> {}))
                        .isNotInstanceOf(AppendFailedException.class)
                        .hasMessageContaining("opened anew");
                assertThatThrownBy(() -> Logs.append(log, BATCH, () -> {}))
                        .isNotInstanceOf(AppendFailedException.class)
                        .hasMessageContaining("injected: force");
                assertThatThrownBy(() -> log.reserve(1)).hasMessageContaining("injected: force");
                assertThat(load(log, 1, Tid.MAX)).isEqualTo("old 1 10-");
                assertThat(log.lastTransaction()).isEqualTo(0x10);
            }
            try (FileLog log = open()) {
                assertThat(log.lastTransaction()).isEqualTo(operation == 1 ? 0x10 : 0x120);
            }
            Files.delete(path);
            Files.delete(directory.resolve("Data.fs.index"));
        }
    }

    @Test
    void truncate_fails_theLogTakesNothingMore() throws IOException {
        try (FileLog log = openWithOneTransaction()) {
            disk.failFrom(2);
            assertThatThrownBy(() -> Logs.append(log, BATCH, () -> {}))
                    .isNotInstanceOf(AppendFailedException.class)
                    .hasMessageContaining("opened anew");
            disk.repair();
            assertThatThrownBy(() -> Logs.append(log, BATCH, () -> {})).hasMessageContaining("opened anew");
            assertThat(load(log, 1, Tid.MAX)).isEqualTo("old 1 10-");
        }
        try (FileLog log = open()) {
            assertOldState(log);
        }
    }

    @Test
    void killedAtAnyOperation_everythingThatWasAppendedIsThere() throws IOException {
        int operation = 0;
        long last;
        do {
            FaultyDisk dying = new FaultyDisk();
            dying.failFrom(operation++);
            last = appendUntilFailure(dying);
            dying.releaseLocks();
            try (FileLog log = open()) {
                // One transaction or one batch may be there that nobody was told of.
                assertThat(log.lastTransaction()).isIn(last, last == 0 ? 0x10L : last == 0x10 ? 0x120L : 0x130L);
                assertStateAsOf(log);
            }
            for (File file : Objects.requireNonNull(directory.toFile().listFiles())) {
                Files.delete(file.toPath());
            }
        } while (last < 0x130);
    }

    /** @return the last transaction that was appended */
    private long appendUntilFailure(FaultyDisk dying) {
        long last = 0;
        try (FileLog log = FileLog.open(dying, path, new FileLogOptions(false, false, 2))) {
            commit(log, 0x10, TestRecords.of(1, "old 1").and(2, "old 2"));
            last = 0x10;
            commit(log, BATCH);
            last = 0x120;
            commit(log, 0x130, TestRecords.of(1, "newest 1"));
            last = 0x130;
        } catch (IOException e) {
            assertThat(e).hasMessageContaining("injected");
        }
        return last;
    }

    private static void assertStateAsOf(FileLog log) throws IOException {
        long last = log.lastTransaction();
        assertThat(load(log, 1, Tid.MAX))
                .isEqualTo(
                        last == 0
                                ? "NoObject"
                                : last == 0x10 ? "old 1 10-" : last == 0x120 ? "new 1 100-" : "newest 1 130-");
        assertThat(load(log, 4, Tid.MAX)).isEqualTo(last < 0x120 ? "NoObject" : "new 4 120-");
    }

    /** The file as it is when a batch has been written and not been forced, and where the batch starts. */
    private byte[] withUnforcedBatch(int[] start) throws IOException {
        byte[][] content = new byte[1][];
        try (FileLog log = openWithOneTransaction()) {
            start[0] = (int) log.size();
            assertThatThrownBy(() -> Logs.append(log, BATCH, () -> {
                        content[0] = Files.readAllBytes(path);
                        throw new IOException("enough");
                    }))
                    .isInstanceOf(AppendFailedException.class);
        }
        Files.delete(directory.resolve("Data.fs.index"));
        return content[0];
    }

    @Test
    void machineDies_anySectorsOfAnUnforcedBatchLost_theOldStateIsThere() throws IOException {
        int[] start = new int[1];
        byte[] whole = withUnforcedBatch(start);
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int round = 0; round < 300; round++) {
            // Where sectors begin relative to the batch makes a difference.
            int offset = random.nextInt(SECTOR);
            byte[] left = whole.clone();
            for (int sector = -offset; sector < whole.length; sector += SECTOR) {
                if (random.nextBoolean()) {
                    int from = Math.max(start[0], sector);
                    Arrays.fill(left, from, Math.max(from, Math.min(whole.length, sector + SECTOR)), (byte) 0);
                }
            }
            if (random.nextInt(3) == 0) {
                left = Arrays.copyOf(left, start[0] + random.nextInt(whole.length - start[0] + 1));
            }
            Files.write(path, left);
            try (FileLog log = open()) {
                assertOldState(log);
            } catch (IOException | AssertionError e) {
                throw new AssertionError("seed " + seed + ", round " + round, e);
            }
            Files.delete(directory.resolve("Data.fs.index"));
            Files.deleteIfExists(directory.resolve("Data.fs.tr0"));
        }
    }

    @Test
    void machineDies_someStatusBytesWritten_aPartFromTheBeginningIsThere() throws IOException {
        int[] start = new int[1];
        byte[] whole = withUnforcedBatch(start);
        int[] statuses = new int[BATCH.size()];
        int position = start[0];
        for (int i = 0; i < statuses.length; i++) {
            statuses[i] = position + 16;
            position += (int)
                    BatchWriter.lengthOf(BATCH.get(i).metadata(), BATCH.get(i).records());
        }
        for (int written = 0; written < 1 << statuses.length; written++) {
            byte[] left = whole.clone();
            for (int i = 0; i < statuses.length; i++) {
                if ((written >> i & 1) != 0) {
                    left[statuses[i]] = ' ';
                }
            }
            int first = Integer.numberOfTrailingZeros(~written);
            Files.write(path, left);
            try (FileLog log = open()) {
                assertThat(log.lastTransaction())
                        .isEqualTo(first == 0 ? 0x10 : BATCH.get(first - 1).tid());
                assertThat(log.discardedRevisions())
                        .hasSize(BATCH.stream()
                                .skip(first)
                                .mapToInt(it -> it.records().count())
                                .sum());
            }
            Files.delete(directory.resolve("Data.fs.index"));
        }
    }

    @Test
    void open_transactionsThatAKilledProcessWrote_areForcedBeforeTheyAreRead() throws IOException {
        openWithOneTransaction().close();
        Files.delete(directory.resolve("Data.fs.index"));
        int before = disk.forces();
        try (FileLog log = open()) {
            assertThat(log.lastTransaction()).isEqualTo(0x10);
            assertThat(disk.forces()).isGreaterThan(before);
        }
    }

    @Test
    void index_cannotBeSaved_theLogGoesOn() throws IOException {
        try (FileLog log = FileLog.open(disk, path, new FileLogOptions(false, false, 1))) {
            commit(log, 0x10, TestRecords.of(1, "A"));
            disk.failOnce(0);
            commit(log, 0x20, TestRecords.of(1, "B"));
            assertThat(load(log, 1, Tid.MAX)).isEqualTo("B 20-");
            disk.failFrom(0);
        }
        assertThat(directory.resolve("Data.fs.index")).doesNotExist();
        try (FileLog log = FileLog.open(new FaultyDisk(), path, FileLogOptions.DEFAULT)) {
            assertThat(log.lastTransaction()).isEqualTo(0x20);
        }
    }
}
