package io.zeolite.commit;

import io.zeolite.error.CallException;
import io.zeolite.error.ZeoException;
import io.zeolite.storage.Completion;
import io.zeolite.storage.Pack;
import io.zeolite.storage.PackControl;
import io.zeolite.storage.TransactionLog;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Packs a storage: on a thread of its own, but for the moment in which the committer puts what was made in the place of
 * what there was. One pack at a time. Any thread may call it.
 */
final class Packing {
    private static final Logger LOG = LoggerFactory.getLogger("ZEO.StorageServer");

    /** If commits are so many that a pack cannot catch up with them, they have to wait for it at last. */
    private static final int MAX_ATTEMPTS = 10;

    private final TransactionLog log;
    private final Committer committer;
    private final CommitContext context;
    private final @Nullable PackedBlobs blobs;
    private final PackPace pace;
    private final Runnable onReplaced;
    /** Open when nothing is under way. */
    private volatile CountDownLatch ended = new CountDownLatch(0);

    Packing(
            TransactionLog log,
            Committer committer,
            CommitContext context,
            @Nullable PackedBlobs blobs,
            long bytesPerSecond,
            Runnable onReplaced) {
        this.log = log;
        this.committer = committer;
        this.context = context;
        this.blobs = blobs;
        this.onReplaced = onReplaced;
        this.pace = new PackPace(context.timers(), bytesPerSecond);
    }

    /**
     * Starts a pack.
     *
     * @param stop the last tid that is packed
     * @param isWhole whether what nothing in the log refers to may be removed
     * @param completion hears when all is done, blobs included; fails at once if a pack is under way
     */
    void start(long stop, boolean isWhole, Completion<Void> completion) {
        if (!enter()) {
            completion.fail(CallException.fileStorage("Already packing"));
            return;
        }
        context.packer().execute(() -> new Run(stop, isWhole, completion).begin());
    }

    /** Does what a pack that was interrupted has left to be done: its blobs, on the same thread. */
    void resume() {
        PackedBlobs left = blobs;
        if (left != null && left.isLeft() && enter()) {
            context.packer().execute(() -> {
                try {
                    pace.begin();
                    left.process(log, pace);
                } catch (IOException | RuntimeException e) {
                    LOG.error("blobs that a pack has left could not be removed: {}", e.toString(), stackOf(e));
                } finally {
                    leave();
                }
            });
        }
    }

    private synchronized boolean enter() {
        if (ended.getCount() > 0) {
            return false;
        }
        ended = new CountDownLatch(1);
        return true;
    }

    private void leave() {
        ended.countDown();
    }

    /** Ends the pack that is under way, if one is, at the next opportunity, and refuses others. */
    void cancel() {
        pace.cancel();
    }

    /** Waits until nothing is under way. Returns false if that takes too long. */
    boolean awaitEnd(Duration atMost) throws InterruptedException {
        return ended.await(atMost.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** What the log shows the stack of; null if what has gone wrong says enough. */
    private static @Nullable Throwable stackOf(Throwable cause) {
        return cause instanceof ZeoException || cause instanceof IOException ? null : cause;
    }

    /**
     * One pack. Its methods run one after the other, on the pack's thread or on the committer's. Whatever they throw ends
     * it, an error too: else no other pack could begin.
     */
    private final class Run {
        private final long stop;
        private final boolean isWhole;
        private final Completion<Void> completion;
        private final long startNanos = context.timers().nanoTime();
        private @Nullable Pack pack;
        private int attempts;
        /** Also if the exchange of the files failed: then the list of blobs is of use if it took place after all. */
        private boolean mayBeReplaced;

        private long replaceNanos;

        Run(long stop, boolean isWhole, Completion<Void> completion) {
            this.stop = stop;
            this.isWhole = isWhole;
            this.completion = completion;
        }

        void begin() {
            try {
                pace.begin();
                pack = log.pack(new PackControl(stop, isWhole, pace, blobs));
                if (blobs != null) {
                    blobs.takeOver(log, pace);
                }
            } catch (Throwable e) {
                end(e);
                return;
            }
            copy(pack);
        }

        private void copy(Pack copied) {
            boolean gains;
            try {
                gains = copied.copy();
            } catch (Throwable e) {
                end(e);
                return;
            }
            if (gains) {
                committer.submitUnpinned(() -> replace(copied));
            } else {
                end(null);
            }
        }

        /** On the committer's thread. */
        private void replace(Pack copied) {
            long start = context.timers().nanoTime();
            Runnable next;
            try {
                pace.check();
                pace.hurry(true);
                mayBeReplaced = true;
                mayBeReplaced = copied.replace(++attempts >= MAX_ATTEMPTS);
                replaceNanos = context.timers().nanoTime() - start;
                next = mayBeReplaced ? this::replaced : () -> copy(copied);
            } catch (Throwable e) {
                next = () -> end(e);
            } finally {
                pace.hurry(false);
            }
            context.packer().execute(next);
        }

        private void replaced() {
            LOG.info("pack: commits waited {} ms for the files to be exchanged", millis(replaceNanos));
            Throwable failure;
            try {
                onReplaced.run();
                failure = closePack();
                PackedBlobs packed = blobs;
                if (packed != null && failure == null) {
                    packed.begin();
                    packed.process(log, pace);
                }
            } catch (Throwable e) {
                failure = e;
            }
            end(failure);
        }

        /** @return what has gone wrong with it */
        private @Nullable Throwable closePack() {
            Pack ended = pack;
            pack = null;
            if (ended == null) {
                return null;
            }
            LOG.info("pack: {} ({} ms)", ended.report(), millis(context.timers().nanoTime() - startNanos));
            try {
                ended.close();
                if (!mayBeReplaced && blobs != null) {
                    blobs.discard();
                }
                return null;
            } catch (Throwable e) {
                return e;
            }
        }

        private void end(@Nullable Throwable failure) {
            Throwable cause = failure;
            Throwable afterwards = closePack();
            if (cause == null) {
                cause = afterwards;
            } else if (afterwards != null && afterwards != cause) {
                cause.addSuppressed(afterwards);
            }
            leave();
            if (cause == null) {
                Completion.done(completion);
            } else {
                Throwable unexpected = stackOf(cause);
                if (pace.isCancelled()) {
                    LOG.info("pack given up: {}", cause.getMessage());
                } else {
                    LOG.error("pack failed: {}", cause.toString(), unexpected);
                }
                completion.fail(
                        cause instanceof ZeoException
                                ? cause
                                : CallException.fileStorage("pack failed: "
                                        + (unexpected == null ? cause.getMessage() : cause.toString())));
            }
        }

        private static long millis(long nanos) {
            return Duration.ofNanos(nanos).toMillis();
        }
    }
}
