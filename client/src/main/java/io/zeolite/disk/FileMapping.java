package io.zeolite.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Short reads of a file without a system call, from memory that is the system's page cache itself. What is mapped are
 * whole segments of the file, each when it is first asked for; the end of a file that grows, and a read over the border
 * of two segments, are for {@link FileChannel#read(ByteBuffer, long)}.
 *
 * <p><b>Bytes that the disk cannot read.</b> A system call tells of them; from a mapping they are a signal (SIGBUS),
 * which the JVM turns into an {@link InternalError}, but in compiled code only some time after the copying, which has
 * ended early without a word. So the first and the last byte of the target are marked before: copying goes from one end
 * to the other, and where both marks are gone it was whole. Where one is still there, the error is waited for, and such
 * a read is left to the channel, which says what is wrong.
 *
 * <p><b>What is not in memory.</b> A thread that waits for the disk in a system call does not keep the JVM from
 * stopping all threads, for its garbage; one that touches a mapped page does, and all wait with it. So a page is read
 * by the channel the first time. It may have gone from memory when it is wanted again, but that is for the system to
 * avoid.
 *
 * <p><b>Threads.</b> Any may read. Segments go away when the file is closed or cut off, and memory that is gone would
 * end the process: readers are counted, and whoever unmaps first takes the segments out of sight, and waits until
 * nobody is left who may have seen them.
 */
final class FileMapping {
    private static final Logger LOG = LoggerFactory.getLogger(FileMapping.class);

    static final int SEGMENT = 4 << 20;
    private static final int SEGMENT_BITS = Integer.numberOfTrailingZeros(SEGMENT);
    private static final int PAGE_BITS = 12;

    /**
     * How many segments a process maps at most, 128 GB. Linux allows 65,530 mappings, of which the JVM and its
     * libraries have some hundreds, and cannot go on without more.
     */
    private static final int MOST_SEGMENTS = 1 << 15;

    private static final AtomicInteger MAPPED = new AtomicInteger();

    /** What is longer is read by a system call, whose costs do not matter then. */
    private static final int LONGEST_READ = 64 << 10;

    /**
     * Of the reads that were whole, those that begin or end with it are done again by the channel: one in a hundred,
     * perhaps.
     */
    private static final byte MARK = (byte) 0xa5;

    /** Counters of readers, so many that threads hardly ever share one, each in a cache line of its own. */
    private static final int COUNTERS = 16;

    private static final int DISTANCE = 16;

    @SuppressWarnings("UnusedVariable") // What nobody could read would not be made.
    private static volatile byte[][] madeByRuntime = {};

    private final DiskFile file;
    private final FileChannel channel;
    /** Held while segments come and go. */
    private final ReentrantLock changes = new ReentrantLock();

    private final AtomicReferenceArray<@Nullable MappedByteBuffer> segments = new AtomicReferenceArray<>(MOST_SEGMENTS);
    /**
     * Of each segment, which pages have been read, a bit each. Who does not see it yet only reads it by the channel
     * again.
     */
    private final long[][] touched = new long[MOST_SEGMENTS][];

    private final AtomicIntegerArray readers = new AtomicIntegerArray(COUNTERS * DISTANCE);

    /** The file is at least so long. */
    private volatile long length;

    private volatile boolean stopped;

    /** @param channel of the file */
    FileMapping(DiskFile file, FileChannel channel) throws IOException {
        this.file = file;
        this.channel = channel;
        this.length = channel.size();
    }

    /**
     * Reads until a buffer is full.
     *
     * @return false if this is to be read in another way; then the buffer has the position that it had
     */
    boolean read(ByteBuffer target, long position) {
        int count = target.remaining();
        int at = (int) (position & (SEGMENT - 1));
        long number = position >>> SEGMENT_BITS;
        if (count == 0 || count > LONGEST_READ || at + count > SEGMENT || number >= MOST_SEGMENTS) {
            return false;
        }
        if ((number + 1) << SEGMENT_BITS > length || !touch((int) number, at, count)) {
            return false;
        }
        int reader = ((int) Thread.currentThread().getId() & (COUNTERS - 1)) * DISTANCE;
        readers.getAndIncrement(reader);
        try {
            MappedByteBuffer segment = segments.get((int) number);
            if (segment != null) {
                return copy(segment, at, target, count);
            }
        } finally {
            readers.getAndDecrement(reader);
        }
        return map((int) number) && read(target, position);
    }

    /** Notes that pages are read; returns whether all of them had been before. */
    private boolean touch(int number, int at, int count) {
        long[] pages = touched[number];
        if (pages == null) {
            pages = new long[SEGMENT >> (PAGE_BITS + 6)];
            touched[number] = pages;
        }
        boolean all = true;
        for (int page = at >> PAGE_BITS; page <= (at + count - 1) >> PAGE_BITS; page++) {
            long bit = 1L << page;
            if ((pages[page >> 6] & bit) == 0) {
                pages[page >> 6] |= bit;
                all = false;
            }
        }
        return all;
    }

    /** All in one {@code try}: the error may come after what has caused it. */
    private static boolean copy(ByteBuffer segment, int at, ByteBuffer target, int count) {
        int start = target.position();
        int last = start + count - 1;
        try {
            target.put(start, MARK).put(last, MARK);
            target.put(start, segment, at, count);
            if (target.get(start) != MARK && target.get(last) != MARK) {
                target.position(last + 1);
                return true;
            }
            takeError();
            return false;
        } catch (InternalError e) {
            return false;
        }
    }

    /**
     * Lets an error arrive that is on its way, which would come out anywhere else, in the middle of what nobody expects
     * to fail. That is when compiled code enters the runtime of the JVM, and arrays of so many arrays are made nowhere
     * else.
     */
    private static void takeError() {
        madeByRuntime = new byte[64][1];
    }

    /** Maps a segment, if nobody maps or unmaps one: event loops read, and do not wait. */
    private boolean map(int number) {
        if (stopped || MAPPED.get() >= MOST_SEGMENTS || !changes.tryLock()) {
            return false;
        }
        try {
            if (stopped || segments.get(number) != null) {
                return !stopped;
            }
            long start = (long) number << SEGMENT_BITS;
            // Beyond its end, a file that is open for writing would be made longer.
            if (channel.size() < start + SEGMENT) {
                return false;
            }
            segments.set(number, channel.map(FileChannel.MapMode.READ_ONLY, start, SEGMENT));
            MAPPED.incrementAndGet();
            return true;
        } catch (IOException e) {
            stopped = true;
            LOG.warn("{} cannot be mapped into memory, and is read in another way: {}", file.path(), e.toString());
            return false;
        } finally {
            changes.unlock();
        }
    }

    /** The file has been written up to here. By one thread at a time. */
    void written(long end) {
        if (end > length) {
            length = end;
        }
    }

    /** The file is about to be cut off, by the thread that writes it. */
    void truncate(long end) {
        changes.lock();
        try {
            length = Math.min(length, end);
            unmap();
        } finally {
            changes.unlock();
        }
    }

    /** The file is about to be closed. */
    void close() {
        changes.lock();
        try {
            stopped = true;
            unmap();
        } finally {
            changes.unlock();
        }
    }

    /** All segments, so that readers come to an end: there would always be some of those that stayed. */
    private void unmap() {
        List<MappedByteBuffer> gone = new ArrayList<>();
        for (int i = 0; i < MOST_SEGMENTS; i++) {
            MappedByteBuffer segment = segments.getAndSet(i, null);
            if (segment != null) {
                gone.add(segment);
            }
        }
        if (gone.isEmpty()) {
            return;
        }
        for (int i = 0; i < COUNTERS; i++) {
            while (readers.get(i * DISTANCE) != 0) {
                LockSupport.parkNanos(10_000);
            }
        }
        for (MappedByteBuffer segment : gone) {
            if (Unmapping.unmap(segment)) {
                MAPPED.decrementAndGet();
            }
        }
    }
}
