package io.zeolite.client.blob;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The checksum that is noted with a cached file: an extended attribute ({@code user.zeolite.crc32c}, four bytes), so that
 * it comes and goes with the file, whoever removes it. File systems without such attributes keep none.
 */
final class Checksums {
    private static final Logger LOG = LoggerFactory.getLogger(Checksums.class);

    private static final String ATTRIBUTE = "zeolite.crc32c";
    private static final int BUFFER_BYTES = 128 << 10;

    private Checksums() {}

    static void note(Path file, int crc32c) {
        try {
            view(file).write(ATTRIBUTE, ByteBuffer.allocate(4).putInt(0, crc32c));
        } catch (IOException | UnsupportedOperationException e) {
            LOG.debug("no checksum is noted with {}: {}", file, e.toString());
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
            if (view(entry.descriptor()).read(ATTRIBUTE, noted) != 4) {
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
