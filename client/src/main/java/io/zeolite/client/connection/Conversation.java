package io.zeolite.client.connection;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.SimpleChannelInboundHandler;
import io.zeolite.error.ErrorReplies;
import io.zeolite.message.Message;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PyTuple;
import io.zeolite.wire.BlobPiece;
import io.zeolite.wire.Codec;
import io.zeolite.wire.Handshake;
import io.zeolite.wire.MalformedMessageException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What a connection says and hears. The event loop's, but for the futures and {@link #encoding}.
 *
 * <p>A server that says something that cannot be understood is disconnected: an answer may have been in it, and whoever
 * waits for that must not wait for ever.
 */
final class Conversation extends SimpleChannelInboundHandler<ByteBuf> {
    private static final Duration KEEP_ALIVE = Duration.ofSeconds(60);

    private final String server;
    private final Duration announcementTimeout;
    private final ServerMessages messages;
    private final CompletableFuture<@Nullable Void> ready = new CompletableFuture<>();
    private final CompletableFuture<@Nullable Void> closed = new CompletableFuture<>();
    private final Map<Object, CompletableFuture<@Nullable Object>> pending = new HashMap<>();

    private @Nullable ChannelHandlerContext context;
    private volatile @Nullable Codec codec;
    private @Nullable Throwable failure;
    private @Nullable Future<?> keepAlive;
    private long lastId;
    private boolean flushing;

    private long quietSince;
    /** What {@link #ask} has asked, and whether that has not left yet. */
    private CompletableFuture<@Nullable Object> question = CompletableFuture.completedFuture(null);

    private boolean asking;
    /** What was on its way out when that was looked at last, and how much of it had left. */
    private int outgoing;

    private long outgoingLeft;

    Conversation(String server, Duration announcementTimeout, ServerMessages messages) {
        this.server = server;
        this.announcementTimeout = announcementTimeout;
        this.messages = messages;
    }

    /** Completes with the handshake. */
    CompletableFuture<@Nullable Void> ready() {
        return ready;
    }

    CompletableFuture<@Nullable Void> closed() {
        return closed;
    }

    String encoding() {
        Codec current = codec;
        return current == null ? "" : current.announcement();
    }

    void call(String method, PyTuple args, CompletableFuture<@Nullable Object> answer) {
        Long id = ++lastId;
        ByteBuf frame = encode(new Message.Call(id, method, args), answer);
        ChannelHandlerContext open = context;
        if (frame != null && open != null) {
            // That it cannot be written is heard of as the end of the connection.
            pending.put(id, answer);
            open.write(frame, open.voidPromise());
            flushSoon(open);
        }
    }

    void write(Message message, CompletableFuture<@Nullable Object> sent) {
        ByteBuf frame = encode(message, sent);
        ChannelHandlerContext open = context;
        if (frame == null || open == null) {
            return;
        }
        open.write(frame)
                .addListener(written -> guarded(() -> {
                    if (written.isSuccess()) {
                        sent.complete(null);
                    } else {
                        cannotSend(open, written.cause(), sent);
                    }
                }));
        flushSoon(open);
    }

    /** Whether it has begun and not ended, nor is about to. */
    boolean isOpen() {
        return context != null && failure == null && context.channel().isActive();
    }

    /** @return null if it cannot be sent, and the future has been told why */
    private @Nullable ByteBuf encode(Message message, CompletableFuture<?> orFails) {
        ChannelHandlerContext open = context;
        Codec current = codec;
        if (open == null || current == null || !isOpen()) {
            orFails.completeExceptionally(disconnected());
            return null;
        }
        ByteBuf frame = Unpooled.EMPTY_BUFFER;
        try {
            frame = open.alloc().buffer();
            current.encode(message, frame);
            return frame;
        } catch (IllegalArgumentException e) {
            frame.release();
            orFails.completeExceptionally(e);
        } catch (RuntimeException | Error e) {
            frame.release();
            cannotSend(open, e, orFails);
        }
        return null;
    }

    /** Not for lack of memory either may a message be missing among others: of a transaction, a part would be committed. */
    private void cannotSend(ChannelHandlerContext open, Throwable cause, CompletableFuture<?> orFails) {
        DisconnectedException reason =
                new DisconnectedException("cannot write to " + server + ": " + BrokenConnection.explain(cause), cause);
        if (open.channel().isActive()) {
            give(open, reason);
        }
        orFails.completeExceptionally(reason);
    }

    /** Runs what others may wait for, and Netty would only log an error of: that ends the connection, and its user is told. On the event loop. */
    void guarded(Runnable step) {
        try {
            step.run();
        } catch (Error e) {
            messages.failed(e);
            ChannelHandlerContext open = context;
            if (open != null) {
                exceptionCaught(open, e);
            }
        }
    }

    /** Hands what is written in one turn of the loop, by whomever, to the system together. */
    private void flushSoon(ChannelHandlerContext open) {
        if (!flushing) {
            flushing = true;
            open.executor().execute(() -> {
                flushing = false;
                open.flush();
            });
        }
    }

    /**
     * Asks the server something, to see whether it is still there, unless it has yet to answer that. If its answers went
     * into a frame that does not end, each question would make bytes come.
     */
    void ask() {
        ChannelHandlerContext open = context;
        if (open != null && question.isDone()) {
            asking = true;
            question = new CompletableFuture<>();
            call(Methods.LAST_TRANSACTION, PyTuple.EMPTY, question);
            // Leaves when everything before it has.
            open.write(Unpooled.EMPTY_BUFFER).addListener(left -> asking = false);
        }
    }

    /**
     * For how many nanoseconds no byte has come that could have. The server need not say anything as long as a question is
     * behind other bytes that go out, and cannot be heard while nothing is read. To be called every now and then.
     */
    long quietNanos() {
        ChannelHandlerContext open = context;
        if (open == null) {
            return 0;
        }
        boolean goesOut = goesOut(open);
        long now = open.executor().ticker().nanoTime();
        if ((asking && goesOut) || !open.channel().config().isAutoRead()) {
            quietSince = now;
        }
        return now - quietSince;
    }

    /** Whether bytes have left since this was called last: the system has room for more only if the server takes them. */
    private boolean goesOut(ChannelHandlerContext open) {
        ChannelOutboundBuffer waiting = open.channel().unsafe().outboundBuffer();
        int first = waiting == null ? 0 : System.identityHashCode(waiting.current());
        long left = waiting == null ? 0 : waiting.currentProgress();
        boolean changed = first != outgoing || left != outgoingLeft;
        outgoing = first;
        outgoingLeft = left;
        return changed;
    }

    /** Ends the connection for this reason, and returns why it has ended. */
    DisconnectedException fail(String reason, @Nullable Throwable cause) {
        ChannelHandlerContext open = context;
        if (open != null) {
            give(open, new DisconnectedException(server + " " + reason, cause));
        }
        return disconnected();
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        context = ctx;
        quietSince = ctx.executor().ticker().nanoTime();
        ctx.executor()
                .schedule(
                        () -> {
                            if (codec == null) {
                                give(
                                        ctx,
                                        new DisconnectedException(
                                                server
                                                        + " accepted the connection and has not announced its protocol within "
                                                        + announcementTimeout.toMillis() + " ms",
                                                null));
                            }
                        },
                        announcementTimeout.toMillis(),
                        TimeUnit.MILLISECONDS);
        ctx.fireChannelActive();
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, ByteBuf frame) throws MalformedMessageException {
        if (failure != null) {
            // It came together with what could not be understood. Behind that nothing counts, or a transaction of which
            // nothing is known would be followed by the next one.
            return;
        }
        Codec current = codec;
        if (current == null) {
            answer(ctx, Handshake.answer(frame));
            return;
        }
        BlobPiece piece = current.receivedChunk(frame);
        if (piece == null) {
            received(current.decode(frame));
        } else {
            messages.received(piece);
        }
    }

    /** Bytes have come, if only a part of a frame. */
    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        quietSince = ctx.executor().ticker().nanoTime();
        ctx.fireChannelReadComplete();
    }

    private void answer(ChannelHandlerContext ctx, Codec chosen) {
        ByteBuf answer = ctx.alloc().buffer();
        Handshake.write(chosen, answer);
        ctx.writeAndFlush(answer);
        codec = chosen;
        keepAlive = ctx.executor()
                .scheduleAtFixedRate(
                        () -> write(new Message.KeepAlive(), new CompletableFuture<>()),
                        KEEP_ALIVE.toSeconds(),
                        KEEP_ALIVE.toSeconds(),
                        TimeUnit.SECONDS);
        ready.complete(null);
    }

    private void received(Message message) throws MalformedMessageException {
        if (message instanceof Message.Reply reply) {
            CompletableFuture<@Nullable Object> answer = answered(reply.id());
            guarded(() -> answer.complete(reply.value()));
        } else if (message instanceof Message.ErrorReply error) {
            CompletableFuture<@Nullable Object> answer = answered(error.id());
            guarded(() -> answer.completeExceptionally(ErrorReplies.toException(error.pythonClass(), error.detail())));
        } else if (message instanceof Message.OneWay oneWay) {
            messages.received(oneWay.method(), oneWay.args());
        } else if (message instanceof Message.Call call) {
            throw new MalformedMessageException(
                    "a call of " + call.method() + " that wants an answer (expected: answers and one-way calls)");
        }
    }

    private CompletableFuture<@Nullable Object> answered(@Nullable Object id) throws MalformedMessageException {
        CompletableFuture<@Nullable Object> answer = id == null ? null : pending.remove(id);
        if (answer == null) {
            throw new MalformedMessageException("an answer to call " + id + " (expected: one of those under way)");
        }
        return answer;
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        give(ctx, new DisconnectedException(server + ": " + BrokenConnection.explain(cause), cause));
    }

    private void give(ChannelHandlerContext ctx, DisconnectedException reason) {
        if (failure == null) {
            failure = reason;
        }
        ctx.close();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        if (keepAlive != null) {
            keepAlive.cancel(false);
        }
        failCalls();
        closed.complete(null);
        ctx.fireChannelInactive();
    }

    private void failCalls() {
        DisconnectedException reason = disconnected();
        guarded(() -> ready.completeExceptionally(reason));
        List<CompletableFuture<@Nullable Object>> unanswered = List.copyOf(pending.values());
        pending.clear();
        unanswered.forEach(answer -> guarded(() -> answer.completeExceptionally(reason)));
    }

    /** Ends the connection for this reason, and fails its calls, on an event loop that may do nothing more. */
    void abandon(DisconnectedException reason) {
        if (failure == null) {
            failure = reason;
        }
        ChannelHandlerContext open = context;
        if (open != null) {
            guarded(open::close);
        }
        failCalls();
    }

    /** Why there is no connection any more. */
    DisconnectedException disconnected() {
        Throwable known = failure;
        return known instanceof DisconnectedException reason
                ? reason
                : new DisconnectedException(server + " has closed the connection", null);
    }
}
