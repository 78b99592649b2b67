package io.zeolite.storage.file;

import static io.zeolite.storage.Logs.load;
import static io.zeolite.storage.Logs.transaction;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zeolite.disk.FaultyDisk;
import io.zeolite.storage.LogTransaction;
import io.zeolite.storage.TestRecords;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The machine dies while a batch is forced, and some of its blocks are not written. */
final class LostBlocksTest {
    private static final int BLOCK = LostBlocks.BLOCK_LENGTH;
    private static final long OLD = 0x03dd_0000_0000_0010L;

    private final FaultyDisk disk = new FaultyDisk();

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    private Path directory;

    /** A file with an old transaction and a batch. */
    private static final class Batch {
        private final DataFile file = new DataFile();
        private final List<LogTransaction> transactions = new ArrayList<>();
        /** Of the transactions of the batch, and behind the last one. */
        private final List<Long> starts = new ArrayList<>();

        /** @param start where the batch starts */
        Batch(int start) {
            int overhead = 2 * 42 + 23 + 8 + "old".length();
            file.transaction(OLD)
                    .store(1, "old")
                    .store(9, "f".repeat(start - file.end() - overhead))
                    .finish();
            starts.add((long) start);
        }

        /** Adds a transaction that changes object 1 and others. */
        Batch add(int... lengths) {
            long tid = OLD + starts.size();
            DataFile.Transaction transaction = file.transaction(tid).store(1, "new " + tid);
            TestRecords records = TestRecords.of(1, "new " + tid);
            for (int i = 0; i < lengths.length; i++) {
                String data = "x".repeat(lengths[i]);
                transaction.store(10 + i, data);
                records.and(10 + i, data);
            }
            transaction.finish();
            transactions.add(transaction(tid, records));
            starts.add((long) file.end());
            return this;
        }

        long[] positions() {
            return starts.stream().mapToLong(Long::longValue).toArray();
        }

        boolean wouldShow() {
            return LostBlocks.wouldShow(transactions, positions());
        }

        int start(int i) {
            return Math.toIntExact(starts.get(i));
        }

        /** How many transactions of the batch are left as they were, from its beginning. */
        int whole(byte[] left) {
            byte[] bytes = file.bytes();
            int count = 0;
            while (count < transactions.size()
                    && start(count + 1) <= left.length
                    && Arrays.equals(bytes, start(count), start(count + 1), left, start(count), start(count + 1))) {
                count++;
            }
            return count;
        }

        /**
         * The file without some of the blocks that the batch touches, and with some as they were before the statuses were
         * written; one bit for each.
         */
        byte[] without(int lost, int unfinished) {
            byte[] left = file.bytes();
            int first = start(0) / BLOCK;
            for (int i = 0; i < transactions.size(); i++) {
                int status = start(i) + FileFormat.STATUS_OFFSET;
                if ((unfinished >> (status / BLOCK - first) & 1) != 0) {
                    left[status] = FileFormat.UNFINISHED;
                }
            }
            for (int block = first; block * BLOCK < left.length; block++) {
                if ((lost >> (block - first) & 1) != 0) {
                    int from = Math.max(block * BLOCK, start(0));
                    Arrays.fill(left, from, Math.min((block + 1) * BLOCK, left.length), (byte) 0);
                }
            }
            return left;
        }
    }

    private void assertOpens(Batch batch, byte[] left) throws IOException {
        int whole = batch.whole(left);
        int end = batch.start(whole);
        Path path = Files.write(directory.resolve("Data.fs"), left);
        try (FileLog log = FileLog.open(disk, path, FileLogOptions.DEFAULT)) {
            assertThat(log.lastTransaction()).isEqualTo(OLD + whole);
            assertThat(log.size()).isEqualTo(end);
            assertThat(load(log, 1, Tid.MAX)).startsWith(whole == 0 ? "old " : "new " + (OLD + whole));
        }
        assertThat(path).hasBinaryContent(Arrays.copyOf(left, end));
        Path tail = directory.resolve("Data.fs.tr0");
        if (left.length > end) {
            assertThat(tail).hasBinaryContent(Arrays.copyOfRange(left, end, left.length));
        }
        Files.deleteIfExists(tail);
        Files.delete(directory.resolve("Data.fs.index"));
    }

    private void assertOpensWithoutAnyBlocks(Batch batch, Random random) throws IOException {
        int blocks = (batch.file.end() - 1) / BLOCK - batch.start(0) / BLOCK + 1;
        for (int i = 0; i < 4; i++) {
            byte[] left = batch.without(blocks <= 2 ? i : random.nextInt(1 << blocks), random.nextInt(1 << blocks));
            assertOpens(batch, left);
            int length = batch.start(0) + random.nextInt(left.length - batch.start(0) + 1);
            assertOpens(batch, Arrays.copyOf(left, length));
        }
    }

    @Test
    void anyBlocksLost_whatIsWholeIsKeptAndTheRestIsCutOff() throws IOException {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        int shown = 0;
        for (int round = 0; round < 200; round++) {
            Batch batch = new Batch(BLOCK + random.nextInt(2 * BLOCK));
            int transactions = 1 + random.nextInt(5);
            for (int i = 0; i < transactions; i++) {
                int room = BLOCK - batch.file.end() % BLOCK - random.nextInt(200);
                if (room > 0 && random.nextInt(3) == 0) {
                    // So that the next one begins near a border.
                    batch.add(room);
                } else {
                    batch.add(random.ints(random.nextInt(6), 1, round % 2 == 0 ? 1500 : 12_000)
                            .toArray());
                }
            }
            if (batch.wouldShow()) {
                try {
                    assertOpensWithoutAnyBlocks(batch, random);
                } catch (IOException | AssertionError e) {
                    throw new AssertionError("seed " + seed + ", round " + round, e);
                }
                shown++;
            }
        }
        assertThat(shown).as("batches that may be forced once").isBetween(100, 190);
    }

    /** Everywhere near where a transaction, a record and their lengths begin. */
    @Test
    void bordersOfBlocksNearNumbers_aLostBlockShows() throws IOException {
        Random random = new Random(1);
        int shown = 0;
        for (int before = 1; before < 300; before++) {
            Batch batch = new Batch(2 * BLOCK - before).add(3).add(30, 50).add();
            if (batch.wouldShow()) {
                assertOpensWithoutAnyBlocks(batch, random);
                shown++;
            }
        }
        // Not if the first block has no whole length, or the second has only a part of the last one.
        assertThat(shown).isBetween(270, 299 - 15);
    }

    @Test
    void wouldShow_blockWithoutANumber_isFalse() {
        assertThat(new Batch(2 * BLOCK - 1000).add(700).wouldShow()).isTrue();
        assertThat(new Batch(2 * BLOCK - 1000).add(4000).wouldShow()).isTrue();
        assertThat(new Batch(2 * BLOCK - 1000).add(5200).wouldShow()).isFalse();
        assertThat(new Batch(2 * BLOCK - 1000).add(2500, 2500).wouldShow()).isTrue();
        // The first block has the tid alone.
        assertThat(new Batch(2 * BLOCK - 8).add(700).wouldShow()).isFalse();
        // The last block has a part of the last length.
        int length = 23 + 42 + ("new " + OLD).length() + 42 + 700 + 8;
        assertThat(new Batch(2 * BLOCK - length + 4).add(700).wouldShow()).isFalse();
        assertThat(new Batch(2 * BLOCK - length).add(700).wouldShow()).isTrue();

        Batch many = new Batch(BLOCK);
        while (many.file.end() <= BLOCK + LostBlocks.MAX_BATCH_LENGTH - 1100) {
            many.add(1000);
        }
        assertThat(many.wouldShow()).isTrue();
        assertThat(many.add(1000).wouldShow()).isFalse();
    }

    @Test
    void zerosThatAreNotABlock_areDamage() throws IOException {
        Batch batch = new Batch(2 * BLOCK - 1000).add(3000, 500).add(20);
        byte[] first = batch.without(1, 0);
        first[2 * BLOCK - 1] = 'x';
        byte[] second = batch.without(2, 0);
        second[2 * BLOCK] = 'x';
        for (byte[] content : new byte[][] {first, second}) {
            assertRefused(content);
        }
    }

    @Test
    void zerosLongBeforeTheEnd_areDamage() throws IOException {
        Batch batch = new Batch(2 * BLOCK - 1000).add(3000, 500).add(LostBlocks.MAX_BATCH_LENGTH);
        assertRefused(batch.without(1, 0));
        assertRefused(batch.without(2, 0));
    }

    /** Where the length of a transaction is in two blocks, the loss of one of them makes another number of it. */
    @Test
    void lengthAcrossABorder_blockWithARestOfItIsLost_isCutOff() throws IOException {
        for (int before = 0; before <= 26; before++) {
            Batch batch =
                    new Batch(2 * BLOCK - before - 837).add(700).add(2000, 2000).add(20);
            assertThat(batch.start(1)).isEqualTo(2 * BLOCK - before);
            assertThat(batch.wouldShow()).isTrue();
            assertOpens(batch, batch.without(2, 0));
        }
    }

    @Test
    void zerosThatAreData_doNotMakeDamageALostBlock() throws IOException {
        DataFile file = new DataFile();
        file.transaction(OLD).store(1, "old").store(2, "\0".repeat(9000)).finish();
        int second = file.end();
        file.transaction(OLD + 1).store(1, "acknowledged").finish();
        byte[] content = file.bytes();
        content[second - 1] ^= 1;
        assertRefused(content);
    }

    private void assertRefused(byte[] content) throws IOException {
        Path path = Files.write(directory.resolve("Data.fs"), content);
        assertThatThrownBy(() -> FileLog.open(disk, path, FileLogOptions.DEFAULT))
                .isInstanceOf(CorruptedFileException.class);
        assertThat(path).hasBinaryContent(content);
    }
}
