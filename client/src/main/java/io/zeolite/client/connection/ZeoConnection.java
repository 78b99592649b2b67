package io.zeolite.client.connection;

import io.netty.channel.Channel;
import io.zeolite.message.Message;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PyTuple;
import io.zeolite.zodb.Ids;
import java.net.SocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * A connection on which the handshake is done. Any thread may call; what one thread sends goes out in the order in which
 * it was sent, and what is sent on the event loop itself is written at once. Futures complete on the event loop, so what hangs on them must not block.
 */
public final class ZeoConnection implements AutoCloseable {
    private final SocketAddress address;
    private final Channel channel;
    private final Conversation conversation;

    private ZeoConnection(SocketAddress address, Channel channel, Conversation conversation) {
        this.address = address;
        this.channel = channel;
        this.conversation = conversation;
    }

    /**
     * Connects, and answers the server's announcement with the encoding that it wants.
     *
     * @return fails with {@link DisconnectedException} if nobody listens, or it is no ZEO server of protocol 5
     */
    public static CompletableFuture<ZeoConnection> open(
            ClientLoops loops, SocketAddress address, ConnectionOptions options, ServerMessages messages) {
        Conversation conversation = new Conversation(ClientLoops.describe(address), options.connectTimeout(), messages);
        return loops.connect(address, options, conversation)
                .thenCompose(channel ->
                        conversation.ready().thenApply(ready -> new ZeoConnection(address, channel, conversation)));
    }

    /**
     * Calls a method of the server.
     *
     * @param args Python values, see {@link io.zeolite.pickle}
     * @return the value that came back; fails with a {@link io.zeolite.error.ZeoException} if the server answered with an
     *     error, with {@link DisconnectedException} if the connection ends first. It has no time limit: see
     *     {@link CompletableFuture#orTimeout}.
     */
    public CompletableFuture<@Nullable Object> call(String method, PyTuple args) {
        CompletableFuture<@Nullable Object> answer = new CompletableFuture<>();
        onLoop(() -> conversation.call(method, args, answer), answer);
        return answer;
    }

    /**
     * Calls a method without wanting an answer.
     *
     * @return completes when it has been handed to the system; what the server does about it is not known
     */
    public CompletableFuture<@Nullable Object> send(String method, PyTuple args) {
        CompletableFuture<@Nullable Object> sent = new CompletableFuture<>();
        Message message = new Message.OneWay(method, args);
        onLoop(() -> conversation.write(message, sent), sent);
        return sent;
    }

    private void onLoop(Runnable task, CompletableFuture<?> orFails) {
        try {
            if (channel.eventLoop().inEventLoop()) {
                task.run();
            } else {
                channel.eventLoop().execute(() -> runOr(task, orFails));
            }
        } catch (RejectedExecutionException e) {
            orFails.completeExceptionally(new DisconnectedException("the connection was closed", e));
        }
    }

    /** A message may be missing among others then, so they all end. */
    private void runOr(Runnable task, CompletableFuture<?> orFails) {
        try {
            task.run();
        } catch (Error e) {
            orFails.completeExceptionally(fail("is not needed any more after " + e, e));
        }
    }

    /**
     * Asks for a storage, which comes before every other call.
     *
     * @return the last transaction of the storage, {@code Tid.NONE} for an empty one
     */
    public CompletableFuture<Long> register(String storage, boolean readOnly) {
        return call(Methods.REGISTER, PyTuple.of(storage, readOnly)).thenApply(value -> {
            if (value instanceof byte[] tid && tid.length == Long.BYTES) {
                return Ids.of(tid);
            }
            throw new UnexpectedAnswerException(ClientLoops.describe(address), Methods.REGISTER, value, "8 bytes");
        });
    }

    /** Where it leads to, as it was given to {@link #open}. */
    public SocketAddress address() {
        return address;
    }

    /** {@code Z5} or {@code M5}. */
    public String encoding() {
        return conversation.encoding();
    }

    /** Asks the server something unless it has yet to answer that, see {@link Conversation#ask}. On the event loop. */
    void ask() {
        conversation.ask();
    }

    /** For how many nanoseconds no byte has come that could have, see {@link Conversation#quietNanos}. On the event loop. */
    long quietNanos() {
        return conversation.quietNanos();
    }

    /** Whether something can still be said on it. On the event loop. */
    boolean isOpen() {
        return conversation.isOpen();
    }

    /** Why it has ended. On the event loop. */
    DisconnectedException end() {
        return conversation.disconnected();
    }

    /**
     * Ends the connection; calls that are under way fail with this reason. On the event loop.
     *
     * @param reason what the server has done, in words that follow its name
     * @return why it has ended, if it had already
     */
    public DisconnectedException fail(String reason, @Nullable Throwable cause) {
        return conversation.fail(reason, cause);
    }

    /** Ends it on an event loop that may do nothing more, see {@link Conversation#abandon}. On the event loop. */
    void abandon(DisconnectedException reason) {
        conversation.abandon(reason);
    }

    /**
     * Stops or goes on reading what the server sends, so that a reader that is slower than the network is not drowned. Any
     * thread.
     */
    public void read(boolean on) {
        channel.config().setAutoRead(on);
    }

    /** Completes when the connection has ended, for whatever reason. */
    public CompletableFuture<@Nullable Void> closed() {
        return conversation.closed();
    }

    /** Ends the connection; returns at once. Calls that are under way fail. */
    @Override
    public void close() {
        channel.close();
    }
}
