package io.zeolite.commit.staging;

import java.util.concurrent.atomic.AtomicLong;

/**
 * How much of what is staged may be in memory: of one transaction, and of all together, since many clients that stage and
 * do not vote would use it up. What is beyond either goes to files. Any thread.
 */
public final class StagingMemory {
    /** The rest of the heap has the index, and what is under way. */
    private static final int SHARE_OF_HEAP = 4;

    private final long transactionBytes;
    private final long allBytes;
    private final AtomicLong taken = new AtomicLong();

    /**
     * @param transactionBytes of one transaction; 0 to keep nothing in memory
     * @param allBytes of all together
     */
    public StagingMemory(long transactionBytes, long allBytes) {
        this.transactionBytes = transactionBytes;
        this.allBytes = allBytes;
    }

    /** For a process: all transactions together may have a quarter of the heap. */
    public static StagingMemory ofHeap(long transactionBytes) {
        return new StagingMemory(transactionBytes, Runtime.getRuntime().maxMemory() / SHARE_OF_HEAP);
    }

    Share share() {
        return new Share();
    }

    /** What one transaction has of it. */
    final class Share implements AutoCloseable {
        private long bytes;
        private boolean closed;

        /** Takes so much more, or nothing if that is too much. */
        synchronized boolean take(long more) {
            if (closed || bytes + more > transactionBytes) {
                return false;
            }
            if (taken.addAndGet(more) > allBytes) {
                taken.addAndGet(-more);
                return false;
            }
            bytes += more;
            return true;
        }

        synchronized void giveBack(long less) {
            if (!closed) {
                bytes -= less;
                taken.addAndGet(-less);
            }
        }

        /** Gives all of it back; nothing can be taken any more. */
        @Override
        public synchronized void close() {
            giveBack(bytes);
            closed = true;
        }
    }
}
