package io.zeolite.client.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.message.Message;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PyTuple;
import io.zeolite.wire.BlobPiece;
import io.zeolite.wire.MalformedMessageException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
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

    private static void register(ScriptedServer.Peer peer) throws Exception {
        peer.handshake("M5");
        Message.Call call = peer.call();
        assertThat(call.method()).isEqualTo(Methods.REGISTER);
        peer.send(new Message.Reply(call.id(), new byte[] {0, 0, 0, 0, 0, 0, 0, 1}));
    }

    private static LinkOptions options(SocketAddress address) {
        return new LinkOptions(
                List.of(address),
                "1",
                LinkOptions.Access.READ_WRITE,
                null,
                ConnectionOptions.DEFAULT,
                Duration.ofMillis(10),
                Duration.ofMillis(10),
                WAIT,
                Duration.ofMinutes(1),
                Runnable::run);
    }

    /** Whom nothing concerns. */
    private static final class NoUser implements LinkUser {
        @Override
        public CompletableFuture<Done> verify(ZeoConnection connection, long lastTransaction) {
            return Done.future();
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
