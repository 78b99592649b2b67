package io.zeolite.client.blob;

import io.zeolite.disk.Flock;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A blob that is on its way into a cache. There is room for it; nobody else fetches it meanwhile. Whoever got it writes
 * its bytes, and then calls {@link #keep}, or {@link #close} alone if something went wrong.
 *
 * <p>If there was no room, because everything else is in use, or somebody else fetches it and does not get ahead, it is a
 * file without a name, which is gone when all who have it open have closed it, and {@link #keep} does nothing.
 */
public final class NewEntry implements Closeable {
    private final BlobCache cache;
    private final long oid;
    private final long tid;
    private long size;
    private final FileChannel channel;
    private @Nullable Path part;
    private final Flock lock;
    private boolean ended;

    NewEntry(BlobCache cache, long oid, long tid, long size, FileChannel channel, @Nullable Path part, Flock lock) {
        this.cache = cache;
        this.oid = oid;
        this.tid = tid;
        this.size = size;
        this.channel = channel;
        this.part = part;
        this.lock = lock;
    }

    /**
     * Open for reading and writing, and stays so after this is closed, for those who read what has been written: the
     * caller closes it.
     */
    public FileChannel channel() {
        return channel;
    }

    /** A name of its file, whether it has another one or not; valid in this process until this is closed. */
    Path descriptor() {
        return lock.descriptor();
    }

    /** How many bytes it will have. */
    public long size() {
        return size;
    }

    /**
     * Makes room for a blob whose length is not known in advance. If there is none, it becomes a file without a name, with
     * the bytes that it has.
     *
     * @param atLeast how many bytes it will have or more; not less than before
     * @throws IOException if the disk is full, and nothing in the cache could go
     */
    public void grow(long atLeast) throws IOException {
        Path named = part;
        if (named != null
                && atLeast > size
                && !makingRoom(atLeast - size, () -> cache.grow(oid, named, channel, atLeast))) {
            part = null;
        }
        size = atLeast;
    }

    /**
     * Writes all that is left in some pieces, one behind the other. If the disk is full, other blobs go from the cache.
     *
     * @throws IOException if nothing could go; the message names the file
     */
    public void write(long position, ByteBuffer... pieces) throws IOException {
        long end = position;
        for (ByteBuffer piece : pieces) {
            end += piece.remaining();
        }
        channel.position(position);
        for (long at = position; at < end; ) {
            at += makingRoom(size - at, () -> channel.write(pieces));
        }
    }

    private <T> T makingRoom(long bytes, BlobCache.Writing<T> writing) throws IOException {
        try {
            return cache.makingRoomOnDisk(bytes, writing);
        } catch (IOException e) {
            throw new IOException(
                    "cannot write " + (part != null ? part : "to " + cache.directory()) + ": " + e.getMessage(), e);
        }
    }

    /** Says that it has so many bytes, not more than there is room for. */
    public void cut(long bytes) throws IOException {
        if (part != null) {
            cache.cut(oid, channel, bytes);
        } else {
            channel.truncate(bytes);
        }
        size = bytes;
    }

    /** Whether {@link #keep} will put it into the cache. */
    public boolean hasPlace() {
        return part != null;
    }

    /**
     * Puts it into the cache: all bytes are written. Waits for others who use the directory.
     *
     * @param crc32c of all bytes, which is noted beside them; null if it is not known, and the disk is waited for then
     * @throws IOException if that was not possible; it is not in the cache then
     */
    public void keep(@Nullable Integer crc32c) throws IOException {
        if (part != null && !ended) {
            cache.keep(oid, tid, size, channel, part, crc32c);
            ended = true;
            // It has its name now, and whoever wants to read it must be able to share it.
            lock.unlock();
        }
    }

    /** Gives the room back, unless it was kept, and lets others fetch it. */
    @Override
    public void close() throws IOException {
        try {
            if (part != null && !ended) {
                ended = true;
                cache.discard(oid, part);
            }
        } finally {
            lock.close();
        }
    }
}
