package io.zeolite.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

final class RealDiskTest {
    private final RealDisk disk = new RealDisk();

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    private Path directory;

    @Test
    void open_missingFile_dependsOnTheMode() throws IOException {
        Path path = directory.resolve("f");
        assertThatThrownBy(() -> disk.open(path, Disk.Mode.READ)).isInstanceOf(NoSuchFileException.class);
        assertThat(disk.exists(path)).isFalse();
        disk.open(path, Disk.Mode.READ_WRITE).close();
        assertThat(disk.exists(path)).isTrue();
        Files.writeString(path, "content");
        disk.open(path, Disk.Mode.READ_WRITE).close();
        assertThat(path).hasContent("content");
        disk.open(path, Disk.Mode.REPLACE).close();
        assertThat(path).isEmptyFile();
    }

    /** What the disk below the directory of this test does is not known here; that its word is understood shows. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void writesWhole_isFalseWhereThereIsNoDiskAndBeyondWhatADiskSays() throws IOException {
        assertThat(BlockDevice.wholeBytes(Path.of("/proc/self/status"))).isZero();
        assertThat(BlockDevice.wholeBytes(directory.resolve("missing"))).isZero();
        long bytes = BlockDevice.wholeBytes(directory);
        assertThat(bytes == 0 || Long.bitCount(bytes) == 1)
                .as("%s bytes", bytes)
                .isTrue();
        try (DiskFile file = disk.open(directory.resolve("f"), Disk.Mode.READ_WRITE)) {
            file.reserve(4096);
            assertThat(file.writesWhole(1 << 24)).isFalse();
            assertThat(file.writesWhole(512)).isEqualTo(bytes >= 512);
        }
    }

    @Test
    void readAndWrite_atPositions_leaveTheRestAlone() throws IOException {
        byte[] bytes = new byte[300_000];
        new Random(1).nextBytes(bytes);
        try (DiskFile file = disk.open(directory.resolve("f"), Disk.Mode.READ_WRITE)) {
            for (boolean direct : new boolean[] {false, true}) {
                ByteBuffer buffer =
                        (direct ? ByteBuffer.allocateDirect(bytes.length) : ByteBuffer.allocate(bytes.length));
                buffer.put(bytes).flip().position(3);
                file.write(buffer, 10);
                assertThat(buffer.hasRemaining()).isFalse();
                assertThat(file.size()).isEqualTo(10 + bytes.length - 3);

                buffer.clear().position(1);
                assertThat(file.read(buffer, 12)).isEqualTo(bytes.length - 5);
                assertThat(buffer.position()).isEqualTo(bytes.length - 4);
                assertThat(buffer.flip().position(1).slice()).isEqualTo(ByteBuffer.wrap(bytes, 5, bytes.length - 5));
                assertThat(file.read(buffer.clear(), 1_000_000)).isZero();
            }
            file.force();
            file.truncate(5);
            assertThat(file.size()).isEqualTo(5);
            assertThatThrownBy(() -> file.truncate(6)).hasMessageContaining("expected: 6");
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void readAndWrite_whatTheSystemRefuses_isNamedWithFileAndPlace() throws IOException {
        // Linux opens a directory, and does not read it.
        try (DiskFile file = disk.open(directory, Disk.Mode.READ)) {
            assertThatThrownBy(() -> file.read(ByteBuffer.allocate(10), 7))
                    .isInstanceOf(UnreadableException.class)
                    .hasMessageStartingWith(directory + ": cannot read 10 bytes at 7: ");
        }
        try (DiskFile file = disk.open(Path.of("/dev/full"), Disk.Mode.READ_WRITE)) {
            assertThatThrownBy(() -> file.write(ByteBuffer.allocate(10), 7))
                    .isInstanceOf(IOException.class)
                    .hasMessageStartingWith("/dev/full: cannot write 10 bytes at 7: ");
            assertThatThrownBy(file::force)
                    .isInstanceOf(IOException.class)
                    .hasMessageStartingWith("/dev/full: cannot force it to the disk: ");
            file.close();
            assertThatThrownBy(() -> file.read(ByteBuffer.allocate(10), 7)).isInstanceOf(ClosedChannelException.class);
        }
        assertThatThrownBy(() -> disk.forceDirectory(Path.of("/proc")))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("cannot force the directory /proc: ");
    }

    @Test
    void filesByName_moveDelete() throws IOException {
        Path from = Files.writeString(directory.resolve("from"), "a");
        Path to = Files.writeString(directory.resolve("to"), "b");
        disk.move(from, to);
        disk.forceDirectory(directory);
        assertThat(to).hasContent("a");
        assertThat(from).doesNotExist();
        disk.delete(to);
        disk.delete(to);
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void lock_heldInThisProcess_isRefusedAndFreeAfterClose() throws IOException {
        Path path = directory.resolve("Data.fs.lock ü");
        long pid = ProcessHandle.current().pid();
        Closeable lock = disk.lock(path);
        assertThat(path).hasContent(" " + pid + "\n");
        assertThatThrownBy(() -> disk.lock(path))
                .isInstanceOf(LockedException.class)
                .hasMessageContaining("process " + pid);
        lock.close();
        lock.close();
        assertThat(path).exists();
        disk.lock(path).close();
    }

    @Test
    void lock_heldByAnotherProgram_isRefused() throws Exception {
        Path path = Files.writeString(directory.resolve("lock"), " 4711\nand something longer that was there");
        Process holder = new ProcessBuilder("flock", path.toString(), "sh", "-c", "echo locked; read line").start();
        try {
            assertThat(holder.inputReader().readLine()).isEqualTo("locked");
            assertThatThrownBy(() -> disk.lock(path))
                    .isInstanceOf(LockedException.class)
                    .hasMessageContaining("4711");
        } finally {
            holder.getOutputStream().close();
            holder.waitFor();
        }
        disk.lock(path).close();
        assertThat(path).hasContent(" " + ProcessHandle.current().pid() + "\n");
    }

    @Test
    void reserve_keepsTheLength_andRefusesWhatIsNotThere() throws IOException {
        Path path = directory.resolve("f");
        try (DiskFile file = disk.open(path, Disk.Mode.READ_WRITE)) {
            file.reserve(0);
            file.reserve(1 << 20);
            file.reserve(1 << 20);
            assertThat(file.size()).isZero();
            assertThatThrownBy(() -> file.reserve(1L << 50))
                    .isInstanceOf(NoSpaceException.class)
                    .hasMessageContaining(path.toString())
                    .hasMessageContaining("available");
        }
    }
}
