package io.zeolite.client.connection;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SingleThreadIoEventLoop;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.handler.ssl.SslContext;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.zeolite.wire.FrameDecoder;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/**
 * The threads on which connections live, to be shared by many. Linux's native transport where it can be loaded, the JDK's
 * elsewhere. Any thread may use it.
 */
public final class ClientLoops implements AutoCloseable {
    private static final long CLOSE_SECONDS = 3;

    // So that of the pieces of a blob, 59,000 bytes long, most lie in one buffer, and the system is asked once for
    // many.
    private static final int LEAST_RECEIVE_BYTES = 64;
    private static final int FIRST_RECEIVE_BYTES = 2 << 10;
    private static final int MOST_RECEIVE_BYTES = 1 << 20;

    private final EventLoopGroup group;

    /** @param threads at least 1 */
    public ClientLoops(int threads) {
        this(threads, () -> {});
    }

    /**
     * @param threads at least 1
     * @param atEnd what each of them does at its end, whatever has ended it. Netty ends one if it cannot even log what a task has
     *     thrown, and leaves its connections open, of which nobody hears any more
     */
    ClientLoops(int threads, Runnable atEnd) {
        this.group =
                new MultiThreadIoEventLoopGroup(
                        threads,
                        new DefaultThreadFactory("zeolite-client", true),
                        Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory()) {
                    @Override
                    protected IoEventLoop newChild(Executor executor, IoHandlerFactory handlers, Object... nothing) {
                        return new SingleThreadIoEventLoop(this, executor, handlers) {
                            @Override
                            protected void run() {
                                try {
                                    super.run();
                                } finally {
                                    atEnd.run();
                                }
                            }
                        };
                    }
                };
    }

    /** One of the threads; what a single-threaded user of connections may run its own steps on. */
    EventLoop loop() {
        return group.next();
    }

    /**
     * Connects. The frames that come are {@link io.netty.buffer.ByteBuf}s for {@code handler}.
     *
     * @param address an internet address, looked up if it is not yet, or a Unix socket
     */
    CompletableFuture<Channel> connect(SocketAddress address, ConnectionOptions options, ChannelHandler handler) {
        boolean unix = address instanceof UnixDomainSocketAddress;
        Bootstrap bootstrap = new Bootstrap()
                .group(group)
                .channel(channelType(unix))
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int)
                        Math.min(Integer.MAX_VALUE, options.connectTimeout().toMillis()))
                .option(
                        ChannelOption.RECVBUF_ALLOCATOR,
                        new AdaptiveRecvByteBufAllocator(LEAST_RECEIVE_BYTES, FIRST_RECEIVE_BYTES, MOST_RECEIVE_BYTES))
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        if (options.tls() != null) {
                            channel.pipeline().addLast(tlsHandler(channel, address, options));
                        }
                        channel.pipeline()
                                .addLast(new FrameDecoder(options.maxMessageBytes()))
                                .addLast(handler);
                    }
                });
        if (!unix) {
            bootstrap.option(ChannelOption.TCP_NODELAY, true).option(ChannelOption.SO_KEEPALIVE, true);
        }
        CompletableFuture<Channel> connected = new CompletableFuture<>();
        ChannelFuture connecting = bootstrap.connect(connectable(address));
        connecting.addListener(done -> {
            if (done.isSuccess()) {
                connected.complete(connecting.channel());
            } else {
                connected.completeExceptionally(new DisconnectedException(
                        "cannot connect to " + describe(address) + ": " + reason(done.cause()), done.cause()));
            }
        });
        return connected;
    }

    private static ChannelHandler tlsHandler(Channel channel, SocketAddress address, ConnectionOptions options) {
        SslContext tls = Objects.requireNonNull(options.tls(), "tls");
        int port = address instanceof InetSocketAddress inet ? inet.getPort() : 0;
        if (options.serverName() != null) {
            return tls.newHandler(channel.alloc(), options.serverName(), port);
        }
        return address instanceof InetSocketAddress inet
                ? tls.newHandler(channel.alloc(), inet.getHostString(), port)
                : tls.newHandler(channel.alloc());
    }

    private static Class<? extends Channel> channelType(boolean unix) {
        if (Epoll.isAvailable()) {
            return unix ? EpollDomainSocketChannel.class : EpollSocketChannel.class;
        }
        return unix ? NioDomainSocketChannel.class : NioSocketChannel.class;
    }

    private static SocketAddress connectable(SocketAddress address) {
        return Epoll.isAvailable() && address instanceof UnixDomainSocketAddress unix
                ? new DomainSocketAddress(unix.getPath().toFile())
                : address;
    }

    /** The system's reason, without the call and the address, which Netty puts around it. */
    private static String reason(Throwable failure) {
        Throwable root = failure.getCause() == null ? failure : failure.getCause();
        String message = root.getMessage() == null ? root.toString() : root.getMessage();
        return message.substring(message.lastIndexOf(": ") < 0 ? 0 : message.lastIndexOf(": ") + 2);
    }

    /** An address as the messages write it: host and port, or the path of a socket. */
    public static String describe(SocketAddress address) {
        if (address instanceof InetSocketAddress inet) {
            String host = inet.getHostString();
            return (host.contains(":") ? "[" + host + "]" : host) + ":" + inet.getPort();
        }
        return address.toString();
    }

    /** The same without waiting, for their own threads. */
    void end() {
        group.shutdownGracefully(0, CLOSE_SECONDS, TimeUnit.SECONDS);
    }

    /** Ends all connections and threads. */
    @Override
    public void close() {
        group.shutdownGracefully(0, CLOSE_SECONDS, TimeUnit.SECONDS)
                .awaitUninterruptibly(CLOSE_SECONDS, TimeUnit.SECONDS);
    }
}
