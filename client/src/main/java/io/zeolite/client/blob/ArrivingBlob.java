package io.zeolite.client.blob;

import io.zeolite.disk.Flock;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A file that is being filled from far away, and those who read it meanwhile. Its channel is closed when the filler and
 * all readers have let go of it. Any thread; listeners are called without a lock.
 */
public final class ArrivingBlob {
    private final FileChannel channel;
    /** The same file, for its name; null if nobody asks for that. */
    private final @Nullable Flock file;

    private volatile long size;
    private final List<Listener> listeners = new ArrayList<>();

    /** Waits for more than so many bytes. */
    private record Listener(long position, Runnable task) {}

    private int holders = 1;
    private volatile long available;
    private volatile @Nullable Throwable failure;

    /**
     * The caller fills it, and holds it until {@link #release}.
     *
     * @param size in bytes
     */
    public ArrivingBlob(FileChannel channel, long size) {
        this(channel, null, size);
    }

    /**
     * One whose size {@link #complete} will tell, and whose readers may have the {@link Reader#file}. The caller fills it, and holds
     * it until {@link #release}.
     */
    public ArrivingBlob(NewEntry entry) throws IOException {
        this(entry.channel(), Flock.open(entry.descriptor()), OpenBlob.UNKNOWN);
    }

    private ArrivingBlob(FileChannel channel, @Nullable Flock file, long size) {
        this.channel = channel;
        this.file = file;
        this.size = size;
    }

    /** Lets readers have the first bytes. */
    public void arrived(long bytes) {
        available = bytes;
        wake();
    }

    /** Says that this is all of it. */
    public void complete(long bytes) {
        size = bytes;
        arrived(bytes);
    }

    /** Tells readers that there will be no more. */
    public void fail(Throwable why) {
        failure = why;
        wake();
    }

    private void wake() {
        List<Listener> woken = new ArrayList<>();
        synchronized (this) {
            listeners.removeIf(listener -> isOver(listener.position()) && woken.add(listener));
        }
        woken.forEach(listener -> listener.task().run());
    }

    /** Whether there is nothing to wait for. */
    private boolean isOver(long position) {
        return available > position || failure != null || available == size;
    }

    /** One more reader; null if the file is closed already. */
    public synchronized @Nullable Reader reader() {
        if (holders == 0) {
            return null;
        }
        holders++;
        return new Reader();
    }

    /** Whether somebody reads it. */
    public synchronized boolean hasReaders() {
        return holders > 1;
    }

    /** Lets go of it: it is filled, or will not be. */
    public void release() throws IOException {
        synchronized (this) {
            holders--;
            if (holders > 0) {
                return;
            }
        }
        try {
            channel.close();
        } finally {
            if (file != null) {
                file.close();
            }
        }
    }

    /** One of those who read it. */
    public final class Reader implements OpenBlob {
        private final AtomicBoolean closed = new AtomicBoolean();

        private Reader() {}

        /** Opens the file once more, when all bytes are there, whether it still has its name or not. The caller closes it. */
        public CacheEntry file() throws IOException {
            Flock own = Flock.open(Objects.requireNonNull(file, "file").descriptor());
            try {
                return new CacheEntry(own, FileChannel.open(own.descriptor(), StandardOpenOption.READ), size);
            } catch (IOException e) {
                own.close();
                throw e;
            }
        }

        @Override
        public FileChannel channel() {
            return channel;
        }

        @Override
        public long size() {
            return size;
        }

        @Override
        public long available() {
            return available;
        }

        @Override
        public @Nullable Throwable failure() {
            return failure;
        }

        @Override
        public void whenAvailable(long position, Runnable task) {
            synchronized (ArrivingBlob.this) {
                if (!isOver(position)) {
                    listeners.add(new Listener(position, task));
                    return;
                }
            }
            task.run();
        }

        @Override
        public void close() throws IOException {
            if (closed.compareAndSet(false, true)) {
                release();
            }
        }
    }
}
