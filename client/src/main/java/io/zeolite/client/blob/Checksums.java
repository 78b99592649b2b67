package io.zeolite.client.blob;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.Set;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is noted with a cached file, as extended attributes, so that it comes and goes with the file, whoever removes it. File
 * systems without such attributes keep none.
 *
 * <pre>
 * user.zeolite.crc32c   four bytes: the checksum of all of it
 * user.zeolite.boot     36 letters: it was written during this boot of the machine, and not forced to the disk
 * </pre>
 *
 * A file that was not forced is whole for as long as the machine runs. Afterwards nobody knows, until it has been compared with
 * its checksum: that of the first one who uses it.
 */
final class Checksums {
    private static final Logger LOG = LoggerFactory.getLogger(Checksums.class);

    private static final String CHECKSUM = "zeolite.crc32c";
    private static final String BOOT = "zeolite.boot";
    private static final String THIS_BOOT = readBoot();
    private static final int BUFFER_BYTES = 128 << 10;

    private Checksums() {}

    /** What Linux calls this boot of the machine; empty where that is not known. */
    private static String readBoot() {
        try {
            return Files.readString(Path.of("/proc/sys/kernel/random/boot_id"), StandardCharsets.US_ASCII)
                    .strip();
        } catch (IOException e) {
            return "";
        }
    }

    /**
     * Notes a checksum with a file that has not been forced to the disk.
     *
     * @return whether enough is noted to find out after a crash of the machine whether all of the file was on disk
     */
    static boolean note(Path file, int crc32c) {
        try {
            view(file).write(CHECKSUM, ByteBuffer.allocate(4).putInt(0, crc32c));
            if (THIS_BOOT.isEmpty()) {
                return false;
            }
            view(file).write(BOOT, ByteBuffer.wrap(THIS_BOOT.getBytes(StandardCharsets.US_ASCII)));
            return true;
        } catch (IOException | UnsupportedOperationException e) {
            LOG.debug("no checksum is noted with {}: {}", file, e.toString());
            return false;
        }
    }

    /** Whether a file was not forced to the disk, and the machine was started anew since then. */
    static boolean isInDoubt(CacheEntry entry) {
        ByteBuffer noted = ByteBuffer.allocate(64);
        try {
            view(entry.descriptor()).read(BOOT, noted);
        } catch (IOException | UnsupportedOperationException e) {
            // Nothing is noted.
            return false;
        }
        return !THIS_BOOT.equals(new String(noted.array(), 0, noted.position(), StandardCharsets.US_ASCII));
    }

    /** Notes that a file is on disk, so that it need not be looked at again. */
    static void clearDoubt(CacheEntry entry) {
        Path file = entry.descriptor();
        try {
            Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(file);
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
            try {
                view(file).delete(BOOT);
            } finally {
                Files.setPosixFilePermissions(file, permissions);
            }
        } catch (IOException | UnsupportedOperationException e) {
            // It belongs to another user, and is looked at whenever it is used.
            LOG.debug("cannot note that {} is on disk: {}", file, e.toString());
        }
    }

    private static UserDefinedFileAttributeView view(Path file) {
        UserDefinedFileAttributeView view = Files.getFileAttributeView(file, UserDefinedFileAttributeView.class);
        if (view == null) {
            throw new UnsupportedOperationException("no extended attributes here");
        }
        return view;
    }

    /** Whether all bytes of a file give the checksum that is noted with it, if one is. */
    static boolean matches(CacheEntry entry) throws IOException {
        ByteBuffer noted = ByteBuffer.allocate(4);
        try {
            if (view(entry.descriptor()).read(CHECKSUM, noted) != 4) {
                return true;
            }
        } catch (IOException | UnsupportedOperationException e) {
            // Python's client notes nothing.
            return true;
        }
        return of(entry.channel(), entry.size()) == noted.getInt(0);
    }

    private static int of(FileChannel channel, long size) throws IOException {
        CRC32C crc = new CRC32C();
        ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
        for (long position = 0; position < size; ) {
            buffer.clear();
            int count = channel.read(buffer, position);
            if (count < 0) {
                break;
            }
            crc.update(buffer.flip());
            position += count;
        }
        return (int) crc.getValue();
    }
}
