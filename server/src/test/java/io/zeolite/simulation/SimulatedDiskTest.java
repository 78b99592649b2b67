package io.zeolite.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zeolite.disk.Disk.Mode;
import io.zeolite.disk.DiskFile;
import io.zeolite.disk.LockedException;
import io.zeolite.disk.NoSpaceException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** That the disk keeps what it promises, and breaks what it may. */
class SimulatedDiskTest {
    private static final Path DIRECTORY = Path.of("/d");
    private static final Path FILE = DIRECTORY.resolve("file");
    private static final Path OTHER = DIRECTORY.resolve("other");
    private static final int SECTOR = 16;

    private static SimulatedDisk disk(long seed) {
        SimulatedDisk disk = new SimulatedDisk(new SplittableRandom(seed), Trace.none(), SECTOR, () -> {});
        disk.createDirectories(DIRECTORY);
        return disk;
    }

    private static DiskFile written(SimulatedDisk disk, int value, int length) throws IOException {
        DiskFile file = disk.open(FILE, Mode.READ_WRITE);
        write(file, value, length);
        return file;
    }

    private static void write(DiskFile file, int value, int length) throws IOException {
        file.write(ByteBuffer.wrap(filled(value, length)), 0);
    }

    private static byte[] filled(int value, int length) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    @Test
    void crash_forcedFileAndDirectory_keepsAll() throws IOException {
        for (long seed = 0; seed < 100; seed++) {
            SimulatedDisk disk = disk(seed);
            written(disk, 1, 100).force();
            disk.forceDirectory(DIRECTORY);

            disk.crash();

            assertThat(disk.contentOf(FILE)).isEqualTo(filled(1, 100));
        }
    }

    @Test
    void crash_unforcedOverwrite_keepsAnySectors() throws IOException {
        Set<String> outcomes = new TreeSet<>();
        for (long seed = 0; seed < 200; seed++) {
            SimulatedDisk disk = disk(seed);
            DiskFile file = written(disk, 1, 2 * SECTOR);
            file.force();
            disk.forceDirectory(DIRECTORY);
            write(file, 2, 2 * SECTOR);

            disk.crash();

            byte[] left = disk.contentOf(FILE);
            outcomes.add(left[0] + "" + left[SECTOR]);
            assertThat(left).hasSize(2 * SECTOR);
            assertThat(Arrays.copyOf(left, SECTOR)).isEqualTo(filled(left[0], SECTOR));
        }
        assertThat(outcomes).containsExactly("11", "12", "21", "22");
    }

    @Test
    void crash_unforcedAppend_leavesAnyLengthAndZeros() throws IOException {
        Set<Integer> lengths = new TreeSet<>();
        boolean zeros = false;
        for (long seed = 0; seed < 200; seed++) {
            SimulatedDisk disk = disk(seed);
            DiskFile file = written(disk, 1, SECTOR);
            file.force();
            disk.forceDirectory(DIRECTORY);
            write(file, 1, 5 * SECTOR);

            disk.crash();

            byte[] left = disk.contentOf(FILE);
            lengths.add(left.length);
            zeros |= left.length > SECTOR && left[left.length - 1] == 0;
            assertThat(Arrays.copyOf(left, SECTOR)).isEqualTo(filled(1, SECTOR));
        }
        assertThat(lengths).contains(SECTOR, 5 * SECTOR).hasSizeGreaterThan(10);
        assertThat(zeros).isTrue();
    }

    @Test
    void crash_unforcedRename_leavesOneOfTheTwo() throws IOException {
        Set<String> outcomes = new TreeSet<>();
        for (long seed = 0; seed < 100; seed++) {
            SimulatedDisk disk = disk(seed);
            written(disk, 1, 10).force();
            disk.forceDirectory(DIRECTORY);
            disk.move(FILE, OTHER);

            disk.crash();

            outcomes.add(disk.exists(FILE) + " " + disk.exists(OTHER));
        }
        assertThat(outcomes).containsExactly("false true", "true false");
    }

    @Test
    void endProcess_unforcedFile_keepsAll() throws IOException {
        SimulatedDisk disk = disk(1);
        written(disk, 1, 100);

        disk.endProcess();

        assertThat(disk.contentOf(FILE)).isEqualTo(filled(1, 100));
    }

    @Test
    void force_failed_canForgetWhatALaterForceDoesNotWrite() throws IOException {
        boolean forgotten = false;
        for (long seed = 0; seed < 100; seed++) {
            SimulatedDisk disk = disk(seed);
            DiskFile file = written(disk, 1, SECTOR);
            file.force();
            disk.forceDirectory(DIRECTORY);
            write(file, 2, SECTOR);
            disk.faults.failingForces = 1000;
            assertThatThrownBy(file::force).isInstanceOf(IOException.class);
            disk.faults.none();
            file.force();

            disk.crash();

            forgotten |= disk.contentOf(FILE)[0] == 1;
        }
        assertThat(forgotten).isTrue();
    }

    @Test
    void write_beyondCapacity_failsUnlessReserved() throws IOException {
        SimulatedDisk disk = disk(1);
        DiskFile file = disk.open(FILE, Mode.READ_WRITE);
        disk.setCapacity(100);
        file.reserve(90);
        DiskFile other = disk.open(OTHER, Mode.READ_WRITE);

        assertThatThrownBy(() -> other.reserve(11)).isInstanceOf(NoSpaceException.class);
        assertThatThrownBy(() -> write(other, 1, 11)).isInstanceOf(IOException.class);
        write(file, 1, 90);
        write(other, 1, 10);
    }

    @Test
    void crashAfter_operations_endsTheProcessThere() throws IOException {
        SimulatedDisk disk = disk(1);
        DiskFile file = written(disk, 1, 10);
        disk.faults.crashAfter(2);
        file.force();

        assertThatThrownBy(file::force).isInstanceOf(SimulatedCrash.class);
        assertThatThrownBy(file::size).isInstanceOf(SimulatedCrash.class);
        disk.endProcess();
        assertThatThrownBy(file::size).as("a handle of the process before").isInstanceOf(SimulatedCrash.class);
        assertThat(disk.open(FILE, Mode.READ).size()).isEqualTo(10);
    }

    @Test
    void lock_taken_isRefusedUntilTheProcessEnds() throws IOException {
        SimulatedDisk disk = disk(1);
        disk.lock(OTHER);

        assertThatThrownBy(() -> disk.lock(OTHER)).isInstanceOf(LockedException.class);
        disk.endProcess();
        disk.lock(OTHER).close();
        disk.lock(OTHER);
    }
}
