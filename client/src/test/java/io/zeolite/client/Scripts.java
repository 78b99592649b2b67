package io.zeolite.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.client.connection.ScriptedServer;
import io.zeolite.message.Message;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PyDict;
import io.zeolite.pickle.PyTuple;
import io.zeolite.zodb.Ids;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What both sides say at the beginning of a connection, and what is said again and again, for {@link ScriptedServer}s. */
final class Scripts {
    static final long OID = 5;

    private Scripts() {}

    static ZeoClientOptions.Builder options(ScriptedServer server) {
        return ZeoClientOptions.builder().address(server.address()).waitTimeout(Duration.ofSeconds(20));
    }

    static byte[] data(int value) {
        return new byte[] {(byte) value};
    }

    /** The beginning of every connection, up to the first call of the client's user. */
    static void begin(ScriptedServer.Peer peer, long lastTransaction) throws Exception {
        peer.handshake("M5");
        answer(peer, Methods.REGISTER, Ids.bytes(lastTransaction));
        answer(peer, Methods.GET_INFO, new PyDict().put("name", "scripted").put("size", 7L));
    }

    static void answer(ScriptedServer.Peer peer, String method, @Nullable Object value) throws Exception {
        Message.Call call = peer.call();
        assertThat(call.method()).isEqualTo(method);
        peer.send(new Message.Reply(call.id(), value));
    }

    /** The client asks whether the storage has the last transaction that it knows of. */
    static void answerWhetherThereIs(ScriptedServer.Peer peer, long tid, boolean isThere) throws Exception {
        Message.Call start = peer.call();
        assertThat(start.method()).isEqualTo(Methods.ITERATOR_START);
        assertThat(start.args()).isEqualTo(PyTuple.of(Ids.bytes(tid), Ids.bytes(tid)));
        peer.send(new Message.Reply(start.id(), 3L));
        byte[] nothing = {};
        PyTuple transaction = PyTuple.of(Ids.bytes(tid), " ", nothing, nothing, new PyDict());
        answer(peer, Methods.ITERATOR_NEXT, isThere ? transaction : null);
        if (isThere) {
            Message.OneWay end = (Message.OneWay) peer.receive();
            assertThat(end.method()).isEqualTo(Methods.ITERATOR_GC);
            assertThat(Wire.sequence(end.method(), end.args().get(0))).containsExactly(3L);
        }
    }

    static void invalidate(ScriptedServer.Peer peer, long tid, long... oids) throws IOException {
        List<byte[]> changed = new ArrayList<>();
        Arrays.stream(oids).forEach(oid -> changed.add(Ids.bytes(oid)));
        peer.send(new Message.OneWay(Methods.INVALIDATE_TRANSACTION, PyTuple.of(Ids.bytes(tid), changed)));
    }

    static PyTuple current(int value, long serial) {
        return PyTuple.of(data(value), Ids.bytes(serial), null);
    }

    /** A commit that goes well. */
    static void commit(ScriptedServer.Peer peer, long tid) throws Exception {
        peer.send(new Message.Reply(stores(peer).id(), List.of()));
        answer(peer, Methods.TPC_FINISH, Ids.bytes(tid));
    }

    /** Up to a vote, which it does not answer. */
    static Message.Call stores(ScriptedServer.Peer peer) throws Exception {
        assertThat(((Message.OneWay) peer.receive()).method()).isEqualTo(Methods.TPC_BEGIN);
        assertThat(((Message.OneWay) peer.receive()).method()).isEqualTo(Methods.STORE);
        Message.Call vote = peer.call();
        assertThat(vote.method()).isEqualTo(Methods.VOTE);
        return vote;
    }
}
