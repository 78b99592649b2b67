package io.zeolite.client.connection;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.zeolite.wire.Handshake;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Asks a server how it is, as monitors do: {@code ruok} in the place of a handshake. */
public final class StatusRequest {
    private StatusRequest() {}

    /**
     * The state of all storages of a server.
     *
     * @return JSON: an object with the names of the storages, and in each an object of figures
     * @throws DisconnectedException if nobody listens, or the server gives no answer
     * @throws CallTimeoutException if the answer takes longer than {@code timeout}, which must not be zero
     */
    public static String send(SocketAddress address, ConnectionOptions options, Duration timeout) throws IOException {
        try (ClientLoops loops = new ClientLoops(1)) {
            return BlockingConnection.await(send(loops, address, options), "ruok", address, timeout);
        }
    }

    /** The same as a future, on loops that are there; the connection ends with the answer. */
    public static CompletableFuture<String> send(ClientLoops loops, SocketAddress address, ConnectionOptions options) {
        Handler handler = new Handler(ClientLoops.describe(address));
        return loops.connect(address, options, handler).thenCompose(channel -> handler.answer);
    }

    private static final class Handler extends SimpleChannelInboundHandler<ByteBuf> {
        private final String server;
        private final CompletableFuture<String> answer = new CompletableFuture<>();
        private boolean announced;

        Handler(String server) {
            this.server = server;
        }

        @Override
        public void channelActive(ChannelHandlerContext ctx) {
            ByteBuf request = ctx.alloc().buffer();
            Handshake.askStatus(request);
            ctx.writeAndFlush(request);
        }

        @Override
        protected void channelRead0(ChannelHandlerContext ctx, ByteBuf frame) {
            if (announced) {
                answer.complete(frame.toString(StandardCharsets.UTF_8));
                ctx.close();
            }
            announced = true;
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            fail(BrokenConnection.explain(cause), cause);
            ctx.close();
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            fail("it closed the connection instead", null);
        }

        private void fail(@Nullable String why, @Nullable Throwable cause) {
            answer.completeExceptionally(new DisconnectedException(server + " did not answer ruok: " + why, cause));
        }
    }
}
