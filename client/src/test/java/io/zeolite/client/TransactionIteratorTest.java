package io.zeolite.client;

import static io.zeolite.client.Scripts.OID;
import static io.zeolite.client.Scripts.answer;
import static io.zeolite.client.Scripts.begin;
import static io.zeolite.client.Scripts.data;
import static io.zeolite.client.Scripts.options;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zeolite.client.connection.ScriptedServer;
import io.zeolite.message.Message;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PyDict;
import io.zeolite.pickle.PyTuple;
import io.zeolite.zodb.Ids;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class TransactionIteratorTest {
    private static final int RECORDS = 32;
    private static final Duration CALL = Duration.ofSeconds(3);

    private static PyTuple transaction(long tid) {
        byte[] nothing = {};
        return PyTuple.of(Ids.bytes(tid), " ", nothing, nothing, new PyDict());
    }

    @Test
    void next_thatHasNotWaitedLongEnough_isTheSameOneWhenItIsCalledAgain() throws Exception {
        CountDownLatch timedOut = new CountDownLatch(1);
        ScriptedServer.Script script = peer -> {
            begin(peer, 10);
            answer(peer, Methods.ITERATOR_START, 3L);
            Message.Call next = peer.call();
            timedOut.await();
            peer.send(new Message.Reply(next.id(), transaction(1)));
            answer(peer, Methods.ITERATOR_NEXT, transaction(2));
            answer(peer, Methods.ITERATOR_NEXT, null);
            peer.awaitEnd();
        };
        try (ScriptedServer server = new ScriptedServer(script)) {
            try (ZeoClient client =
                            ZeoClient.connect(options(server).callTimeout(CALL).build());
                    TransactionIterator transactions = client.iterate()) {
                assertThatThrownBy(transactions::next).isInstanceOf(NoAnswerException.class);
                timedOut.countDown();
                assertThat(transactions.next().tid()).isEqualTo(1);
                assertThat(transactions.next().tid()).isEqualTo(2);
                assertThat(transactions.hasNext()).isFalse();
            }
            server.join();
        }
    }

    /** The time of a call is that of one record. */
    @Test
    void records_thatTakeLongerTogetherThanACallMay_allCome() throws Exception {
        ScriptedServer.Script script = peer -> {
            begin(peer, 10);
            answer(peer, Methods.ITERATOR_START, 3L);
            answer(peer, Methods.ITERATOR_NEXT, transaction(1));
            answer(peer, Methods.ITERATOR_RECORD_START, 4L);
            for (int i = 0; i < RECORDS; i++) {
                Thread.sleep(CALL.toMillis() / (RECORDS - 2));
                PyTuple record = PyTuple.of(Ids.bytes(OID), Ids.bytes(1), data(i), null);
                answer(peer, Methods.ITERATOR_RECORD_NEXT, record);
            }
            answer(peer, Methods.ITERATOR_RECORD_NEXT, null);
            peer.awaitEnd();
        };
        try (ScriptedServer server = new ScriptedServer(script)) {
            try (ZeoClient client =
                            ZeoClient.connect(options(server).callTimeout(CALL).build());
                    TransactionIterator transactions = client.iterate()) {
                assertThat(transactions.next().records()).hasSize(RECORDS);
            }
            server.join();
        }
    }
}
