package io.zeolite.blob.s3;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;
import software.amazon.awssdk.http.ContentStreamProvider;

/** Some bytes of a file, as the body of a request; they can be read again and again. */
record FilePart(Path file, long start, long length) implements ContentStreamProvider {
    private static final int BUFFER_BYTES = 128 << 10;

    int crc32c() throws IOException {
        CRC32C crc = new CRC32C();
        ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            for (long position = start; position < start + length; position += buffer.limit()) {
                buffer.clear().limit((int) Math.min(BUFFER_BYTES, start + length - position));
                if (channel.read(buffer, position) < 0) {
                    throw new IOException(file + " ends at byte " + position + " (expected: " + (start + length) + ")");
                }
                crc.update(buffer.flip());
            }
        }
        return (int) crc.getValue();
    }

    @Override
    public InputStream newStream() {
        try {
            FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
            channel.position(start);
            return new Limited(Channels.newInputStream(channel), length);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Ends after so many bytes. */
    private static final class Limited extends InputStream {
        private final InputStream stream;
        private long left;

        Limited(InputStream stream, long left) {
            this.stream = stream;
            this.left = left;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int count) throws IOException {
            if (left == 0) {
                return -1;
            }
            int read = stream.read(bytes, offset, (int) Math.min(count, left));
            left -= Math.max(0, read);
            return read;
        }

        @Override
        public void close() throws IOException {
            stream.close();
        }
    }
}
