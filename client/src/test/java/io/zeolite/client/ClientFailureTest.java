package io.zeolite.client;

import static io.zeolite.client.Scripts.OID;
import static io.zeolite.client.Scripts.answer;
import static io.zeolite.client.Scripts.begin;
import static io.zeolite.client.Scripts.data;
import static io.zeolite.client.Scripts.options;
import static io.zeolite.client.Scripts.stores;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zeolite.client.connection.Done;
import io.zeolite.client.connection.ScriptedServer;
import io.zeolite.message.Message;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PyTuple;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What becomes of those who wait when the event loop of a client runs out of memory. */
@Timeout(60)
final class ClientFailureTest {
    private final CountDownLatch asked = new CountDownLatch(1);

    /** The others of its transaction would be committed without it. */
    @Test
    void message_thatCannotBeMade_endsTheConnection() throws Exception {
        ScriptedServer.Script first = peer -> {
            begin(peer, 10);
            peer.awaitEnd();
        };
        ScriptedServer.Script second = peer -> {
            begin(peer, 10);
            answer(peer, Methods.PING, true);
            peer.awaitEnd();
        };
        try (ScriptedServer server = new ScriptedServer(first, second)) {
            ClientCore core = ClientCore.open(options(server).build());
            core.info().join();
            CompletableFuture<Done> step = core.onLoop(() -> {
                throw new OutOfMemoryError("of a test");
            });
            assertThat(step).failsWithin(Duration.ofSeconds(30));
            assertThat(core.ask(Methods.PING, PyTuple.EMPTY).join()).isEqualTo(true);
            core.close();
            server.join();
        }
    }

    @Test
    void commit_whoseFinishIsUnderWay_isUnknown() throws Exception {
        ScriptedServer.Script script = peer -> {
            begin(peer, 10);
            peer.send(new Message.Reply(stores(peer).id(), List.of()));
            assertThat(peer.call().method()).isEqualTo(Methods.TPC_FINISH);
            asked.countDown();
            peer.awaitEnd();
        };
        try (ScriptedServer server = new ScriptedServer(script)) {
            ClientCore core = ClientCore.open(options(server).build());
            ZeoTransaction transaction = new ZeoClient(core).begin("", "").store(OID, 7, data(1));
            CompletableFuture<Long> committed = CompletableFuture.supplyAsync(transaction::commit);
            asked.await();
            fail(core);
            assertThat(committed)
                    .failsWithin(Duration.ofSeconds(30))
                    .withThrowableThat()
                    .withCauseInstanceOf(CommitUnknownException.class)
                    .withMessageContaining("of a test");
            core.close();
            server.join();
        }
    }

    /** Its future may have been what there was no memory to complete. */
    @Test
    void blockingCall_whoseFutureIsForgotten_fails() throws Exception {
        ScriptedServer.Script script = peer -> {
            begin(peer, 10);
            peer.awaitEnd();
        };
        try (ScriptedServer server = new ScriptedServer(script)) {
            ClientCore core = ClientCore.open(options(server).build());
            core.info().join();
            fail(core);
            assertThatThrownBy(() -> core.await(new CompletableFuture<>(), Duration.ZERO))
                    .isInstanceOf(ServerUnavailableException.class)
                    .hasMessageContaining("of a test");
            core.close();
            server.join();
        }
    }

    private static void fail(ClientCore core) {
        core.link().onLoop(() -> {
            throw new OutOfMemoryError("of a test");
        });
    }
}
