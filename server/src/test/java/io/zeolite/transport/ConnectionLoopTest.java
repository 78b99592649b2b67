package io.zeolite.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Connections that change their event loop while they are in use, over real sockets. */
final class ConnectionLoopTest {
    private static final int ROUNDS = 5;
    private static final int THREADS = 3;

    private final List<EventLoopGroup> groups = new ArrayList<>();

    /** What was told by the loops, in their order. */
    private final BlockingQueue<String> told = new LinkedBlockingQueue<>();

    private final Queue<String> wrong = new ConcurrentLinkedQueue<>();
    private final Set<String> readOn = ConcurrentHashMap.newKeySet();

    enum Transport {
        EPOLL(EpollServerSocketChannel.class) {
            @Override
            IoHandlerFactory handlers() {
                Assumptions.assumeTrue(Epoll.isAvailable());
                return EpollIoHandler.newFactory();
            }
        },
        NIO(NioServerSocketChannel.class) {
            @Override
            IoHandlerFactory handlers() {
                return NioIoHandler.newFactory();
            }
        };

        private final Class<? extends ServerChannel> type;

        Transport(Class<? extends ServerChannel> type) {
            this.type = type;
        }

        abstract IoHandlerFactory handlers();
    }

    /** The server's end of a connection: it sends back what it gets. */
    private final class Echo extends ChannelInboundHandlerAdapter implements ConnectionLoop.Resident {
        private final Channel channel;
        final ConnectionLoop loop;
        volatile boolean closesOnTheWay;

        Echo(Channel channel, EventLoopGroup bulk) {
            this.channel = channel;
            this.loop = new ConnectionLoop(channel, bulk, this);
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            readOn.add(name());
            channel.write(message).addListener(written -> {
                if (!loop.isCurrent()) {
                    wrong.add("is told elsewhere what has been written");
                }
            });
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext ctx) {
            channel.flush();
        }

        @Override
        public void channelUnregistered(ChannelHandlerContext ctx) {
            if (closesOnTheWay) {
                channel.close();
            }
        }

        @Override
        public void beforeMove() {
            channel.config().setAutoRead(false);
        }

        @Override
        public void afterMove() {
            channel.config().setAutoRead(true);
            told.add(name());
        }

        @Override
        public void lostInMove() {
            told.add("lost");
        }

        private String name() {
            return Thread.currentThread().getName().replaceAll("-.*", "");
        }

        void carry() {
            loop.execute(() -> {
                loop.carried(ConnectionLoop.BULK_BYTES);
                loop.moveIfDue();
            });
        }

        void awaitUsualLoop() throws Exception {
            CompletableFuture<String> name;
            do {
                name = new CompletableFuture<>();
                CompletableFuture<String> asked = name;
                loop.execute(() -> asked.complete(name()));
            } while (!name.get(30, TimeUnit.SECONDS).equals("usual"));
        }

        /** There and, as nothing more comes, back. */
        void makeRoundTrip() throws InterruptedException {
            told.clear();
            carry();
            assertThat(told.poll(30, TimeUnit.SECONDS)).isEqualTo("bulk");
            assertThat(told.poll(30, TimeUnit.SECONDS)).isEqualTo("usual");
        }
    }

    private EventLoopGroup group(Transport transport, String name, int threads) {
        EventLoopGroup group =
                new MultiThreadIoEventLoopGroup(threads, new DefaultThreadFactory(name), transport.handlers());
        groups.add(group);
        return group;
    }

    /** Both ends of a connection. */
    private record Pair(Socket client, Echo echo) implements AutoCloseable {
        @Override
        public void close() throws IOException {
            client.close();
        }
    }

    private Pair connect(Transport transport) throws Exception {
        EventLoopGroup bulk = group(transport, "bulk", 2);
        CompletableFuture<Echo> server = new CompletableFuture<>();
        Channel acceptor = new ServerBootstrap()
                .group(group(transport, "usual", 1))
                .channel(transport.type)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        Echo echo = new Echo(channel, bulk);
                        channel.pipeline().addLast(echo);
                        server.complete(echo);
                    }
                })
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .syncUninterruptibly()
                .channel();
        InetSocketAddress address = (InetSocketAddress) acceptor.localAddress();
        return new Pair(new Socket(address.getAddress(), address.getPort()), server.get());
    }

    @AfterEach
    void stop() {
        groups.forEach(group -> group.shutdownGracefully(0, 1, TimeUnit.SECONDS));
        groups.forEach(group -> group.terminationFuture().awaitUninterruptibly());
    }

    @ParameterizedTest
    @EnumSource
    void whatThreadsGiveToIt_runsInTheirOrder_oneAtATime(Transport transport) throws Exception {
        try (Pair pair = connect(transport)) {
            Echo echo = pair.echo();
            AtomicBoolean done = new AtomicBoolean();
            AtomicBoolean busy = new AtomicBoolean();
            Semaphore mayWait = new Semaphore(1000);
            int[] lastRun = new int[THREADS];
            int[] lastGiven = new int[THREADS];
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                int who = i;
                Thread thread = new Thread(() -> {
                    while (!done.get()) {
                        mayWait.acquireUninterruptibly();
                        int number = ++lastGiven[who];
                        echo.loop.execute(() -> {
                            if (!busy.compareAndSet(false, true)) {
                                wrong.add(number + " of thread " + who + " runs beside another task");
                            }
                            if (!echo.loop.isCurrent()) {
                                wrong.add(number + " of thread " + who + " runs elsewhere");
                            }
                            if (lastRun[who] != number - 1) {
                                wrong.add(number + " of thread " + who + " runs after " + lastRun[who]);
                            }
                            lastRun[who] = number;
                            busy.set(false);
                            mayWait.release();
                        });
                    }
                });
                threads.add(thread);
                thread.start();
            }
            for (int round = 0; round < ROUNDS; round++) {
                echo.makeRoundTrip();
            }
            done.set(true);
            for (Thread thread : threads) {
                thread.join();
            }
            CompletableFuture<int[]> atTheEnd = new CompletableFuture<>();
            echo.loop.execute(() -> atTheEnd.complete(lastRun));
            assertThat(atTheEnd.get()).containsExactly(lastGiven);
            assertThat(wrong).isEmpty();
            assertThat(pair.client().isConnected()).isTrue();
        }
    }

    /** More than the sockets hold: at times some of it waits to be sent, and the connection stays where it is. */
    @ParameterizedTest
    @EnumSource
    void whatIsSentAndReceivedMeanwhile_isComplete(Transport transport) throws Exception {
        try (Pair pair = connect(transport)) {
            Echo echo = pair.echo();
            byte[] bytes = new byte[16 << 20];
            for (int round = 0; round < ROUNDS; round++) {
                new Random(round).nextBytes(bytes);
                Thread sender = new Thread(() -> {
                    try {
                        pair.client().getOutputStream().write(bytes);
                    } catch (IOException e) {
                        wrong.add(e.toString());
                    }
                });
                sender.start();
                ByteArrayOutputStream received = new ByteArrayOutputStream(bytes.length);
                while (received.size() < bytes.length) {
                    echo.carry();
                    received.write(pair.client().getInputStream().readNBytes(1 << 16));
                }
                sender.join();
                assertThat(received.toByteArray()).isEqualTo(bytes);
                echo.awaitUsualLoop();
            }
            assertThat(readOn).containsExactlyInAnyOrder("usual", "bulk");
            assertThat(wrong).isEmpty();
        }
    }

    /** What has been written is told to the loop that wrote it, so it stays until the client has taken everything. */
    @ParameterizedTest
    @EnumSource
    void clientThatDoesNotRead_keepsItsLoop(Transport transport) throws Exception {
        try (Pair pair = connect(transport)) {
            Echo echo = pair.echo();
            CompletableFuture<Boolean> moves = new CompletableFuture<>();
            byte[] bytes = new byte[32 << 20];
            echo.loop.execute(() -> {
                echo.channel.writeAndFlush(Unpooled.wrappedBuffer(bytes));
                echo.loop.carried(ConnectionLoop.BULK_BYTES);
                moves.complete(echo.loop.moveIfDue());
            });
            assertThat(moves.get(30, TimeUnit.SECONDS)).isFalse();
            assertThat(pair.client().getInputStream().readNBytes(bytes.length)).hasSize(bytes.length);
            echo.makeRoundTrip();
        }
    }

    @ParameterizedTest
    @EnumSource
    void connectionEndsOnTheWay_residentHears(Transport transport) throws Exception {
        try (Pair pair = connect(transport)) {
            Echo echo = pair.echo();
            echo.closesOnTheWay = true;
            echo.carry();
            assertThat(told.poll(30, TimeUnit.SECONDS)).isEqualTo("lost");
            assertThat(pair.client().getInputStream().read()).isEqualTo(-1);
            CompletableFuture<Boolean> after = new CompletableFuture<>();
            echo.loop.execute(() -> after.complete(echo.loop.isCurrent()));
            assertThat(after.get()).as("what is given to it still runs").isTrue();
        }
    }
}
