package io.zeolite.blob.tier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zeolite.blob.BlobRevision;
import io.zeolite.blob.KeyLayout;
import io.zeolite.blob.ReadOnlyStore;
import io.zeolite.blob.StoreException;
import io.zeolite.blob.file.DirectoryStore;
import io.zeolite.disk.FaultyDisk;
import io.zeolite.disk.UnreadableException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class GarbageTest {
    private static final Duration GRACE = Duration.ofDays(7);
    private static final Instant PACKED = Instant.parse("2026-01-10T03:00:00Z");
    private static final Instant DUE = PACKED.plus(GRACE);

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    private Path directory;

    @SuppressWarnings("NullAway.Init") // Set before each test.
    private DirectoryStore store;

    @BeforeEach
    void fill() throws IOException {
        store = new DirectoryStore(Files.createDirectories(directory.resolve("store")));
        for (long oid = 1; oid <= 5; oid++) {
            Files.writeString(object(oid), "content");
        }
    }

    private Path object(long oid) {
        return directory.resolve("store").resolve(KeyLayout.FLAT.key(oid, 0x10));
    }

    private Garbage garbage() {
        return new Garbage(directory, store, KeyLayout.FLAT, GRACE);
    }

    private Path list() {
        return directory.resolve(".bucket-garbage");
    }

    /** Lists revision 1, and returns the line that it has in the list, which has no other. */
    private String onlyLine(Garbage garbage) throws IOException {
        garbage.add(revision(1), PACKED);
        garbage.force();
        return Files.readString(list());
    }

    private static BlobRevision revision(long oid) {
        return new BlobRevision(oid, 0x10);
    }

    private List<Long> left() {
        return List.of(1L, 2L, 3L, 4L, 5L).stream()
                .filter(oid -> Files.exists(object(oid)))
                .toList();
    }

    private static int sweep(Garbage garbage, Instant now) throws IOException {
        return garbage.sweep(now, revision -> false, () -> false);
    }

    @Test
    void sweep_beforeTheGraceIsOver_deletesNothing() throws IOException {
        Garbage garbage = garbage();
        garbage.add(revision(1), PACKED);
        garbage.force();
        assertThat(sweep(garbage, DUE.minusSeconds(1))).isZero();
        assertThat(left()).hasSize(5);
        assertThat(sweep(garbage, DUE)).isEqualTo(1);
        assertThat(left()).containsExactly(2L, 3L, 4L, 5L);
        assertThat(sweep(garbage, DUE.plusSeconds(1))).isZero();
    }

    @Test
    void sweep_afterARestart_knowsWhatWasListed() throws IOException {
        Garbage before = garbage();
        before.add(revision(1), PACKED);
        before.add(revision(2), PACKED.plusSeconds(10));
        before.force();
        assertThat(sweep(garbage(), DUE)).isEqualTo(1);
        assertThat(sweep(garbage(), DUE.plusSeconds(10))).isEqualTo(1);
        assertThat(left()).containsExactly(3L, 4L, 5L);
    }

    @Test
    void sweep_revisionThatIsReferredTo_isKeptAndForgotten() throws IOException {
        Garbage garbage = garbage();
        garbage.add(revision(1), PACKED);
        garbage.add(revision(2), PACKED);
        garbage.force();
        assertThat(garbage.sweep(DUE, revision -> revision.oid() == 1, () -> false))
                .isEqualTo(1);
        assertThat(left()).containsExactly(1L, 3L, 4L, 5L);
        assertThat(sweep(garbage, DUE.plusSeconds(1))).isZero();
    }

    @Test
    void sweep_whenTheLogCannotBeRead_deletesNothingAndKeepsTheList() throws IOException {
        Garbage garbage = garbage();
        garbage.add(revision(1), PACKED);
        garbage.force();
        assertThatThrownBy(() -> garbage.sweep(
                        DUE,
                        revision -> {
                            throw new IOException("closed");
                        },
                        () -> false))
                .hasMessage("closed");
        assertThat(left()).hasSize(5);
        assertThat(sweep(garbage, DUE)).isEqualTo(1);
    }

    @Test
    void sweep_storeThatRefuses_keepsTheList() throws IOException {
        Garbage refused = new Garbage(directory, new ReadOnlyStore(store), KeyLayout.FLAT, GRACE);
        refused.add(revision(1), PACKED);
        refused.force();
        assertThatThrownBy(() -> sweep(refused, DUE)).isInstanceOf(StoreException.class);
        assertThat(left()).hasSize(5);
        assertThat(sweep(garbage(), DUE)).isEqualTo(1);
    }

    @Test
    void sweep_objectThatCannotBeDeleted_staysListedAndHoldsUpNoOther() throws IOException {
        BreakingStore locking = new BreakingStore(store);
        locking.lock(KeyLayout.FLAT.key(2, 0x10));
        Garbage garbage = new Garbage(directory, locking, KeyLayout.FLAT, GRACE);
        for (long oid = 1; oid <= 2000; oid++) {
            garbage.add(revision(oid), PACKED);
        }
        garbage.force();
        assertThat(garbage.waiting(PACKED)).hasSize(2000);
        assertThat(sweep(garbage, DUE)).isEqualTo(1999);
        assertThat(left()).containsExactly(2L);
        assertThat(garbage().waiting(PACKED)).containsExactly(revision(2));
        locking.lock(null);
        assertThat(sweep(garbage, DUE)).isEqualTo(1);
        assertThat(left()).isEmpty();
    }

    @Test
    void sweep_listThatCannotBeReadToItsEnd_deletesNothing() throws IOException {
        FaultyDisk disk = new FaultyDisk();
        Garbage garbage = new Garbage(directory, store, KeyLayout.FLAT, GRACE, disk);
        for (long oid = 1; oid <= 3000; oid++) {
            garbage.add(revision(oid), PACKED);
        }
        garbage.force();
        Path list = directory.resolve(".bucket-garbage");
        disk.spoil(list, Files.size(list) - 100, Files.size(list));
        assertThatThrownBy(() -> sweep(garbage, DUE)).isInstanceOf(UnreadableException.class);
        assertThat(left()).hasSize(5);
        disk.repair();
        assertThat(garbage.waiting(PACKED)).hasSize(3000);
        assertThat(sweep(garbage, DUE)).isEqualTo(3000);
        assertThat(list).isEmptyFile();
    }

    @Test
    void sweep_toldToStopBetweenRequests_forgetsWhatIsDone() throws IOException {
        Garbage garbage = garbage();
        for (long oid = 1; oid <= 2500; oid++) {
            garbage.add(revision(oid), PACKED);
        }
        AtomicInteger looks = new AtomicInteger();
        assertThat(garbage.sweep(DUE, revision -> false, () -> looks.incrementAndGet() > 1))
                .isEqualTo(1000);
        assertThat(garbage.waiting(PACKED))
                .hasSize(1500)
                .doesNotContain(revision(1000))
                .contains(revision(1001));
    }

    @Test
    void sweep_revisionThatIsListedTwice_countsOnce() throws IOException {
        Garbage garbage = garbage();
        garbage.add(revision(1), PACKED);
        garbage.add(revision(1), PACKED.plusSeconds(1));
        assertThat(sweep(garbage, DUE)).isZero();
        assertThat(sweep(garbage, DUE.plusSeconds(1))).isEqualTo(1);
        assertThat(garbage.waiting(PACKED)).isEmpty();
    }

    @Test
    void sweep_addedMeanwhileBehindALineThatACrashHasCut_isNotLost() throws IOException {
        Garbage garbage = garbage();
        String line = onlyLine(garbage);
        Files.writeString(list(), line + line.replaceFirst("1", "2").substring(0, line.length() - 6));
        garbage.sweep(
                DUE,
                revision -> {
                    garbage.add(revision(3), PACKED.plusSeconds(1));
                    return false;
                },
                () -> false);
        assertThat(left()).containsExactly(2L, 3L, 4L, 5L);
        assertThat(garbage.waiting(DUE)).containsExactly(revision(3));
    }

    @Test
    void sweep_whatIsAddedMeanwhile_isNotLost() throws IOException {
        Garbage garbage = garbage();
        garbage.add(revision(1), PACKED);
        garbage.force();
        garbage.sweep(
                DUE,
                revision -> {
                    garbage.add(revision(2), PACKED);
                    return false;
                },
                () -> false);
        assertThat(sweep(garbage(), DUE)).isEqualTo(1);
        assertThat(left()).containsExactly(3L, 4L, 5L);
    }

    /** Of a database with the file of before its last pack. */
    private static final class Keeping implements Garbage.References {
        @Override
        public boolean has(BlobRevision revision) {
            return false;
        }

        @Override
        public boolean keepsOld() {
            return true;
        }
    }

    @Test
    void sweep_revisionThatASecondPackHasListedAgain_waitsWithThatPack() throws IOException {
        Keeping keeping = new Keeping();
        Garbage garbage = garbage();
        garbage.packed();
        garbage.add(revision(1), PACKED);
        garbage.add(revision(2), PACKED);
        garbage.packed();
        garbage.add(revision(1), PACKED);
        assertThat(garbage.sweep(DUE, keeping, () -> false)).isEqualTo(1);
        assertThat(left()).containsExactly(1L, 3L, 4L, 5L);

        garbage.packed();
        assertThat(garbage.sweep(DUE, keeping, () -> false)).isEqualTo(1);
        assertThat(left()).containsExactly(3L, 4L, 5L);
        assertThat(garbage.waiting(PACKED)).isEmpty();
    }

    @Test
    void sweep_fileOfBeforeThePackIsThere_waitsForTheNextPack() throws IOException {
        Keeping keeping = new Keeping();
        Garbage garbage = garbage();
        garbage.add(revision(1), PACKED);
        garbage.packed();
        garbage.add(revision(2), PACKED);
        assertThat(garbage.sweep(DUE, keeping, () -> false)).isEqualTo(1);
        assertThat(left()).containsExactly(2L, 3L, 4L, 5L);
        assertThat(garbage().sweep(DUE, keeping, () -> false)).isZero();

        garbage.packed();
        garbage.add(revision(3), PACKED);
        assertThat(garbage.waiting(PACKED)).containsExactly(revision(2), revision(3));
        assertThat(garbage.sweep(DUE, keeping, () -> false)).isEqualTo(1);
        assertThat(left()).containsExactly(3L, 4L, 5L);
        assertThat(sweep(garbage, DUE)).isEqualTo(1);
        assertThat(left()).containsExactly(4L, 5L);
    }

    @Test
    void sweep_listOfAnotherPlace_waitsForIt() throws IOException {
        DirectoryStore other = new DirectoryStore(Files.createDirectories(directory.resolve("other 1")));
        Files.copy(object(1), directory.resolve("other 1").resolve(object(1).getFileName()));
        Garbage before = new Garbage(directory, other, KeyLayout.FLAT, GRACE);
        before.add(revision(1), PACKED);
        before.force();
        Garbage garbage = garbage();
        garbage.add(revision(2), PACKED);
        garbage.force();
        assertThat(garbage.waiting(PACKED)).containsExactly(revision(1), revision(2));
        assertThat(sweep(garbage, DUE)).isEqualTo(1);
        assertThat(left()).containsExactly(1L, 3L, 4L, 5L);
        assertThat(sweep(new Garbage(directory, other, KeyLayout.FLAT, GRACE), DUE))
                .isEqualTo(1);
        assertThat(directory.resolve("other 1")).isEmptyDirectory();
        assertThat(list()).isEmptyFile();
    }

    @Test
    void sweep_lineOfBeforePlacesWereNoted_isOfThisOne() throws IOException {
        Files.writeString(list(), "00000000000000010000000000000010 " + PACKED.getEpochSecond() + "\n");
        assertThat(sweep(garbage(), DUE)).isEqualTo(1);
        assertThat(left()).containsExactly(2L, 3L, 4L, 5L);
    }

    /** Its time would be long past, and the grace over. */
    @Test
    void sweep_timeThatWasCutShort_isNoTime() throws IOException {
        String line = onlyLine(garbage());
        for (int cut = 2; cut < 12; cut++) {
            Files.writeString(list(), line.substring(0, line.length() - cut) + "\n" + line);
            assertThat(sweep(garbage(), DUE.minusSeconds(1)))
                    .as("%d bytes missing", cut)
                    .isZero();
        }
        assertThat(left()).hasSize(5);
    }

    @Test
    void sweep_lineThatACrashHasCut_isPassedOver() throws IOException {
        Garbage garbage = garbage();
        garbage.add(revision(1), PACKED);
        garbage.force();
        Files.writeString(list(), "00000000000000020000", StandardOpenOption.APPEND);
        Garbage next = garbage();
        // The pack tells of it again, and what it adds does not go on with the line.
        next.add(revision(2), PACKED);
        assertThat(sweep(next, DUE)).isEqualTo(2);
        assertThat(left()).containsExactly(3L, 4L, 5L);
    }
}
