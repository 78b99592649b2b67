package io.zeolite.client.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.util.internal.ThreadExecutorMap;
import io.zeolite.message.Message;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PyTuple;
import io.zeolite.wire.BlobPiece;
import io.zeolite.wire.MalformedMessageException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class ServerLinkTest {
    private static final Duration WAIT = Duration.ofSeconds(30);

    private final AtomicLong nanoTime = new AtomicLong();

    /** How long the server has taken over it does not count: only the time without a connection does. */
    @Test
    void call_underWayForLongerThanCallsWait_isRepeatedOnTheNextConnection() throws Exception {
        ScriptedServer.Script breaking = peer -> {
            register(peer);
            assertThat(peer.call().method()).isEqualTo(Methods.PING);
            nanoTime.addAndGet(WAIT.toNanos() + 1);
        };
        ScriptedServer.Script answering = peer -> {
            register(peer);
            Message.Call call = peer.call();
            assertThat(call.method()).isEqualTo(Methods.PING);
            peer.send(new Message.Reply(call.id(), true));
            peer.awaitEnd();
        };
        try (ScriptedServer server = new ScriptedServer(breaking, answering)) {
            try (ServerLink link = new ServerLink(options(server.address()), new NoUser(), nanoTime::get)) {
                link.start();
                assertThat(link.call(Methods.PING, PyTuple.EMPTY, ServerLink.Retry.YES)
                                .join())
                        .isEqualTo(true);
            }
            server.join();
        }
    }

    /** One that does not end would take away the connection of all others again and again. */
    @Test
    void call_whoseAnswerCannotBeRead_failsWithTheSecondConnection() throws Exception {
        ScriptedServer.Script nonsense = peer -> {
            register(peer);
            assertThat(peer.call().method()).isEqualTo(Methods.PING);
            peer.frame(new byte[] {(byte) 0xc1});
            peer.awaitEnd();
        };
        ScriptedServer.Script closing = peer -> {
            register(peer);
            assertThat(peer.call().method()).isEqualTo(Methods.PING);
        };
        try (ScriptedServer server = new ScriptedServer(nonsense, closing, nonsense)) {
            try (ServerLink link = new ServerLink(options(server.address()), new NoUser(), nanoTime::get)) {
                link.start();
                assertThat(link.call(Methods.PING, PyTuple.EMPTY, ServerLink.Retry.YES))
                        .failsWithin(Duration.ofSeconds(30))
                        .withThrowableThat()
                        .withRootCauseInstanceOf(MalformedMessageException.class);
            }
            server.join();
        }
    }

    /** One of several servers that are tried for as long as a connection may take. */
    @Test
    void address_thatDoesNotAnswer_isNotWaitedForByTheOthers() throws Exception {
        CountDownLatch connected = new CountDownLatch(1);
        ScriptedServer.Script ending = peer -> peer.handshake("M5");
        ScriptedServer.Script good = peer -> {
            register(peer);
            peer.awaitEnd();
        };
        try (ScriptedServer silent = new ScriptedServer(peer -> connected.await());
                ScriptedServer server = new ScriptedServer(ending, good)) {
            try (ServerLink link = new ServerLink(
                    options(Duration.ofMillis(10), Runnable::run, silent.address(), server.address()),
                    new NoUser(),
                    nanoTime::get)) {
                link.start();
                assertThat(link.connection()).succeedsWithin(Duration.ofSeconds(30));
            }
            connected.countDown();
            silent.join();
            server.join();
        }
    }

    /** An outdated copy that is near would be the first one each time. */
    @Test
    void server_thatCannotBeVerified_letsTheOthersHaveTheirTurn() throws Exception {
        CompletableFuture<Done> verified = new CompletableFuture<>();
        CompletableFuture<ServerLink> loop = new CompletableFuture<>();
        CountDownLatch near = new CountDownLatch(1);
        LinkUser user = new NoUser() {
            @Override
            public CompletableFuture<Done> verify(ZeoConnection connection, long lastTransaction) {
                near.countDown();
                return verified.isDone() ? Done.future() : verified;
            }
        };
        ScriptedServer.Script outdated = peer -> {
            register(peer);
            peer.awaitEnd();
        };
        ScriptedServer.Script far = peer -> {
            near.await();
            register(peer);
            // It is not wanted, since the other one seems to be good.
            peer.awaitEnd();
            loop.join().onLoop(() -> verified.completeExceptionally(new IllegalStateException("an older copy")));
        };
        ScriptedServer.Script wanted = peer -> {
            register(peer);
            peer.awaitEnd();
        };
        try (ScriptedServer first = new ScriptedServer(outdated);
                ScriptedServer second = new ScriptedServer(far, wanted)) {
            try (ServerLink link = new ServerLink(
                    options(Duration.ofHours(1), Runnable::run, first.address(), second.address()),
                    user,
                    nanoTime::get)) {
                loop.complete(link);
                link.start();
                assertThat(link.connection())
                        .succeedsWithin(Duration.ofSeconds(30))
                        .extracting(ZeoConnection::address)
                        .isEqualTo(second.address());
            }
            first.join();
            second.join();
        }
    }

    /** While it is used another one is looked for, at longer and longer intervals. */
    @Test
    void readOnlyServer_thatIsLost_isTriedAgainAtOnce() throws Exception {
        CountDownLatch used = new CountDownLatch(1);
        ScriptedServer.Script ending = peer -> {
            registerReadOnly(peer);
            used.await();
        };
        ScriptedServer.Script good = peer -> {
            registerReadOnly(peer);
            peer.awaitEnd();
        };
        try (ScriptedServer server = new ScriptedServer(ending, good)) {
            try (ServerLink link = new ServerLink(
                    options(
                            LinkOptions.Access.READ_ONLY_FALLBACK,
                            Duration.ofHours(1),
                            Runnable::run,
                            server.address()),
                    new NoUser(),
                    nanoTime::get)) {
                link.start();
                ZeoConnection first = link.connection().get(30, TimeUnit.SECONDS);
                nanoTime.addAndGet(TimeUnit.MINUTES.toNanos(1));
                used.countDown();
                first.closed().join();
                assertThat(link.connection(Duration.ofDays(1))).succeedsWithin(Duration.ofSeconds(30));
            }
            server.join();
        }
    }

    /** Restored from a backup, say. Without the other one there would be none. */
    @Test
    void serverThatTakesWrites_isBehindTheReadOnlyOne_thatOneStays() throws Exception {
        CountDownLatch used = new CountDownLatch(1);
        AtomicBoolean behind = new AtomicBoolean(true);
        List<String> told = Collections.synchronizedList(new ArrayList<>());
        LinkUser user = new NoUser() {
            @Override
            public boolean isBehind(long lastTransaction) {
                return behind.get();
            }

            @Override
            public void connected(ZeoConnection connection, boolean readOnly) {
                told.add(readOnly ? "read-only" : "for writing");
                used.countDown();
            }

            @Override
            public void disconnected(DisconnectedException reason) {
                told.add("left");
            }
        };
        ScriptedServer.Script replica = peer -> {
            registerReadOnly(peer);
            peer.awaitEnd();
        };
        ScriptedServer.Script restored = peer -> {
            used.await();
            register(peer);
            peer.awaitEnd();
            behind.set(false);
        };
        ScriptedServer.Script caughtUp = peer -> {
            register(peer);
            peer.awaitEnd();
        };
        try (ScriptedServer first = new ScriptedServer(replica);
                ScriptedServer second = new ScriptedServer(restored, caughtUp)) {
            try (ServerLink link = new ServerLink(
                    options(
                            LinkOptions.Access.READ_ONLY_FALLBACK,
                            Duration.ofMillis(10),
                            Runnable::run,
                            first.address(),
                            second.address()),
                    user,
                    nanoTime::get)) {
                link.start();
                // The end of the first connection.
                first.join();
                assertThat(link.connection()).succeedsWithin(Duration.ofSeconds(30));
            }
            second.join();
        }
        assertThat(told).startsWith("read-only", "left", "for writing");
    }

    private static void registerReadOnly(ScriptedServer.Peer peer) throws Exception {
        peer.handshake("M5");
        Message.Call call = peer.call();
        assertThat(call.method()).isEqualTo(Methods.REGISTER);
        peer.send(new Message.ErrorReply(call.id(), "ZODB.POSException.ReadOnlyError", PyTuple.EMPTY));
        call = peer.call();
        assertThat(call.method()).isEqualTo(Methods.REGISTER);
        peer.send(new Message.Reply(call.id(), new byte[] {0, 0, 0, 0, 0, 0, 0, 1}));
    }

    /** As when no thread can be started. */
    @Test
    void lookUp_thatCannotBeTried_isTriedAgain() throws Exception {
        ScriptedServer.Script script = peer -> {
            register(peer);
            peer.awaitEnd();
        };
        AtomicInteger failures = new AtomicInteger(2);
        Executor background = work -> {
            if (failures.getAndDecrement() > 0) {
                throw new OutOfMemoryError("of a test");
            }
            work.run();
        };
        try (ScriptedServer server = new ScriptedServer(script)) {
            InetSocketAddress unresolved = InetSocketAddress.createUnresolved(
                    "127.0.0.1", server.address().getPort());
            try (ServerLink link = new ServerLink(
                    options(Duration.ofMillis(10), background, unresolved), new NoUser(), nanoTime::get)) {
                link.start();
                assertThat(link.connection()).succeedsWithin(Duration.ofSeconds(30));
            }
            server.join();
        }
    }

    /** As when there is no memory: what was to be done for others is not known any more. */
    @Test
    void error_thatEscapesFromAStep_failsAllCalls() throws Exception {
        OutOfMemoryError error = new OutOfMemoryError("of a test");
        failsAllCalls(
                link -> link.onLoop(() -> {
                    throw error;
                }),
                error.toString());
    }

    /** Netty ends the thread if it cannot log what a task has thrown. */
    @Test
    void loop_whoseThreadEnds_failsAllCalls() throws Exception {
        Error deadly = new Error() {
            private static final long serialVersionUID = 1L;

            @Override
            public String getMessage() {
                throw new OutOfMemoryError("of a test");
            }
        };
        failsAllCalls(
                link -> link.onLoop(() -> Objects.requireNonNull(ThreadExecutorMap.currentExecutor())
                        .execute(() -> {
                            throw deadly;
                        })),
                "its event loop has ended");
    }

    private void failsAllCalls(Consumer<ServerLink> failure, String reason) throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        ScriptedServer.Script script = peer -> {
            register(peer);
            peer.call();
            asked.countDown();
            peer.awaitEnd();
        };
        try (ScriptedServer server = new ScriptedServer(script)) {
            CompletableFuture<Throwable> ended = new CompletableFuture<>();
            NoUser user = new NoUser() {
                @Override
                public void ended(Throwable why) {
                    ended.complete(why);
                }
            };
            try (ServerLink link = new ServerLink(options(server.address()), user, nanoTime::get)) {
                link.start();
                CompletableFuture<Object> answer = link.call(Methods.PING, PyTuple.EMPTY, ServerLink.Retry.YES);
                asked.await();
                failure.accept(link);
                assertThat(ended).succeedsWithin(Duration.ofSeconds(30)).isEqualTo(link.failure());
                assertHasFailed(answer, reason);
                assertHasFailed(link.call(Methods.PING, PyTuple.EMPTY, ServerLink.Retry.YES), reason);
                server.join();
            }
        }
    }

    private static void assertHasFailed(CompletableFuture<Object> call, String reason) {
        assertThat(call)
                .failsWithin(Duration.ofSeconds(30))
                .withThrowableThat()
                .withCauseInstanceOf(DisconnectedException.class)
                .withMessageContaining("the client has failed, and must be opened anew")
                .withMessageContaining(reason);
    }

    private static void register(ScriptedServer.Peer peer) throws Exception {
        peer.handshake("M5");
        Message.Call call = peer.call();
        assertThat(call.method()).isEqualTo(Methods.REGISTER);
        peer.send(new Message.Reply(call.id(), new byte[] {0, 0, 0, 0, 0, 0, 0, 1}));
    }

    private static LinkOptions options(SocketAddress address) {
        return options(Duration.ofMillis(10), Runnable::run, address);
    }

    private static LinkOptions options(Duration pause, Executor background, SocketAddress... addresses) {
        return options(LinkOptions.Access.READ_WRITE, pause, background, addresses);
    }

    private static LinkOptions options(
            LinkOptions.Access access, Duration pause, Executor background, SocketAddress... addresses) {
        return new LinkOptions(
                List.of(addresses),
                "1",
                access,
                null,
                ConnectionOptions.DEFAULT.withConnectTimeout(Duration.ofHours(1)),
                pause,
                pause,
                WAIT,
                Duration.ofMinutes(1),
                background);
    }

    /** Whom nothing concerns. */
    private static class NoUser implements LinkUser {
        @Override
        public CompletableFuture<Done> verify(ZeoConnection connection, long lastTransaction) {
            return Done.future();
        }

        @Override
        public boolean isBehind(long lastTransaction) {
            return false;
        }

        @Override
        public void connected(ZeoConnection connection, boolean readOnly) {}

        @Override
        public void received(String method, PyTuple args) {}

        @Override
        public void received(BlobPiece piece) {}

        @Override
        public void disconnected(DisconnectedException reason) {}
    }
}
