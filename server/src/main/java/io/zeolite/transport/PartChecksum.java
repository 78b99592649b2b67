package io.zeolite.transport;

import io.zeolite.client.blob.OpenBlob;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** Sums up the beginning of a blob, a little at a time, since it is done on an event loop, from the page cache. */
final class PartChecksum {
    private static final int BUFFER_BYTES = 128 << 10;
    private static final int BUFFERS_AT_A_TIME = 4;

    private final OpenBlob source;
    private final long bytes;
    private final CRC32C crc = new CRC32C();
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
    private long position;

    /** @param bytes how many are to be summed up */
    PartChecksum(OpenBlob source, long bytes) {
        this.source = source;
        this.bytes = bytes;
    }

    /** How far it has come. */
    long position() {
        return position;
    }

    boolean isComplete() {
        return position == bytes;
    }

    /** Of what has been summed up. */
    int crc32c() {
        return (int) crc.getValue();
    }

    /** Goes on with what is there, for a moment. */
    void proceed() throws IOException {
        for (int i = 0; i < BUFFERS_AT_A_TIME && position < Math.min(bytes, source.available()); i++) {
            buffer.clear().limit((int) Math.min(BUFFER_BYTES, Math.min(bytes, source.available()) - position));
            int count = source.channel().read(buffer, position);
            if (count < 0) {
                throw new EOFException("the file ends at " + position + " bytes (expected: " + source.size() + ")");
            }
            crc.update(buffer.flip());
            position += count;
        }
    }
}
