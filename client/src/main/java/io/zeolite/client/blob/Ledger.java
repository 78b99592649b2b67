package io.zeolite.client.blob;

import io.zeolite.disk.Flock;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.concurrent.locks.ReentrantLock;

/**
 * How many bytes lie in each directory of a cache, in a file that all processes share. Whoever adds or removes a file
 * does it between {@link #lock} and {@link Locked#close}, together with the number.
 *
 * <p>On disk, in the byte order of the network: eight bytes {@code ZLTBLOB1}; the number of the directory that is being
 * changed, or -1; then for each directory its bytes, or -1 if they have not been counted. A process that dies between
 * changing a directory and its number leaves the directory's name behind, and the next one counts it again. The file is
 * not forced to the disk: after a crash of the machine the numbers may be wrong, until the round of {@link Upkeep}
 * has come to them.
 */
final class Ledger implements Closeable {
    static final long UNKNOWN = -1;

    private static final long MAGIC = 0x5a4c54424c4f4231L;
    private static final int NONE = -1;
    private static final int HEADER_BYTES = 16;
    private static final int BYTES = HEADER_BYTES + Long.BYTES * CacheLayout.DIRECTORIES;

    /** Counts what lies in a directory. */
    interface Count {
        long bytes(int directory) throws IOException;
    }

    private final FileChannel channel;
    private final Flock flock;
    private final Count count;
    private final ReentrantLock mutex = new ReentrantLock();
    private final ByteBuffer all = ByteBuffer.allocate(BYTES);

    private Ledger(FileChannel channel, Flock flock, Count count) {
        this.channel = channel;
        this.flock = flock;
        this.count = count;
    }

    static Ledger open(Path path, Count count) throws IOException {
        FileChannel channel =
                FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        try {
            return new Ledger(channel, Flock.open(path), count);
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /** Waits until no other thread and no other process is at it. What is done under it must be short. */
    Locked lock() throws IOException {
        mutex.lock();
        boolean locked = false;
        try {
            flock.lock();
            Locked held = new Locked();
            locked = true;
            return held;
        } finally {
            if (!locked) {
                unlock();
            }
        }
    }

    private void unlock() throws IOException {
        try {
            flock.unlock();
        } finally {
            mutex.unlock();
        }
    }

    /** The ledger while nobody else is at it. */
    final class Locked implements Closeable {
        private Locked() throws IOException {
            all.clear();
            while (all.hasRemaining() && channel.read(all, all.position()) >= 0) {
                // Until all of it is there.
            }
            if (all.hasRemaining() || all.getLong(0) != MAGIC) {
                startAnew();
            }
            long changing = all.getLong(8);
            if (changing != NONE) {
                recount(Math.floorMod(changing, CacheLayout.DIRECTORIES));
            }
        }

        private void startAnew() throws IOException {
            Arrays.fill(all.array(), (byte) 0xff);
            all.putLong(0, MAGIC);
            all.clear();
            while (all.hasRemaining()) {
                channel.write(all, all.position());
            }
        }

        /** All bytes in directories that have been counted. */
        long total() {
            long sum = 0;
            for (int i = 0; i < CacheLayout.DIRECTORIES; i++) {
                sum += Math.max(0, bytes(i));
            }
            return sum;
        }

        /** {@link #UNKNOWN} if it has not been counted. */
        long bytes(int directory) {
            return all.getLong(position(directory));
        }

        /** Counts a directory that has not been counted. */
        void know(int directory) throws IOException {
            if (bytes(directory) == UNKNOWN) {
                recount(directory);
            }
        }

        void recount(int directory) throws IOException {
            set(directory, count.bytes(directory));
            put(8, NONE);
        }

        /** To be called before a file is added, removed, or changes its length. */
        void changing(int directory) throws IOException {
            know(directory);
            put(8, directory);
        }

        /** To be called after that. */
        void changed(int directory, long difference) throws IOException {
            set(directory, Math.max(0, bytes(directory) + difference));
            put(8, NONE);
        }

        private void set(int directory, long bytes) throws IOException {
            put(position(directory), bytes);
        }

        private void put(int position, long value) throws IOException {
            all.putLong(position, value);
            ByteBuffer part = all.duplicate().position(position).limit(position + Long.BYTES);
            while (part.hasRemaining()) {
                channel.write(part, part.position());
            }
        }

        @Override
        public void close() throws IOException {
            unlock();
        }
    }

    private static int position(int directory) {
        return HEADER_BYTES + Long.BYTES * directory;
    }

    @Override
    public void close() throws IOException {
        mutex.lock();
        try {
            flock.close();
            channel.close();
        } finally {
            mutex.unlock();
        }
    }
}
