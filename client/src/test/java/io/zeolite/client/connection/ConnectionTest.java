package io.zeolite.client.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zeolite.error.CallException;
import io.zeolite.error.PosKeyException;
import io.zeolite.message.Message;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PyTuple;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class ConnectionTest {
    private static final Duration LONG = Duration.ofSeconds(30);
    private static final byte[] TID = {0, 0, 0, 0, 0, 0, 1, 2};

    private static BlockingConnection open(SocketAddress address) throws IOException {
        return BlockingConnection.open(
                address, ConnectionOptions.DEFAULT.withConnectTimeout(LONG), ServerMessages.IGNORED);
    }

    @ParameterizedTest
    @ValueSource(strings = {"Z5", "M5"})
    void register_inTheEncodingOfTheServer_returnsTheLastTransaction(String encoding) throws IOException {
        ScriptedServer.Script script = peer -> {
            assertThat(peer.handshake(encoding)).isEqualTo(encoding);
            Message.Call call = peer.call();
            assertThat(call.method()).isEqualTo(Methods.REGISTER);
            assertThat(call.args()).isEqualTo(PyTuple.of("main", true));
            peer.send(new Message.Reply(call.id(), TID));
            peer.awaitEnd();
        };
        try (ScriptedServer server = new ScriptedServer(script);
                BlockingConnection connection = open(server.address())) {
            assertThat(connection.register("main", true, LONG)).isEqualTo(0x102);
            assertThat(connection.async().encoding()).isEqualTo(encoding);
        }
    }

    @Test
    void open_laterVersionOfTheProtocol_isAnsweredWithOurs() throws IOException {
        try (ScriptedServer server = new ScriptedServer(
                        peer -> assertThat(peer.handshake("Z6")).isEqualTo("Z5"));
                BlockingConnection connection = open(server.address())) {
            connection.async().closed().join();
            server.join();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"Z4", "X5", "SSH-2.0-OpenSSH_9.2"})
    void open_notAServerOfThisProtocol_saysWhatItSaid(String announcement) throws IOException {
        try (ScriptedServer server = new ScriptedServer(peer -> {
            peer.frame(announcement.getBytes(StandardCharsets.US_ASCII));
            peer.awaitEnd();
        })) {
            assertThatThrownBy(() -> open(server.address()))
                    .isInstanceOf(DisconnectedException.class)
                    .hasMessageContaining(announcement.substring(0, 2))
                    .hasMessageContaining("expected: Z5 or M5");
            server.join();
        }
    }

    @Test
    void open_nobodyListens_namesTheAddress() throws IOException {
        InetSocketAddress free;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            free = new InetSocketAddress(socket.getInetAddress(), socket.getLocalPort());
        }
        assertThatThrownBy(() -> open(free))
                .isInstanceOf(DisconnectedException.class)
                .hasMessageContaining(":" + free.getPort())
                .hasMessageContaining("refused");
    }

    @Test
    void open_serverThatSaysNothing_failsInTime() throws IOException {
        try (ScriptedServer server = new ScriptedServer(ScriptedServer.Peer::awaitEnd)) {
            ConnectionOptions options = ConnectionOptions.DEFAULT.withConnectTimeout(Duration.ofMillis(50));
            assertThatThrownBy(() -> BlockingConnection.open(server.address(), options, ServerMessages.IGNORED))
                    .isInstanceOf(DisconnectedException.class)
                    .hasMessageContaining("has not announced");
            server.join();
        }
    }

    @Test
    void call_answeredWithErrors_throwsWhatTheyAre() throws IOException {
        byte[] oid = {0, 0, 0, 0, 0, 0, 0, 7};
        ScriptedServer.Script script = peer -> {
            peer.handshake("Z5");
            Object id = peer.call().id();
            peer.send(new Message.ErrorReply(id, "ZODB.POSException.POSKeyError", PyTuple.of((Object) oid)));
            id = peer.call().id();
            peer.send(new Message.ErrorReply(id, "builtins.ValueError", PyTuple.of("unknown storage: x")));
            Message.Call last = peer.call();
            peer.send(new Message.Reply(last.id(), null));
            peer.awaitEnd();
        };
        try (ScriptedServer server = new ScriptedServer(script);
                BlockingConnection connection = open(server.address())) {
            assertThatThrownBy(() -> connection.call(LONG, Methods.GET_TID, PyTuple.of((Object) oid)))
                    .isInstanceOf(PosKeyException.class)
                    .hasMessage("no object 0x07, or no such revision of it");
            assertThatThrownBy(() -> connection.register("x", true, LONG))
                    .isInstanceOf(CallException.class)
                    .hasMessage("builtins.ValueError: unknown storage: x");
            assertThat(connection.call(LONG, Methods.PING, PyTuple.EMPTY)).isNull();
        }
    }

    @Test
    void calls_answeredInAnotherOrder_getTheirOwnAnswers() throws IOException {
        ScriptedServer.Script script = peer -> {
            peer.handshake("Z5");
            List<Message.Call> calls = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                calls.add(peer.call());
            }
            Collections.reverse(calls);
            for (Message.Call call : calls) {
                peer.send(new Message.Reply(call.id(), call.args().get(0)));
            }
            peer.awaitEnd();
        };
        try (ScriptedServer server = new ScriptedServer(script);
                BlockingConnection connection = open(server.address())) {
            List<CompletableFuture<@Nullable Object>> answers = new ArrayList<>();
            for (long i = 0; i < 10; i++) {
                answers.add(connection.async().call("echo", PyTuple.of(i)));
            }
            for (long i = 0; i < 10; i++) {
                assertThat(answers.get((int) i).join()).isEqualTo(i);
            }
        }
    }

    @Test
    void call_connectionLost_failsAndSoDoTheNext() throws IOException {
        try (ScriptedServer server = new ScriptedServer(peer -> {
                    peer.handshake("Z5");
                    peer.call();
                });
                BlockingConnection connection = open(server.address())) {
            assertThatThrownBy(() -> connection.call(LONG, Methods.PING, PyTuple.EMPTY))
                    .isInstanceOf(DisconnectedException.class)
                    .hasMessageContaining("has closed the connection");
            assertThatThrownBy(() -> connection.call(LONG, Methods.PING, PyTuple.EMPTY))
                    .isInstanceOf(DisconnectedException.class);
        }
    }

    @Test
    void call_notAnsweredInTime_failsAndTheConnectionStays() throws IOException {
        CountDownLatch timedOut = new CountDownLatch(1);
        ScriptedServer.Script script = peer -> {
            peer.handshake("Z5");
            Message.Call slow = peer.call();
            timedOut.await();
            peer.send(new Message.Reply(slow.id(), "late"));
            peer.send(new Message.Reply(peer.call().id(), "in time"));
            peer.awaitEnd();
        };
        try (ScriptedServer server = new ScriptedServer(script);
                BlockingConnection connection = open(server.address())) {
            assertThatThrownBy(() -> connection.call(Duration.ofMillis(20), Methods.GET_INFO, PyTuple.EMPTY))
                    .isInstanceOf(CallTimeoutException.class)
                    .hasMessageContaining(Methods.GET_INFO);
            timedOut.countDown();
            assertThat(connection.call(LONG, Methods.PING, PyTuple.EMPTY)).isEqualTo("in time");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void answer_thatNobodyAskedFor_endsTheConnection(boolean garbage) throws IOException {
        ScriptedServer.Script script = peer -> {
            peer.handshake("Z5");
            peer.call();
            if (garbage) {
                peer.frame(new byte[] {1, 2, 3});
            } else {
                peer.send(new Message.Reply(77L, "?"));
            }
            peer.awaitEnd();
        };
        try (ScriptedServer server = new ScriptedServer(script);
                BlockingConnection connection = open(server.address())) {
            assertThatThrownBy(() -> connection.call(LONG, Methods.PING, PyTuple.EMPTY))
                    .isInstanceOf(DisconnectedException.class)
                    .hasMessageContaining("expected");
            server.join();
        }
    }

    @Test
    void messagesOfTheServer_comeInOrderBeforeTheAnswerBehindThem() throws IOException {
        ScriptedServer.Script script = peer -> {
            peer.handshake("Z5");
            Message.Call call = peer.call();
            for (long i = 0; i < 3; i++) {
                peer.send(new Message.OneWay(Methods.INVALIDATE_TRANSACTION, PyTuple.of(i)));
            }
            peer.send(new Message.Reply(call.id(), null));
            peer.awaitEnd();
        };
        List<@Nullable Object> heard = Collections.synchronizedList(new ArrayList<>());
        try (ScriptedServer server = new ScriptedServer(script);
                BlockingConnection connection = BlockingConnection.open(
                        server.address(), ConnectionOptions.DEFAULT, (method, args) -> heard.add(args.get(0)))) {
            connection.call(LONG, Methods.PING, PyTuple.EMPTY);
            assertThat(heard).containsExactly(0L, 1L, 2L);
        }
    }

    @Test
    void send_isACallThatWantsNoAnswer() throws IOException {
        CompletableFuture<Message> received = new CompletableFuture<>();
        try (ScriptedServer server = new ScriptedServer(peer -> {
                    peer.handshake("M5");
                    received.complete(peer.receive());
                });
                BlockingConnection connection = open(server.address())) {
            connection
                    .async()
                    .send(Methods.SET_CLIENT_LABEL, PyTuple.of("tool"))
                    .join();
            assertThat(received.join()).isEqualTo(new Message.OneWay(Methods.SET_CLIENT_LABEL, PyTuple.of("tool")));
        }
    }

    @Test
    void call_afterClose_fails() throws IOException {
        try (ScriptedServer server = new ScriptedServer(peer -> {
            peer.handshake("Z5");
            peer.awaitEnd();
        })) {
            BlockingConnection connection = open(server.address());
            connection.close();
            assertThatThrownBy(() ->
                            connection.async().call(Methods.PING, PyTuple.EMPTY).join())
                    .isInstanceOf(CompletionException.class)
                    .hasCauseInstanceOf(DisconnectedException.class);
            server.join();
        }
    }

    @Test
    void statusRequest_isAnsweredBehindTheAnnouncement() throws IOException {
        try (ScriptedServer server = new ScriptedServer(peer -> {
            assertThat(peer.handshake("Z5")).isEqualTo("ruok");
            peer.frame("{\"1\": {}}".getBytes(StandardCharsets.US_ASCII));
            peer.awaitEnd();
        })) {
            assertThat(StatusRequest.send(server.address(), ConnectionOptions.DEFAULT, LONG))
                    .isEqualTo("{\"1\": {}}");
            server.join();
        }
    }

    @Test
    void statusRequest_refused_saysSo() throws IOException {
        try (ScriptedServer server = new ScriptedServer(peer -> peer.handshake("Z5"))) {
            assertThatThrownBy(() -> StatusRequest.send(server.address(), ConnectionOptions.DEFAULT, LONG))
                    .isInstanceOf(DisconnectedException.class)
                    .hasMessageContaining("did not answer ruok");
        }
    }
}
