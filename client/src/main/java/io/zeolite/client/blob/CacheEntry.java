package io.zeolite.client.blob;

import io.zeolite.disk.Flock;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/**
 * A blob that is in use, until it is closed: one of a cache, which therefore stays there, or one that got no place in it, whose
 * file has no other name.
 */
public final class CacheEntry implements OpenBlob.Whole {
    private final Flock pin;
    private final FileChannel channel;
    private final long size;

    CacheEntry(Flock pin, FileChannel channel, long size) {
        this.pin = pin;
        this.channel = channel;
        this.size = size;
    }

    /** Open for reading; closed together with the entry. */
    @Override
    public FileChannel channel() {
        return channel;
    }

    /** A name of the very file, valid in this process until this is closed. */
    public Path descriptor() {
        return pin.descriptor();
    }

    @Override
    public long size() {
        return size;
    }

    /** Any number of times, by any thread: a descriptor that is closed twice may be somebody else's by then. */
    @Override
    public synchronized void close() throws IOException {
        try {
            channel.close();
        } finally {
            pin.close();
        }
    }
}
