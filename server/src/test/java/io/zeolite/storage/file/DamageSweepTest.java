package io.zeolite.storage.file;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.disk.FaultyDisk;
import io.zeolite.error.PosKeyException;
import io.zeolite.logging.SilentLog;
import io.zeolite.storage.LoadResult;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * A file with all that a file can have, cut off at any byte of its end, or with any one byte changed. Every revision of every object
 * is loaded from it: the answer is the right one, or an error that names the file, the offset, what was found and what was expected.
 *
 * <p>The format has no checksum, so "right" is this. A byte of an object's data gives that object's data with this byte changed. A byte
 * that says whose a record is, when it was written, what came before it, or that its data is older, may give another revision of
 * <em>that</em> object, or none. Every other byte changes no answer. None of them changes an answer about an object that the byte does not belong to.
 */
@Timeout(120)
@ExtendWith(SilentLog.class)
final class DamageSweepTest {
    private static final int CHANGES = 2000;
    private static final long SEED = 0x5A454F4C495445L;

    private static final DissectedFile WHOLE = DissectedFile.of(make(new Random(SEED)));

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    private Path directory;

    @SuppressWarnings("NullAway.Init") // Set before each test.
    private Path path;

    @SuppressWarnings("NullAway.Init") // Set before each test.
    private Path index;

    @BeforeEach
    void setPaths() {
        path = directory.resolve("Data.fs");
        index = directory.resolve("Data.fs.index");
    }

    /** 200 transactions with metadata: new objects and revisions, small and large, undo, deletion, and what comes after it. */
    private static byte[] make(Random random) {
        DataFile file = new DataFile();
        int objects = 0;
        for (int i = 1; i <= 200; i++) {
            DataFile.Transaction transaction = file.transaction(0x03f0_0000_0000_0000L + 0x101L * i)
                    .by("user" + i % 7, "x".repeat(random.nextInt(40)));
            int before = objects;
            if (i % 7 == 1) {
                transaction.store(++objects, text(random));
            }
            for (int oid = 1 + random.nextInt(20); oid <= before; oid += 1 + random.nextInt(30)) {
                change(file, transaction, oid, random);
            }
            transaction.finish();
        }
        return file.bytes();
    }

    private static void change(DataFile file, DataFile.Transaction transaction, long oid, Random random) {
        switch (random.nextInt(8)) {
            case 0 -> transaction.back(oid, 0);
            case 1, 2 -> transaction.back(oid, file.position(oid));
            default -> transaction.store(oid, text(random));
        }
    }

    private static String text(Random random) {
        int length = random.nextInt(50) == 0 ? 6000 : 1 + random.nextInt(120);
        return random.ints(length, ' ', 0x7f)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    /** What opening the whole file, or the first transactions of it, saves as its index. */
    private byte[] indexOfTheFirst(int transactions) throws IOException {
        Files.write(path, Arrays.copyOf(WHOLE.bytes(), WHOLE.endOf(transactions)));
        FileLog.open(new FaultyDisk(), path, FileLogOptions.DEFAULT).close();
        byte[] saved = Files.readAllBytes(index);
        Files.delete(index);
        return saved;
    }

    private FileLog open(byte[] content, byte @Nullable [] indexContent) throws IOException {
        Files.write(path, content);
        if (indexContent == null) {
            Files.deleteIfExists(index);
        } else {
            Files.write(index, indexContent);
        }
        return FileLog.open(new FaultyDisk(), path, FileLogOptions.DEFAULT);
    }

    @Test
    void truncated_anywhereInTheLastThreeTransactions_keepsTheWholeOnes() throws IOException {
        byte[][] indexes = {null, indexOfTheFirst(200), indexOfTheFirst(150)};
        int whole = 197;
        for (int length = WHOLE.endOf(197); length < WHOLE.bytes().length; length++) {
            if (length == WHOLE.endOf(whole + 1)) {
                whole++;
            }
            Path tail = directory.resolve("Data.fs.tr0");
            try (FileLog log = open(Arrays.copyOf(WHOLE.bytes(), length), indexes[length % indexes.length])) {
                assertThat(log.size()).as("length " + length).isEqualTo(WHOLE.endOf(whole));
                assertThat(log.lastTransaction()).isEqualTo(WHOLE.tidOf(whole));
                assertThat(Files.exists(tail)).isEqualTo(length > WHOLE.endOf(whole));
                assertAnswers(log, null);
            }
            if (Files.deleteIfExists(tail)) {
                assertThat(path).hasSize(WHOLE.endOf(whole));
            }
        }
        assertThat(whole).isEqualTo(199);
    }

    @Test
    void byteChanged_anywhere_answersAreRightOrErrors() throws IOException {
        byte[][] indexes = {null, indexOfTheFirst(200)};
        Random random = new Random(SEED);
        for (int i = 0; i < CHANGES; i++) {
            int offset = random.nextInt(WHOLE.bytes().length);
            // Half of them flip one bit.
            int flip = random.nextBoolean() ? 1 << random.nextInt(8) : 1 + random.nextInt(255);
            DissectedFile.Change change = WHOLE.change(offset, flip);
            try (FileLog log = open(change.bytes(), indexes[i % indexes.length])) {
                assertThat(log.size()).isGreaterThanOrEqualTo(4);
                assertAnswers(log, change);
                assertReadsToTheEnd(log);
            } catch (CorruptedFileException | FileStorageFormatException e) {
                assertThat(change.field()).isNotIn(DissectedFile.Field.METADATA, DissectedFile.Field.DATA);
                assertThat(e).hasMessageContaining("Data.fs").hasMessageContaining("expected");
            } catch (IOException | RuntimeException | AssertionError e) {
                throw new AssertionError(change.toString(), e);
            }
            Files.deleteIfExists(directory.resolve("Data.fs.tr0"));
        }
    }

    /** Compares every revision of the transactions that the log has with the answers. */
    private void assertAnswers(FileLog log, DissectedFile.@Nullable Change change) throws IOException {
        if (log.size() < WHOLE.bytes().length && change != null) {
            assertThat((long) change.offset()).as("cut off").isGreaterThanOrEqualTo(log.size());
            assertThat(directory.resolve("Data.fs.tr0")).exists();
            change = null;
        }
        for (long oid = 1; oid <= WHOLE.objects(); oid++) {
            List<DissectedFile.Revision> revisions = WHOLE.revisions(oid, log.size());
            for (int i = 0; i < revisions.size(); i++) {
                boolean newest = i == revisions.size() - 1;
                long end = newest ? Tid.NONE : revisions.get(i + 1).tid();
                assertAnswer(log, revisions.get(i), newest ? Tid.MAX : end, end, change);
            }
        }
    }

    private static void assertAnswer(
            FileLog log, DissectedFile.Revision revision, long before, long end, DissectedFile.@Nullable Change change)
            throws IOException {
        byte[] right = change == null ? revision.data() : change.dataOf(revision);
        try {
            LoadResult found = log.loadBefore(revision.oid(), before);
            if (change == null || change.leavesAlone(revision)) {
                assertThat(found).isInstanceOf(right == null ? LoadResult.NoObject.class : LoadResult.Loaded.class);
                if (found instanceof LoadResult.Loaded loaded) {
                    // Of the newest only: the way to the others is that of loadBefore.
                    assertThat(end == Tid.NONE ? log.loadSerial(revision.oid(), revision.tid()) : right)
                            .isEqualTo(right);
                    assertThat(loaded.data()).isEqualTo(right);
                    assertThat(loaded.serial()).isEqualTo(revision.tid());
                    assertThat(loaded.end()).isEqualTo(end);
                }
            } else if (found instanceof LoadResult.Loaded loaded) {
                assertThat(change.possibleData(revision.oid())).contains(loaded.data());
            }
        } catch (CorruptedDataException e) {
            assertThat(change).as(e.toString()).isNotNull();
            assertThat(e.oid()).isEqualTo(revision.oid());
            assertThat(e).hasMessageContaining("Data.fs").hasMessageContaining("expected");
        } catch (PosKeyException e) {
            assertThat(change != null && !change.leavesAlone(revision))
                    .as(e.toString())
                    .isTrue();
        }
    }

    private static void assertReadsToTheEnd(FileLog log) throws IOException {
        try {
            assertThat(log.lastInvalidations(1000)).hasSizeLessThanOrEqualTo(200);
        } catch (CorruptedFileException e) {
            assertThat(e).hasMessageContaining("Data.fs").hasMessageContaining("expected");
        }
    }
}
