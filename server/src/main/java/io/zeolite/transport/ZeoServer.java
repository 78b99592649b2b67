package io.zeolite.transport;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.ChannelGroupFuture;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.GlobalEventExecutor;
import io.zeolite.blob.BlobRevision;
import io.zeolite.logging.Logging;
import io.zeolite.pickle.PyDict;
import io.zeolite.platform.Foreground;
import io.zeolite.session.ServedStorage;
import io.zeolite.session.SessionSettings;
import io.zeolite.tls.TlsContext;
import io.zeolite.wire.FrameDecoder;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.StringJoiner;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Listens on one address and carries the sessions of those who connect. Linux's native transport where it can be loaded,
 * the JDK's elsewhere.
 */
public final class ZeoServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger("ZEO.StorageServer");

    /** What is written ahead for a client before its requests have to wait. */
    private static final WriteBufferWaterMark WRITE_AHEAD = new WriteBufferWaterMark(128 << 10, 512 << 10);

    /** Less than a thread gets that is busy with blobs, or a pack: loads go first. */
    private static final Duration LOOP_SLICE = Duration.ofNanos(400_000);

    private final LoopThreads threads;
    private final EventLoopGroup loops;
    /** Threads start with the first connection that carries a large blob. */
    private final EventLoopGroup bulkLoops;

    private final ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE, true);
    private final Channel acceptor;
    private final AtomicBoolean accepting = new AtomicBoolean(true);

    private ZeoServer(
            LoopThreads threads,
            EventLoopGroup loops,
            EventLoopGroup bulkLoops,
            SocketAddress address,
            TransportSettings settings,
            @Nullable TlsContext tls,
            SessionSettings sessions)
            throws IOException {
        this.threads = threads;
        this.loops = loops;
        this.bulkLoops = bulkLoops;
        StatusReport status = () -> statusJson(sessions);
        Set<BlobRevision> unreadable = ConcurrentHashMap.newKeySet();
        boolean unix = address instanceof UnixDomainSocketAddress;
        ServerBootstrap bootstrap = new ServerBootstrap()
                .group(loops)
                .channel(channelType(unix))
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, WRITE_AHEAD)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        if (tls != null) {
                            TlsPeer.secure(channel, tls);
                        }
                        Connection connection =
                                new Connection(channel, bulkLoops, settings, sessions, status, unreadable);
                        channel.pipeline()
                                .addLast(new FrameDecoder(connection::maxMessageBytes))
                                .addLast(connection);
                        connections.add(channel);
                    }
                });
        if (unix) {
            Addresses.removeStaleSocket(((UnixDomainSocketAddress) address).getPath());
        } else {
            bootstrap
                    .option(ChannelOption.SO_REUSEADDR, true)
                    .option(ChannelOption.SO_BACKLOG, 1024)
                    .childOption(ChannelOption.TCP_NODELAY, true)
                    .childOption(ChannelOption.SO_KEEPALIVE, true);
        }
        this.acceptor = bind(bootstrap, address);
        // Behind the handler that has Netty wait for a second before it accepts again.
        acceptor.pipeline().addLast(new AcceptFailures());
        LoggerFactory.getLogger("ZEO.asyncio.server").info("listening on {}", Addresses.describe(address()));
    }

    /**
     * Starts to listen.
     *
     * @param address an internet address, port 0 for any free one, or a Unix socket
     * @param tls null if clients talk in the clear
     * @throws IOException if the address cannot be had, naming it
     */
    public static ZeoServer listen(
            SocketAddress address, TransportSettings settings, @Nullable TlsContext tls, SessionSettings sessions)
            throws IOException {
        IoHandlerFactory io = Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
        LoopThreads threads = new LoopThreads();
        EventLoopGroup loops = new MultiThreadIoEventLoopGroup(
                settings.ioThreads(),
                threads.factory(Foreground.factory(new DefaultThreadFactory("zeolite-loop"), LOOP_SLICE)),
                io);
        EventLoopGroup bulkLoops = new MultiThreadIoEventLoopGroup(
                Runtime.getRuntime().availableProcessors(),
                threads.factory(new DefaultThreadFactory("zeolite-bulk")),
                io);
        try {
            return new ZeoServer(threads, loops, bulkLoops, address, settings, tls, sessions);
        } catch (IOException e) {
            threads.end();
            loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
            bulkLoops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
            throw e;
        }
    }

    /** Loads the native transport, which takes a while at the first use; listening does it otherwise. */
    public static void preload() {
        LOG.debug("native transport: {}", Epoll.isAvailable());
    }

    private static Class<? extends ServerChannel> channelType(boolean unix) {
        if (Epoll.isAvailable()) {
            return unix ? EpollServerDomainSocketChannel.class : EpollServerSocketChannel.class;
        }
        return unix ? NioServerDomainSocketChannel.class : NioServerSocketChannel.class;
    }

    private static Channel bind(ServerBootstrap bootstrap, SocketAddress address) throws IOException {
        SocketAddress bindable = Epoll.isAvailable() && address instanceof UnixDomainSocketAddress unix
                ? new DomainSocketAddress(unix.getPath().toFile())
                : address;
        ChannelFuture bound = bootstrap.bind(bindable).awaitUninterruptibly();
        Throwable failure = bound.cause();
        if (failure != null) {
            throw new IOException(
                    "cannot listen on " + Addresses.describe(address) + ": " + failure.getMessage(), failure);
        }
        return bound.channel();
    }

    /** Where somebody could not be let in, as when the process has all the files open that it may. */
    private static final class AcceptFailures extends ChannelInboundHandlerAdapter {
        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            LOG.error(
                    Logging.NOISE,
                    "cannot accept connections to {}, trying again in a second: {}",
                    Addresses.describe(ctx.channel().localAddress()),
                    cause.getMessage());
        }
    }

    /** Where it listens, with the port that it really got. */
    public SocketAddress address() {
        SocketAddress address = acceptor.localAddress();
        return address instanceof DomainSocketAddress unix ? UnixDomainSocketAddress.of(unix.path()) : address;
    }

    /** Takes no more connections; those there are go on. */
    public void stopAccepting() {
        acceptor.close().awaitUninterruptibly();
        // Once: afterwards it may be that of the next server.
        if (address() instanceof UnixDomainSocketAddress unix && accepting.compareAndSet(true, false)) {
            deleteSocket(unix.getPath());
        }
    }

    private static void deleteSocket(Path path) {
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            LOG.warn("cannot delete the socket {}: {}", path, e.toString());
        }
    }

    /**
     * Closes every connection, those that blobs are sent on when the client has all of them and has closed its side.
     *
     * @return whether all are closed; false if that takes too long
     */
    public boolean closeAfterBlobs(Duration atMost) {
        stopAccepting();
        ChannelGroupFuture closed = connections.newCloseFuture();
        forEachConnection(Connection::closeAfterBlobs);
        return closed.awaitUninterruptibly(atMost.toMillis());
    }

    /** By their own queues: one may be on its way to another loop. */
    private void forEachConnection(Consumer<Connection> action) {
        for (Channel channel : connections) {
            Connection connection = channel.pipeline().get(Connection.class);
            if (connection != null) {
                action.accept(connection);
            }
        }
    }

    /** Closes every connection and ends the event loops. Returns when all sessions have ended. */
    @Override
    public void close() {
        stopAccepting();
        forEachConnection(Connection::close);
        connections.newCloseFuture().awaitUninterruptibly(2, TimeUnit.SECONDS);
        connections.close().awaitUninterruptibly();
        threads.end();
        Future<?> usual = loops.shutdownGracefully(0, 2, TimeUnit.SECONDS);
        bulkLoops.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(3, TimeUnit.SECONDS);
        usual.awaitUninterruptibly(3, TimeUnit.SECONDS);
    }

    private static String statusJson(SessionSettings sessions) {
        StringJoiner storages = new StringJoiner(", ", "{", "}");
        for (ServedStorage served : sessions.storages().values()) {
            storages.add(quote(served.name()) + ": " + json(served.status()));
        }
        return storages.toString();
    }

    private static String json(PyDict dict) {
        StringJoiner fields = new StringJoiner(", ", "{", "}");
        for (PyDict.Entry entry : dict.entries()) {
            Object value = entry.value();
            fields.add(quote(String.valueOf(entry.key())) + ": "
                    + (value instanceof String text ? quote(text) : String.valueOf(value)));
        }
        return fields.toString();
    }

    private static String quote(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                quoted.append('\\').append(c);
            } else if (c < 0x20 || c > 0x7e) {
                quoted.append(String.format("\\u%04x", (int) c));
            } else {
                quoted.append(c);
            }
        }
        return quoted.append('"').toString();
    }
}
