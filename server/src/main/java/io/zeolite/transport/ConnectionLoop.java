package io.zeolite.transport;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import java.util.ArrayDeque;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The event loop that a connection lives on: its usual one or, while it carries blobs, one of those for blobs. The system makes
 * a thread wait that has used much of a processor, and the loads of other connections on that thread would wait with it.
 *
 * <p>On the way from one to the other nothing of the connection runs: what was given to the old loop before runs there
 * first, and what is given to it meanwhile runs on the new one, in that order. It leaves only when nothing waits for the socket: a
 * client that does not keep up makes no loop busy. Event loop only, but for {@link #execute}
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

        /** On the loop that it has come to, or could not leave. */
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

    /** What takes its tasks; null on the way. Changed by the same, under the monitor of those that wait. */
    private volatile @Nullable EventLoop taking;

    /** What was given to it while nothing took it. */
    private final ArrayDeque<Runnable> waiting = new ArrayDeque<>(0);

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
    Future<?> schedule(Runnable task, long delay, TimeUnit unit) {
        return channel.eventLoop()
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
    }

    /**
     * Begins the way to a loop for blobs if it is time to. Not to be called while the channel writes.
     *
     * @return whether it is on its way
     */
    boolean moveIfDue() {
        if (carried >= BULK_BYTES && taking == usual && nothingIsToBeWritten()) {
            EventLoop next = bulk.next();
            if (next != usual) {
                move(usual, next);
            }
        }
        return taking == null;
    }

    /** What waits for the socket would be told to the old loop when it has been written. */
    private boolean nothingIsToBeWritten() {
        ChannelOutboundBuffer pending = channel.unsafe().outboundBuffer();
        // Parts of files count no bytes.
        return pending == null || (pending.isEmpty() && pending.totalPendingWriteBytes() == 0);
    }

    private void move(EventLoop from, EventLoop to) {
        resident.beforeMove();
        synchronized (waiting) {
            taking = null;
        }
        // Behind all that was given to it before; nothing more is.
        from.execute(() -> {
            if (nothingIsToBeWritten()) {
                current = null;
                channel.deregister().addListener(left -> register(to));
            } else {
                arrive(from);
            }
        });
    }

    private void register(EventLoop to) {
        to.register(channel).addListener(done -> {
            if (done.isSuccess()) {
                arrive(to);
            } else {
                LOG.debug("a connection ended on the way to another loop: {}", String.valueOf(done.cause()));
                try {
                    takeTasks(to);
                } finally {
                    // Also if the loop has no thread and gets none.
                    resident.lostInMove();
                }
            }
        });
    }

    private void takeTasks(EventLoop loop) {
        current = loop;
        synchronized (waiting) {
            taking = loop;
            waiting.forEach(loop::execute);
            waiting.clear();
        }
    }

    private void arrive(EventLoop loop) {
        takeTasks(loop);
        carried = 0;
        if (loop != usual) {
            lookWhetherQuiet();
        }
        try {
            resident.afterMove();
        } catch (RuntimeException e) {
            channel.pipeline().fireExceptionCaught(e);
        }
    }

    private void lookWhetherQuiet() {
        schedule(
                () -> {
                    if (!channel.isActive()) {
                        return;
                    }
                    if (carried == 0 && nothingIsToBeWritten()) {
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
