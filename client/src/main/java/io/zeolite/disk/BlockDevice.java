package io.zeolite.disk;

import io.zeolite.platform.OperatingSystem;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** What Linux knows of the disk below a file system. */
final class BlockDevice {
    /** Show zeros for reserved room that was not written when the machine crashed, and write to the place of a file's bytes. */
    private static final Set<String> FILE_SYSTEMS = Set.of("ext4", "xfs");

    private BlockDevice() {}

    /**
     * The length of the blocks of a file that the disk writes as wholes, also when its power fails; 0 if that is unknown, as on
     * other systems and file systems.
     *
     * <p>It is the {@code physical_block_size} of the device, "the smallest unit a physical storage device can write
     * atomically" (Linux, {@code Documentation/ABI/stable/sysfs-block}; for NVMe the kernel takes the device's own guarantee
     * for a power failure into account), as long as the file system keeps that much together. Of devices that consist of others,
     * which may differ, it is the smallest.
     */
    static long wholeBytes(Path path) {
        if (!OperatingSystem.LINUX) {
            return 0;
        }
        try {
            FileStore store = Files.getFileStore(path);
            return FILE_SYSTEMS.contains(store.type()) ? Math.min(store.getBlockSize(), wholeBytesOf(device(path))) : 0;
        } catch (IOException | NumberFormatException | UnsupportedOperationException e) {
            return 0;
        }
    }

    private static Path device(Path path) throws IOException {
        long number = (long) Files.getAttribute(path, "unix:dev");
        long major = ((number >>> 8) & 0xfff) | ((number >>> 32) & 0xfffff000L);
        long minor = (number & 0xff) | ((number >>> 12) & 0xffffff00L);
        return Path.of("/sys/dev/block", major + ":" + minor).toRealPath();
    }

    private static long wholeBytesOf(Path device) throws IOException {
        if (number(device.resolve("alignment_offset")) != 0) {
            // Its blocks are not those of the disk.
            return 0;
        }
        // A partition has no queue of its own; that of its disk is one directory above.
        Path own = device.resolve("queue");
        Path queue = Files.exists(own) ? own : device.resolveSibling("queue");
        long bytes = number(queue.resolve("physical_block_size"));
        for (Path part : parts(device)) {
            bytes = Math.min(bytes, wholeBytesOf(part.toRealPath()));
        }
        return bytes;
    }

    /** What a device of the device mapper or of {@code md} consists of. */
    private static List<Path> parts(Path device) throws IOException {
        Path directory = device.resolve("slaves");
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> parts = Files.list(directory)) {
            return parts.toList();
        }
    }

    private static long number(Path file) throws IOException {
        return Long.parseLong(Files.readString(file).strip());
    }
}
