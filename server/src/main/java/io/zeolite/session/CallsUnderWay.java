package io.zeolite.session;

/**
 * The calls of a client that wait for their answers, but for those of transactions, blobs and iterators, which have their own
 * limits. With too many of them nothing more is taken from the client: the answers could come all at once, fill the memory, and
 * be more than is kept for a client that does not read. On the loop.
 */
final class CallsUnderWay {
    /** From so many on, the client is not listened to. */
    static final int MOST = 64;

    private final Outbox outbox;
    private int count;
    private boolean paused;

    CallsUnderWay(Outbox outbox) {
        this.outbox = outbox;
    }

    /** @param weight for how many calls this one counts */
    void begin(int weight) {
        count += weight;
        if (count >= MOST && !paused) {
            paused = true;
            outbox.pauseReading();
        }
    }

    /** The call has been answered. */
    void end(int weight) {
        count -= weight;
        if (count < MOST && paused) {
            paused = false;
            outbox.resumeReading();
        }
    }
}
