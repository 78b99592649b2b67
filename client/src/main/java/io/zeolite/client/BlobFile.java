package io.zeolite.client;

import io.zeolite.client.blob.CacheEntry;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A blob, open for reading. Its bytes can be read until it is closed, whatever becomes of the cache meanwhile. Any thread;
 * channel and stream share a position.
 */
public final class BlobFile implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(BlobFile.class);

    private final Path path;
    private final FileChannel channel;
    private final long size;
    private final Closeable owner;

    private BlobFile(Path path, FileChannel channel, long size, Closeable owner) {
        this.path = path;
        this.channel = channel;
        this.size = size;
        this.owner = owner;
    }

    static BlobFile of(CacheEntry entry) {
        return new BlobFile(entry.descriptor(), entry.channel(), entry.size(), entry::close);
    }

    /** A file that nobody removes. */
    static BlobFile of(Path path) throws IOException {
        FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
        return new BlobFile(path, channel, channel.size(), channel);
    }

    /** A name of the file, for this process, until it is closed: one of those in {@code /proc/self/fd}, mostly. */
    public Path path() {
        return path;
    }

    /** Open for reading; closed together with this. */
    public FileChannel channel() {
        return channel;
    }

    /** Reads on from where the channel is, which is closed together with the stream; the path stays valid. */
    public InputStream stream() {
        return Channels.newInputStream(channel);
    }

    /** In bytes. */
    public long size() {
        return size;
    }

    /** Closes it for somebody who does not wait for it any more. */
    void discard() {
        try {
            close();
        } catch (IOException e) {
            LOG.debug("cannot close a blob: {}", e.toString());
        }
    }

    @Override
    public void close() throws IOException {
        owner.close();
    }
}
