package io.zeolite.transport;

import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The event loop that a connection lives on: its usual one or, while it carries blobs, one of those for blobs. The system makes
 * a thread wait that has used much of a processor, and the loads of other connections on that thread would wait with it.
 *
 * <p>On the way from one to the other nothing of the connection runs: what was given to the old loop before runs there
 * first, and what is given to it meanwhile runs on the new one, in that order. Event loop only, but for {@link #execute}
 * and {@link #isCurrent}.
 */
final class ConnectionLoop {
    private static final Logger LOG = LoggerFactory.getLogger(ConnectionLoop.class);

    /** A smaller blob is over before the way to another loop has paid. */
    static final int BULK_BYTES = 1 << 20;

    /** One that carries many blobs one after the other stays between them. */
    private static final long QUIET_MILLIS = 100;

    /** Whose loop it is. */
    interface Resident {
        /** Nothing more is to be taken from the client until {@link #afterMove}. On the loop that it leaves. */
        void beforeMove();

        /** On the loop that it has come to. */
        void afterMove();

        /** The connection ended on the way, and nobody else may have told. On the loop that it was to come to. */
        void lostInMove();
    }

    private final Channel channel;
    private final Resident resident;
    private final EventLoop usual;
    private final EventLoopGroup bulk;

    /** Where its tasks run; null on the way, when all that the old one was given has run. Changed by the loop that it was, or becomes. */
    private volatile @Nullable EventLoop current;

    /** What takes its tasks; null on the way. Under the monitor of those that wait. */
    private @Nullable EventLoop taking;

    /** What was given to it while nothing took it. */
    private final ArrayDeque<Runnable> waiting = new ArrayDeque<>(0);

    private boolean moving;
    private long carried;

    ConnectionLoop(Channel channel, EventLoopGroup bulk, Resident resident) {
        this.channel = channel;
        this.bulk = bulk;
        this.resident = resident;
        this.usual = channel.eventLoop();
        this.current = usual;
        this.taking = usual;
    }

    /** Whether this thread is the loop. Any thread. */
    boolean isCurrent() {
        EventLoop loop = current;
        return loop != null && loop.inEventLoop();
    }

    /**
     * Has a task run behind all that was given to it before. Any thread.
     *
     * @throws java.util.concurrent.RejectedExecutionException if the server has stopped
     */
    void execute(Runnable task) {
        synchronized (waiting) {
            EventLoop loop = taking;
            if (loop == null) {
                waiting.add(task);
            } else {
                loop.execute(task);
            }
        }
    }

    /** Has a task run some time later. */
    void schedule(Runnable task, long delay, TimeUnit unit) {
        channel.eventLoop()
                .schedule(
                        () -> {
                            if (isCurrent()) {
                                task.run();
                            } else {
                                execute(task);
                            }
                        },
                        delay,
                        unit);
    }

    /** So many bytes of a blob have come or gone. */
    void carried(int bytes) {
        carried += bytes;
        if (carried >= BULK_BYTES && current == usual && !moving) {
            EventLoop next = bulk.next();
            if (next != usual) {
                move(usual, next);
            }
        }
    }

    private void move(EventLoop from, EventLoop to) {
        moving = true;
        resident.beforeMove();
        synchronized (waiting) {
            taking = null;
        }
        // Behind all that was given to it before; nothing more is.
        from.execute(() -> {
            current = null;
            channel.deregister().addListener(left -> register(to));
        });
    }

    private void register(EventLoop to) {
        to.register(channel).addListener(done -> {
            moving = false;
            current = to;
            synchronized (waiting) {
                taking = to;
                waiting.forEach(to::execute);
                waiting.clear();
            }
            if (done.isSuccess()) {
                settle();
            } else {
                LOG.debug("a connection ended on the way to another loop: {}", String.valueOf(done.cause()));
                resident.lostInMove();
            }
        });
    }

    private void settle() {
        carried = 0;
        if (current != usual) {
            lookWhetherQuiet();
        }
        // That the socket takes more again, which it may have waited for, is told to the loop where it waited.
        channel.flush();
        resident.afterMove();
    }

    private void lookWhetherQuiet() {
        schedule(
                () -> {
                    if (!channel.isActive()) {
                        return;
                    }
                    if (carried == 0) {
                        move(channel.eventLoop(), usual);
                    } else {
                        carried = 0;
                        lookWhetherQuiet();
                    }
                },
                QUIET_MILLIS,
                TimeUnit.MILLISECONDS);
    }
}
