package io.zeolite.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.commit.CommitContext;
import io.zeolite.commit.LocalStorage;
import io.zeolite.commit.LocalStorageOptions;
import io.zeolite.commit.NoTimeouts;
import io.zeolite.error.CallException;
import io.zeolite.error.ZeoException;
import io.zeolite.message.Message;
import io.zeolite.message.Methods;
import io.zeolite.pickle.ExtensionPickle;
import io.zeolite.pickle.PyDict;
import io.zeolite.pickle.PyTuple;
import io.zeolite.storage.LogTransaction;
import io.zeolite.storage.Logs;
import io.zeolite.storage.Storage;
import io.zeolite.storage.TestRecords;
import io.zeolite.storage.TransactionMetadata;
import io.zeolite.storage.memory.MemoryLog;
import io.zeolite.zodb.Ids;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The iterators of one client, over a storage with three transactions. The I/O pool is a queue. */
class IteratorCallsTest {
    private static final byte[] EXTENSION = ExtensionPickle.encode(new PyDict().put("k", 1L));

    private final ArrayDeque<Runnable> io = new ArrayDeque<>();

    @SuppressWarnings("NullAway.Init") // Set before each test.
    private Session session;

    private long lastId;

    private final QueuedOutbox client = new QueuedOutbox();

    @BeforeEach
    void openStorage() throws IOException {
        MemoryLog log = new MemoryLog("test");
        Logs.commit(
                log,
                List.of(new LogTransaction(
                        0x10,
                        new TransactionMetadata(TestRecords.bytes("u"), TestRecords.bytes("d"), EXTENSION),
                        TestRecords.of(1, "A").and(2, "B"))));
        Logs.commit(
                log, List.of(new LogTransaction(0x20, Logs.metadata("", "", "not a pickle"), TestRecords.of(1, "C"))));
        Logs.commit(log, 0x30, TestRecords.of(3, "D"));
        Storage storage = LocalStorage.open(
                log,
                null,
                new CommitContext(
                        Runnable::run, Runnable::run, InstantSource.system(), new NoTimeouts(), Duration.ZERO),
                new LocalStorageOptions(10, Duration.ZERO, Long.MAX_VALUE, 1 << 20, () -> {
                    throw new IOException("nothing is stored");
                }));
        ServedStorage served = new ServedStorage("1", storage, true, Duration.ZERO, java.time.Instant.EPOCH);
        session = new Session(
                new SessionSettings(
                        java.util.Map.of("1", served),
                        task -> {
                            throw new AssertionError("a walk would hold up uploads");
                        },
                        io::add,
                        1 << 20),
                client);
        call(Methods.REGISTER, "1", true);
        client.sent.clear();
    }

    private void call(String method, @Nullable Object... args) {
        send(method, tuple(args));
    }

    @SuppressWarnings("NullAway") // It does not see that the method takes an array of values that may be null.
    private static PyTuple tuple(@Nullable Object... args) {
        return PyTuple.of(args);
    }

    private void send(String method, PyTuple args) {
        session.receive(new Message.Call(++lastId, method, args));
    }

    private void run() {
        while (!io.isEmpty() || !client.loop.isEmpty()) {
            (io.isEmpty() ? client.loop : io).remove().run();
        }
    }

    /** Calls, and returns the answer: its value, or the class and detail of an error. */
    private @Nullable Object ask(String method, @Nullable Object... args) {
        send(method, tuple(args));
        run();
        return value(client.sent.get(client.sent.size() - 1));
    }

    private static @Nullable Object value(Message message) {
        return message instanceof Message.Reply reply
                ? reply.value()
                : PyTuple.of(((Message.ErrorReply) message).pythonClass(), ((Message.ErrorReply) message).detail());
    }

    private static PyTuple failure(ZeoException failure) {
        return PyTuple.of(failure.pythonClass(), failure.detail());
    }

    private static PyTuple keyError(long id) {
        return failure(CallException.unknownNumber("iterator", id));
    }

    private static byte[] id(long id) {
        return Ids.bytes(id);
    }

    @Test
    void iterators_walkOverTransactionsAndRecords_asPythonAnswers() {
        assertThat(ask(Methods.ITERATOR_START, null, null)).isEqualTo(0L);
        assertThat(ask(Methods.ITERATOR_NEXT, 0L))
                .isEqualTo(PyTuple.of(
                        id(0x10), " ", TestRecords.bytes("u"), TestRecords.bytes("d"), new PyDict().put("k", 1L)));
        assertThat(ask(Methods.ITERATOR_RECORD_START, 0L, id(0x10))).isEqualTo(1L);
        assertThat(ask(Methods.ITERATOR_RECORD_NEXT, 1L))
                .isEqualTo(PyTuple.of(id(1), id(0x10), TestRecords.bytes("A"), null));
        assertThat(ask(Methods.ITERATOR_RECORD_NEXT, 1L))
                .isEqualTo(PyTuple.of(id(2), id(0x10), TestRecords.bytes("B"), null));
        assertThat(ask(Methods.ITERATOR_RECORD_NEXT, 1L)).isNull();
        assertThat(ask(Methods.ITERATOR_RECORD_NEXT, 1L)).isEqualTo(keyError(1));
        assertThat(ask(Methods.ITERATOR_START, id(0x21), id(0x30))).isEqualTo(2L);
        assertThat(ask(Methods.ITERATOR_NEXT, 2L))
                .isEqualTo(PyTuple.of(id(0x30), " ", new byte[0], new byte[0], new PyDict()));
        assertThat(ask(Methods.ITERATOR_NEXT, 2L)).isNull();
        assertThat(ask(Methods.ITERATOR_NEXT, 2L)).isEqualTo(keyError(2));
        assertThat(ask(Methods.ITERATOR_RECORD_START, 2L, id(0x30))).isEqualTo(keyError(2));
    }

    @Test
    void iterators_wrongIdsAndArguments_areErrors() {
        ask(Methods.ITERATOR_START, null, null);
        assertThat(ask(Methods.ITERATOR_NEXT, 77L)).isEqualTo(keyError(77));
        assertThat(ask(Methods.ITERATOR_RECORD_NEXT, 0L)).isEqualTo(keyError(0));
        assertThat(ask(Methods.ITERATOR_RECORD_START, 0L, id(0x10))).isEqualTo(keyError(0));
        ask(Methods.ITERATOR_NEXT, 0L);
        assertThat(ask(Methods.ITERATOR_RECORD_START, 0L, id(0x20)))
                .asString()
                .contains("builtins.Exception")
                .contains("Out-of-order request for record iterator for transaction 0x20");
        assertThat(ask(Methods.ITERATOR_NEXT, "0")).asString().contains("builtins.TypeError");
        assertThat(ask(Methods.ITERATOR_START, "text", null)).asString().contains("builtins.TypeError");
        assertThat(ask(Methods.RECORD_ITERNEXT, (Object) null)).asString().contains("builtins.AttributeError");
    }

    @Test
    void iteratorNext_extensionThatCannotBeRead_isAnErrorAndPassedOver() {
        ask(Methods.ITERATOR_START, null, null);
        ask(Methods.ITERATOR_NEXT, 0L);
        assertThat(ask(Methods.ITERATOR_NEXT, 0L))
                .asString()
                .contains("builtins.ValueError")
                .contains("the extension of transaction 0x20 cannot be read");
        assertThat(ask(Methods.ITERATOR_NEXT, 0L)).asString().contains("[0, 0, 0, 0, 0, 0, 0, 48]");
    }

    @Test
    void iteratorGc_whatIsNamed_isForgotten() {
        ask(Methods.ITERATOR_START, null, null);
        ask(Methods.ITERATOR_START, null, null);
        assertThat(ask(Methods.ITERATOR_GC, List.of(0L, 5L))).isNull();
        assertThat(ask(Methods.ITERATOR_NEXT, 0L)).isEqualTo(keyError(0));
        assertThat(ask(Methods.ITERATOR_NEXT, 1L)).isNotNull();
        assertThat(ask(Methods.ITERATOR_GC, PyTuple.of(1L))).isNull();
        assertThat(ask(Methods.ITERATOR_NEXT, 1L)).isEqualTo(keyError(1));
    }

    @Test
    void calls_sentAhead_areAnsweredInOrder() {
        call(Methods.ITERATOR_START, null, null);
        call(Methods.ITERATOR_NEXT, 0L);
        call(Methods.ITERATOR_RECORD_START, 0L, id(0x10));
        call(Methods.ITERATOR_RECORD_NEXT, 1L);
        call(Methods.ITERATOR_GC, List.of(1L));
        call(Methods.ITERATOR_RECORD_NEXT, 1L);
        assertThat(io).hasSize(1);
        run();
        assertThat(client.sent.stream()
                        .map(it -> ((Message.Reply) (it instanceof Message.Reply ? it : client.sent.get(0))).id()))
                .startsWith(2L, 3L, 4L, 5L, 6L);
        assertThat(value(client.sent.get(5))).isEqualTo(keyError(1));
        assertThat(client.pauses).isZero();
    }

    @Test
    void calls_manySentAhead_stopTheReadingUntilTheyAreAnswered() {
        for (int i = 0; i < 100; i++) {
            call(Methods.ITERATOR_START, null, null);
        }
        assertThat(client.pauses).isEqualTo(1);
        run();
        assertThat(client.pauses).isZero();
        assertThat(client.sent).hasSize(100);
    }

    @Test
    void iterators_moreThanTheMost_dropWhatWasNotUsedForLongest() {
        ask(Methods.ITERATOR_START, null, null);
        ask(Methods.ITERATOR_START, null, null);
        for (int i = 2; i < IteratorCalls.MAX_ITERATORS; i++) {
            ask(Methods.ITERATOR_START, null, null);
        }
        ask(Methods.ITERATOR_NEXT, 0L);
        assertThat(ask(Methods.ITERATOR_START, null, null)).isEqualTo((long) IteratorCalls.MAX_ITERATORS);
        assertThat(ask(Methods.ITERATOR_RECORD_START, 0L, id(0x10))).isNotEqualTo(keyError(0));
        assertThat(ask(Methods.ITERATOR_NEXT, 1L)).isEqualTo(keyError(1));
    }

    @Test
    void disconnected_whileReading_nothingIsSent() {
        ask(Methods.ITERATOR_START, null, null);
        client.sent.clear();
        call(Methods.ITERATOR_NEXT, 0L);
        call(Methods.ITERATOR_NEXT, 0L);
        session.disconnected();
        run();
        assertThat(client.sent).isEmpty();
    }
}
