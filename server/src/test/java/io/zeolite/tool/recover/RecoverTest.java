package io.zeolite.tool.recover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zeolite.disk.FaultyDisk;
import io.zeolite.disk.LockedException;
import io.zeolite.disk.RealDisk;
import io.zeolite.storage.file.DataFile;
import io.zeolite.storage.file.FileIterator;
import io.zeolite.storage.file.FileRecord;
import io.zeolite.storage.file.FileTransaction;
import io.zeolite.tool.ExitStatus;
import io.zeolite.tool.ToolOutput;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecoverTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    Path directory;

    private final DataFile file = new DataFile();

    private Path input() {
        return directory.resolve("Data.fs");
    }

    private Path output() {
        return directory.resolve("new.fs");
    }

    private ToolOutput recover(byte[] content, boolean partial, int expected) throws IOException {
        Files.write(input(), content);
        ToolOutput output = new ToolOutput();
        Recover.Options options = new Recover.Options(input(), output(), partial, true, true);
        assertThat(new Recover(options, output.console()).run()).isEqualTo(expected);
        assertThat(input()).hasBinaryContent(content);
        return output;
    }

    private static byte[] put(byte[] content, long position, long value) {
        byte[] changed = content.clone();
        ByteBuffer.wrap(changed).putLong((int) position, value);
        return changed;
    }

    /** Undo, undo of a creation, undo of an undo, deletion, pack. */
    private void makeHistory() {
        file.transaction(0x10).status('p').store(1, "one").store(2, "two").finish();
        long first = file.position(1);
        file.transaction(0x20).store(1, "ONE").store(3, "three").finish();
        file.transaction(0x30).back(1, first).back(3, 0).finish();
        file.transaction(0x40).back(1, file.position(1)).finish();
        file.transaction(0x50).finish();
        file.transaction(0x60).store(4, "four").back(2, file.position(2)).finish();
    }

    /**
     * A revision of a file.
     *
     * @param sources where the transactions start that its own needs: itself, and those that a record of it points to
     */
    private record Revision(long oid, long tid, String data, Set<Long> sources) {
        String text() {
            return oid + " " + Long.toHexString(tid) + " " + data;
        }

        /** Whether at most one bit is not that of the other; all of the tid may be another one where tids are repaired. */
        boolean isLike(Revision other, boolean tidsAreRepaired) {
            int bits = Long.bitCount(oid ^ other.oid) + (tidsAreRepaired ? 0 : Long.bitCount(tid ^ other.tid));
            for (int i = 0; i < Math.min(data.length(), other.data.length()); i++) {
                bits += Integer.bitCount(data.charAt(i) ^ other.data.charAt(i));
            }
            return bits <= 1 && data.length() == other.data.length();
        }

        boolean isSame(Revision other, boolean tidsAreRepaired) {
            return oid == other.oid && (tidsAreRepaired || tid == other.tid) && data.equals(other.data);
        }
    }

    /** The revisions of a file; fails for one that cannot be read to its end. */
    private static List<Revision> read(Path path) throws IOException {
        List<Revision> found = new ArrayList<>();
        try (FileIterator file = FileIterator.open(new RealDisk(), path)) {
            long last = 0;
            for (FileTransaction transaction = file.next(); transaction != null; transaction = file.next()) {
                assertThat(Long.compareUnsigned(transaction.tid(), last)).isPositive();
                last = transaction.tid();
                Set<Long> sources = new HashSet<>();
                FileIterator.Records records = file.records(transaction);
                for (FileRecord record = records.next(); record != null; record = records.next()) {
                    addSources(sources, file, record);
                    byte[] data = file.data(record);
                    String text = data == null ? "none" : new String(data, StandardCharsets.ISO_8859_1);
                    found.add(new Revision(record.oid(), record.tid(), text, sources));
                }
            }
            assertThat(file.tail()).isNull();
        }
        return found;
    }

    private static void addSources(Set<Long> sources, FileIterator file, FileRecord record) throws IOException {
        for (FileRecord source = record; source != null; source = file.target(source)) {
            sources.add(source.transaction());
        }
    }

    private static Set<String> revisions(Path path) throws IOException {
        return read(path).stream().map(Revision::text).collect(Collectors.toSet());
    }

    @Test
    void recover_goodFile_isTheSameBytes() throws IOException {
        makeHistory();
        ToolOutput output = recover(file.bytes(), false, ExitStatus.OK);
        assertThat(output()).hasBinaryContent(file.bytes());
        assertThat(output.json().get("transactions")).isEqualTo(6L);
        assertThat(ToolOutput.objects(output.json(), "lost")).isEmpty();
        assertThat(directory.resolve("new.fs.recovering")).doesNotExist();
    }

    @Test
    void recover_blockThatWasNotWritten_whatFollowsIsKept() throws IOException {
        makeHistory();
        int end = file.end();
        ToolOutput output = recover(file.withLostBlock(), false, ExitStatus.LOST);
        assertThat(ToolOutput.objects(output.json(), "lost"))
                .singleElement()
                .satisfies(loss -> assertThat(loss.get("start")).isEqualTo((long) end));
        assertThat(output.json().get("transactions")).isEqualTo(7L);
    }

    @Test
    void recover_copyThatBrokeOff_lostWhatIsNotWhole() throws IOException {
        makeHistory();
        int end = file.end();
        file.transaction(0x70).store(70, "seventy").store(71, "E").finish();
        byte[] whole = file.bytes();
        ToolOutput output = recover(Arrays.copyOf(whole, whole.length - 20), false, ExitStatus.LOST);
        assertThat(output.json().get("transactions")).isEqualTo(6L);
        assertThat(output.json().get("not_committed")).isNull();
        Map<?, ?> loss = ToolOutput.objects(output.json(), "lost").get(0);
        assertThat(loss.get("start")).isEqualTo((long) end);
        assertThat(loss.get("end")).isEqualTo(whole.length - 20L);
        assertThat(ToolOutput.objects(loss, "revisions"))
                .extracting(revision -> revision.get("oid") + " " + revision.get("lost"))
                .containsExactly("0x46 object");
    }

    @Test
    void recover_restIsZeros_isLost() throws IOException {
        makeHistory();
        ToolOutput output = recover(Arrays.copyOf(file.bytes(), 200_000), false, ExitStatus.LOST);
        assertThat(output.json().get("lost_bytes")).isEqualTo(200_000L - file.end());
        assertThat(output()).hasBinaryContent(file.bytes());
    }

    @Test
    void recover_unfinishedAtTheEnd_isNoLoss() throws IOException {
        makeHistory();
        int end = file.end();
        file.transaction(0x70).status('c').store(70, "seventy").finish();
        byte[] whole = file.bytes();
        ToolOutput output = recover(Arrays.copyOf(whole, whole.length - 20), false, ExitStatus.OK);
        assertThat(output.json().get("not_committed"))
                .isEqualTo(Map.of("start", (long) end, "message", "the transaction was not committed"));
        assertThat(ToolOutput.objects(output.json(), "lost")).isEmpty();
    }

    @Test
    void recover_python2_staysPython2() throws IOException {
        makeHistory();
        byte[] content = file.bytes();
        System.arraycopy("FS21".getBytes(StandardCharsets.US_ASCII), 0, content, 0, 4);
        recover(content, false, ExitStatus.OK);
        assertThat(output()).hasBinaryContent(content);
    }

    @Test
    void recover_withoutTheDataOfABackPointer_saysWhatIsLost() throws IOException {
        makeHistory();
        ToolOutput output = recover(put(file.bytes(), 4 + 8, 1 << 20), false, ExitStatus.LOST);
        Map<?, ?> loss = ToolOutput.objects(output.json(), "lost").get(0);
        assertThat(loss.get("start")).isEqualTo(4L);
        assertThat(ToolOutput.objects(loss, "revisions"))
                .extracting(revision -> revision.get("oid") + " " + revision.get("lost"))
                .containsExactly("0x01 revision", "0x02 revision");
        // The data itself is still there, so it is taken along with the records that point to it.
        assertThat(revisions(output()))
                .containsExactlyInAnyOrder(
                        "1 20 ONE", "3 20 three", "1 30 one", "3 30 none", "1 40 one", "4 60 four", "2 60 two");
    }

    @Test
    void recover_damagedRecord_partially() throws IOException {
        file.transaction(0x10).store(1, "one").store(2, "two").store(3, "three").finish();
        file.transaction(0x20).store(3, "THREE").finish();
        long second = 4 + 23 + 42 + 3;
        byte[] damaged = put(file.bytes(), second + 34, 1 << 20);
        recover(damaged, false, ExitStatus.LOST);
        assertThat(revisions(output())).containsExactly("3 20 THREE");

        ToolOutput output = recover(damaged, true, ExitStatus.LOST);
        assertThat(revisions(output())).containsExactlyInAnyOrder("1 10 one", "3 20 THREE");
        assertThat(output.json().get("partial_transactions")).isEqualTo(1L);
        Map<?, ?> loss = ToolOutput.objects(output.json(), "lost").get(0);
        assertThat(loss.get("start")).isEqualTo(second);
        assertThat(loss.get("tid")).isEqualTo("0000000000000010");
        assertThat(ToolOutput.objects(loss, "revisions"))
                .extracting(revision -> revision.get("oid") + " " + revision.get("lost"))
                .containsExactly("0x02 object", "0x03 revision");
    }

    @Test
    void recover_damagedTids_getRisingOnes() throws IOException {
        file.transaction(0x10).store(1, "one").finish();
        long second = file.end();
        file.transaction(0x20).store(1, "two").finish();
        file.transaction(0x30).store(1, "three").finish();
        file.transaction(0x25).store(2, "old").finish();
        ToolOutput output = recover(put(file.bytes(), second, Long.MAX_VALUE - 5), false, ExitStatus.OK);
        assertThat(revisions(output())).containsExactlyInAnyOrder("1 10 one", "1 20 two", "1 30 three", "2 31 old");
        assertThat(output.json().get("repaired_transactions")).isEqualTo(2L);
    }

    @Test
    void recover_randomDamage_savesAllThatItDoesNotTouchAndNothingThatWasNotThere() throws IOException {
        makeHistory();
        byte[] good = Files.readAllBytes(file.writeTo(input()));
        List<Revision> original = read(input());
        assertThat(original).hasSize(9);
        Random random = new Random(42);
        for (int i = 0; i < 250; i++) {
            byte[] damaged = good.clone();
            int place = 4 + random.nextInt(good.length - 4);
            damaged[place] ^= (byte) (1 << random.nextInt(8));
            Files.write(input(), damaged);
            Recover.Options options = new Recover.Options(input(), output(), random.nextBoolean(), true, true);
            int status = new Recover(options, new ToolOutput().console()).run();
            assertThat(status).as("flip at %s", place).isIn(ExitStatus.OK, ExitStatus.LOST);
            assertSaved(original, read(output()), place);
        }
    }

    /** Each revision that does not need the transaction with the flipped bit is there, and of others none but with that bit. */
    private void assertSaved(List<Revision> original, List<Revision> saved, int place) {
        long touched = file.starts().floor((long) place);
        boolean tidsAreRepaired = file.isInATid(place);
        boolean lengthIsDamaged = file.isInADataLength(place);
        List<Revision> found = new ArrayList<>(saved);
        List<Revision> damaged = new ArrayList<>();
        for (Revision revision : original) {
            if (revision.sources.contains(touched)) {
                damaged.add(revision);
            } else {
                assertThat(removeFirst(found, other -> other.isSame(revision, tidsAreRepaired)))
                        .as("%s after a flip at %s, in %s", revision, place, saved)
                        .isTrue();
            }
        }
        for (Revision other : found) {
            // Where the length of data is damaged, and what follows fits or is left out, nothing tells so.
            assertThat(removeFirst(
                            damaged,
                            revision -> other.isLike(revision, tidsAreRepaired)
                                    || (lengthIsDamaged && other.oid == revision.oid && other.tid == revision.tid)))
                    .as("%s after a flip at %s: one of %s", other, place, damaged)
                    .isTrue();
        }
    }

    private static boolean removeFirst(List<Revision> revisions, Predicate<Revision> wanted) {
        for (Revision revision : revisions) {
            if (wanted.test(revision)) {
                return revisions.remove(revision);
            }
        }
        return false;
    }

    @Test
    void recover_badSector_losesTheTransactionsThatItTouches() throws IOException {
        int[] starts = new int[13];
        for (int i = 0; i < 12; i++) {
            starts[i] = file.end();
            file.transaction(0x10 + i)
                    .by("user", "x".repeat(200))
                    .store(2L * i, "y".repeat(3000))
                    .store(2L * i + 1, "z".repeat(9000))
                    .finish();
        }
        starts[12] = file.end();
        Files.write(input(), file.bytes());
        Recover.Options options = new Recover.Options(input(), output(), false, true, true);
        // Of the first sector nothing can be left out: it says what file it is.
        for (int sector = 4096; sector < file.end(); sector += 4096) {
            FaultyDisk disk = new FaultyDisk();
            disk.spoil(input(), sector, sector + 4096);
            ToolOutput output = new ToolOutput();
            assertThat(new Recover(options, output.console(), disk).run()).isEqualTo(ExitStatus.LOST);

            Set<String> expected = new HashSet<>();
            for (int i = 0; i < 12; i++) {
                if (starts[i + 1] <= sector || starts[i] >= sector + 4096) {
                    String tid = " " + Integer.toHexString(0x10 + i) + " ";
                    expected.add(2 * i + tid + "y".repeat(3000));
                    expected.add(2 * i + 1 + tid + "z".repeat(9000));
                }
            }
            assertThat(revisions(output())).as("sector %s", sector).isEqualTo(expected);
            assertThat(ToolOutput.objects(output.json(), "lost"))
                    .as("sector %s", sector)
                    .allSatisfy(
                            loss -> assertThat(loss.get("message")).asString().startsWith(input() + ": cannot read "));
        }
    }

    @Test
    void recover_badSectorInData_takesWhatComesBeforeIfWanted() throws IOException {
        file.transaction(0x10)
                .store(1, "one")
                .store(2, "z".repeat(9000))
                .store(3, "three")
                .finish();
        file.transaction(0x20).store(3, "THREE").finish();
        Files.write(input(), file.bytes());
        FaultyDisk disk = new FaultyDisk();
        disk.spoil(input(), 4096, 8192);
        ToolOutput output = new ToolOutput();
        Recover.Options options = new Recover.Options(input(), output(), true, false, true);
        assertThat(new Recover(options, output.console(), disk).run()).isEqualTo(ExitStatus.LOST);

        assertThat(revisions(output())).containsExactlyInAnyOrder("1 10 one", "3 20 THREE");
        assertThat(ToolOutput.objects(ToolOutput.objects(output.json(), "lost").get(0), "revisions"))
                .extracting(revision -> revision.get("oid") + " " + revision.get("lost"))
                .containsExactly("0x02 object", "0x03 revision");
    }

    @Test
    void recover_toWhatIsThere_isRefusedUnlessForced() throws IOException {
        makeHistory();
        Files.write(input(), file.bytes());
        Files.writeString(output(), "precious");
        Recover.Options options = new Recover.Options(input(), output(), false, false, false);
        assertThatThrownBy(() -> new Recover(options, new ToolOutput().console()).run())
                .isInstanceOf(FileAlreadyExistsException.class)
                .hasMessageContaining("--force");
        assertThat(output()).hasContent("precious");
        Recover.Options onItself = new Recover.Options(input(), input(), false, true, false);
        assertThatThrownBy(() -> new Recover(onItself, new ToolOutput().console()).run())
                .isInstanceOf(IOException.class)
                .hasMessageContaining("damaged file itself");
        assertThat(input()).hasBinaryContent(file.bytes());
    }

    @Test
    void recover_whileSomebodyServesTheOutput_isRefused() throws IOException {
        makeHistory();
        Files.write(input(), file.bytes());
        Recover.Options options = new Recover.Options(input(), output(), false, true, false);
        Closeable lock = new RealDisk().lock(directory.resolve("new.fs.lock"));
        try {
            assertThatThrownBy(() -> new Recover(options, new ToolOutput().console()).run())
                    .isInstanceOf(LockedException.class);
        } finally {
            lock.close();
        }
    }

    @Test
    void recover_overAnIndex_removesIt() throws IOException {
        makeHistory();
        Path index = Files.writeString(directory.resolve("new.fs.index"), "of another file");
        recover(file.bytes(), false, ExitStatus.OK);
        assertThat(index).doesNotExist();
    }
}
