package io.zeolite.disk;

import io.zeolite.platform.OperatingSystem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What Linux knows of the disk below a file system. */
final class BlockDevice {
    private BlockDevice() {}

    /**
     * The length of the blocks that the disk of a file writes as wholes, also when its power fails; 0 if that is unknown, as on
     * other systems, and on file systems that are not on one disk.
     *
     * <p>It is the {@code physical_block_size} of the device, "the smallest unit a physical storage device can write
     * atomically" (Linux, {@code Documentation/ABI/stable/sysfs-block}; for NVMe the kernel takes the device's own guarantee
     * for a power failure into account), as long as the file system keeps that much together.
     */
    static long wholeBytes(Path path) {
        if (!OperatingSystem.LINUX) {
            return 0;
        }
        try {
            long physical = Long.parseLong(
                    Files.readString(queue(path).resolve("physical_block_size")).strip());
            return Math.min(physical, Files.getFileStore(path).getBlockSize());
        } catch (IOException | NumberFormatException | UnsupportedOperationException e) {
            return 0;
        }
    }

    /** A partition has no queue of its own; that of its disk is one directory above. */
    private static Path queue(Path path) throws IOException {
        long number = (long) Files.getAttribute(path, "unix:dev");
        long major = ((number >>> 8) & 0xfff) | ((number >>> 32) & 0xfffff000L);
        long minor = (number & 0xff) | ((number >>> 12) & 0xffffff00L);
        Path device = Path.of("/sys/dev/block", major + ":" + minor).toRealPath();
        Path own = device.resolve("queue");
        return Files.exists(own) ? own : device.resolveSibling("queue");
    }
}
