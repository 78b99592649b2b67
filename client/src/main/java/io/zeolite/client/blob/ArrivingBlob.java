package io.zeolite.client.blob;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A file that is being filled from far away, and those who read it meanwhile. Its channel is closed when the filler and
 * all readers have let go of it. Any thread; listeners are called without a lock.
 */
public final class ArrivingBlob {
    private final FileChannel channel;
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
     * @param size in bytes; {@link OpenBlob#UNKNOWN} if {@link #complete} will tell
     */
    public ArrivingBlob(FileChannel channel, long size) {
        this.channel = channel;
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
    public synchronized @Nullable OpenBlob reader() {
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
        channel.close();
    }

    private final class Reader implements OpenBlob {
        private final AtomicBoolean closed = new AtomicBoolean();

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
