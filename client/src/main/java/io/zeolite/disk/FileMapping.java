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
 * <p><b>Bytes that the disk cannot read.</b> A system call tells of them; from a mapping they are a signal (SIGBUS), which the JVM
 * turns into an {@link InternalError}, but in compiled code only some time after the copying, which has ended
 * early without a word. So the first and the last byte of the target are marked before: copying goes from one end to the other,
 * and where both marks are gone it was whole. Where one is still there, the error is waited for, and such a
 * read is left to the channel, which says what is wrong.
 *
 * <p><b>Threads.</b> Any may read. Segments go away when the file is closed or cut off, and memory that is gone would end the
 * process: readers are counted, and whoever unmaps first takes the segments out of sight, and waits until nobody is left who
 * may have seen them.
 */
final class FileMapping {
    private static final Logger LOG = LoggerFactory.getLogger(FileMapping.class);

    static final int SEGMENT = 4 << 20;
    private static final int SEGMENT_BITS = Integer.numberOfTrailingZeros(SEGMENT);

    /**
     * How many segments a process maps at most, 128 GB. Linux allows 65,530 mappings, of which the JVM and its libraries have some
     * hundreds, and cannot go on without more.
     */
    private static final int MOST_SEGMENTS = 1 << 15;

    private static final AtomicInteger MAPPED = new AtomicInteger();

    /** What is longer is read by a system call, whose costs do not matter then. */
    private static final int LONGEST_READ = 64 << 10;

    /** No record begins with it, and few windows end with it. */
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
    private final AtomicIntegerArray readers = new AtomicIntegerArray(COUNTERS * DISTANCE);

    /** The file is at least so long. */
    private volatile long length;

    private volatile boolean stopped;

    /** @param channel of the file, which is read and never written */
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
        return (number + 1) << SEGMENT_BITS <= length && !stopped && map((int) number) && read(target, position);
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
     * Lets an error arrive that is on its way, which would come out anywhere else, in the middle of what nobody expects to fail. That is when
     * compiled code enters the runtime of the JVM, and arrays of so many arrays are made nowhere else.
     */
    private static void takeError() {
        madeByRuntime = new byte[64][1];
    }

    /** Maps a segment if that takes no waiting: event loops read. */
    private boolean map(int number) {
        if (!changes.tryLock()) {
            return false;
        }
        try {
            long start = (long) number << SEGMENT_BITS;
            if (stopped || start + SEGMENT > length) {
                return false;
            }
            if (segments.get(number) != null) {
                return true;
            }
            if (MAPPED.incrementAndGet() > MOST_SEGMENTS) {
                MAPPED.decrementAndGet();
                return false;
            }
            segments.set(number, channel.map(FileChannel.MapMode.READ_ONLY, start, SEGMENT));
            return true;
        } catch (IOException e) {
            MAPPED.decrementAndGet();
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
            unmapFrom((int) Math.min(end >>> SEGMENT_BITS, MOST_SEGMENTS));
        } finally {
            changes.unlock();
        }
    }

    /** The file is about to be closed. */
    void close() {
        changes.lock();
        try {
            stopped = true;
            unmapFrom(0);
        } finally {
            changes.unlock();
        }
    }

    private void unmapFrom(int first) {
        List<MappedByteBuffer> gone = new ArrayList<>();
        for (int i = first; i < MOST_SEGMENTS; i++) {
            MappedByteBuffer segment = segments.getAndSet(i, null);
            if (segment != null) {
                gone.add(segment);
            }
        }
        for (int i = 0; i < COUNTERS && !gone.isEmpty(); i++) {
            while (readers.get(i * DISTANCE) != 0) {
                LockSupport.parkNanos(10_000);
            }
        }
        gone.forEach(Unmapping::unmap);
        MAPPED.addAndGet(-gone.size());
    }
}
