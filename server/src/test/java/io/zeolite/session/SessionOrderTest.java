package io.zeolite.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.commit.CommitContext;
import io.zeolite.commit.LocalStorage;
import io.zeolite.commit.LocalStorageOptions;
import io.zeolite.commit.NoTimeouts;
import io.zeolite.commit.staging.SpillFiles;
import io.zeolite.error.CallException;
import io.zeolite.error.ReadOnlyException;
import io.zeolite.logging.RecordedLog;
import io.zeolite.message.Message;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PyDict;
import io.zeolite.pickle.PyPrefix;
import io.zeolite.pickle.PyTuple;
import io.zeolite.storage.Completion;
import io.zeolite.storage.LoadResult;
import io.zeolite.storage.Storage;
import io.zeolite.storage.memory.MemoryLog;
import io.zeolite.zodb.Ids;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What a client is sent, in which order, when others commit: the rules of {@code docs/protocol.md} at the place where
 * they are kept. The event loops are queues that a test runs when it likes.
 */
class SessionOrderTest {
    private static final byte[] NOTHING = {};
    private static final byte[] OID = Ids.bytes(1);

    @SuppressWarnings("NullAway.Init") // Set before each test.
    private SessionSettings settings;

    private final ArrayDeque<Runnable> committer = new ArrayDeque<>();

    @BeforeEach
    void openStorage() throws IOException {
        SpillFiles noSpills = () -> {
            throw new IOException("nothing should be spilled");
        };
        LocalStorage storage = LocalStorage.open(
                new MemoryLog("test"),
                null,
                new CommitContext(
                        committer::add, Runnable::run, InstantSource.system(), new NoTimeouts(), Duration.ZERO),
                new LocalStorageOptions(10, Duration.ZERO, Long.MAX_VALUE, 1 << 20, noSpills));
        ServedStorage served = new ServedStorage("1", storage, false, Duration.ZERO, Instant.EPOCH);
        settings = new SessionSettings(Map.of("1", served), Runnable::run, 1 << 20);
    }

    private void runCommitter() {
        while (!committer.isEmpty()) {
            committer.remove().run();
        }
    }

    /** A client and the loop of its connection. */
    private final class Client extends QueuedOutbox {
        private final Session session = new Session(settings, this);
        private long lastId;

        Client() {
            this(false);
        }

        Client(boolean readOnly) {
            call(Methods.REGISTER, PyTuple.of("1", readOnly));
        }

        /** A call that arrives now, before what waits in the loop. */
        void call(String method, PyTuple args) {
            session.receive(new Message.Call(++lastId, method, args));
        }

        void tell(String method, PyTuple args) {
            session.receive(new Message.OneWay(method, args));
        }

        void runLoop() {
            while (!loop.isEmpty()) {
                loop.remove().run();
            }
        }

        void stage(byte[] serial) {
            tell(Methods.TPC_BEGIN, PyTuple.of(lastId, NOTHING, NOTHING, NOTHING, null, " "));
            tell(Methods.STORE, PyTuple.of(OID, serial, new byte[] {7}, lastId));
        }

        byte[] commit(byte[] serial) {
            long transaction = lastId;
            stage(serial);
            call(Methods.VOTE, PyTuple.of(transaction));
            runCommitter();
            runLoop();
            call(Methods.TPC_FINISH, PyTuple.of(transaction));
            runCommitter();
            runLoop();
            return (byte[]) Objects.requireNonNull(lastReply());
        }

        @Nullable
        Object lastReply() {
            return ((Message.Reply) sent.get(sent.size() - 1)).value();
        }

        /** What was sent, without the ids: the method of a call, or "reply". */
        List<String> kinds() {
            return sent.stream()
                    .map(message -> message instanceof Message.OneWay oneWay ? oneWay.method() : "reply")
                    .toList();
        }
    }

    @Test
    void blobChunk_beforeRegister_endsTheConnection() {
        List<String> calls = ofUnregistered(session -> session.receiveBlobChunk(new ReceivedBytes() {
            @Override
            public int length() {
                return 1;
            }

            @Override
            public ByteBuffer[] pieces() {
                return new ByteBuffer[] {ByteBuffer.allocate(1)};
            }

            @Override
            public Runnable keep() {
                throw new AssertionError("nobody has a use for it");
            }
        }));

        assertThat(calls).endsWith("close").doesNotContain("send");
    }

    @Test
    void usualLoad_beforeRegister_isRefusedAndEndsTheConnection() {
        assertThat(ofUnregistered(session -> session.receiveLoad(1, Tid.MAX))).endsWith("send", "close");
    }

    @Test
    void begin_extensionThatCannotBeKept_isAnError() {
        Client client = new Client();
        PyDict extension = new PyDict().put("filter", new PyPrefix("/a"));

        client.call(Methods.TPC_BEGIN, PyTuple.of(1L, NOTHING, NOTHING, extension, null, " "));

        Message.ErrorReply error = (Message.ErrorReply) client.sent.get(client.sent.size() - 1);
        assertThat(error.pythonClass()).isEqualTo("builtins.ValueError");
        client.stage(Ids.bytes(0));
    }

    @Test
    void begin_noExtensionAtAll_isAnEmptyOne() {
        Client client = new Client();
        client.call(Methods.TPC_BEGIN, PyTuple.of(1L, NOTHING, NOTHING, null, null, " "));
        assertThat(client.lastReply()).isNull();
    }

    @Test
    void begin_userThatIsTooLong_failsTheVoteAsInPython() {
        Client client = new Client();
        client.tell(Methods.TPC_BEGIN, PyTuple.of(1L, new byte[1 << 16], NOTHING, NOTHING, null, " "));
        client.call(Methods.VOTE, PyTuple.of(1L));
        runCommitter();
        client.runLoop();

        Message.ErrorReply error = (Message.ErrorReply) client.sent.get(client.sent.size() - 1);
        assertThat(error.pythonClass()).isEqualTo("ZODB.FileStorage.FileStorage.FileStorageError");
        assertThat(error.detail().toString()).contains("user name too long: 65536 bytes");
    }

    /** What a session asks of its outbox. */
    private List<String> ofUnregistered(Consumer<Session> action) {
        List<String> calls = new ArrayList<>();
        action.accept(new Session(settings, (Outbox) Proxy.newProxyInstance(
                Outbox.class.getClassLoader(), new Class<?>[] {Outbox.class}, (proxy, method, arguments) -> {
                    calls.add(method.getName());
                    return method.getReturnType() == String.class ? "a test" : null;
                })));
        return calls;
    }

    @Test
    void usualLoad_whateverIsThere_isAnsweredLikeAnyOther() {
        Client client = new Client();
        long first = ByteBuffer.wrap(client.commit(Ids.bytes(0))).getLong();
        long second = ByteBuffer.wrap(client.commit(Ids.bytes(first))).getLong();
        Set<String> answers = new HashSet<>();
        for (long oid : new long[] {0, 1, 2, -1}) {
            for (long before : new long[] {0, 1, first, first + 1, second, second + 1, Tid.MAX, -1}) {
                PyTuple arguments = PyTuple.of(Ids.bytes(oid), Ids.bytes(before));
                client.sent.clear();

                client.session.receive(new Message.Call(arguments, Methods.LOAD_BEFORE, arguments));
                client.session.receiveLoad(oid, before);

                assertThat(client.sent).hasSize(2);
                assertThat(client.sent.get(1)).isEqualTo(client.sent.get(0));
                answers.add(client.sent.get(1) instanceof Message.Reply reply ? "" + reply.value() : "error");
            }
        }
        // The first revision, the second one, nothing before the first, no object.
        assertThat(answers).hasSize(4);
    }

    /** Once it knows of a transaction from the answer, Python's client refuses the invalidation of an earlier one. */
    @Test
    void getInvalidations_comesBehindTheInvalidationsThatItCovers() {
        Client writer = new Client();
        byte[] first = writer.commit(Ids.bytes(0));
        Client reader = new Client();
        reader.sent.clear();
        byte[] second = writer.commit(first);

        reader.call(Methods.GET_INVALIDATIONS, PyTuple.of(first));
        reader.runLoop();

        assertThat(reader.kinds()).containsExactly(Methods.INVALIDATE_TRANSACTION, "reply");
        PyTuple answer = (PyTuple) Objects.requireNonNull(reader.lastReply());
        assertThat((byte[]) answer.get(0)).isEqualTo(second);
        assertThat((long[]) Objects.requireNonNull(answer.get(1))).containsExactly(1);
    }

    /** The answers of many could be much, and are made before the first of them leaves. */
    @Test
    void getInvalidations_nothingMoreIsTakenUntilItIsAnswered() {
        Client writer = new Client();
        byte[] tid = writer.commit(Ids.bytes(0));
        Client reader = new Client();

        reader.call(Methods.GET_INVALIDATIONS, PyTuple.of((Object) tid));

        assertThat(reader.pauses).isEqualTo(1);
        reader.runLoop();
        assertThat(reader.pauses).isZero();
        assertThat(reader.lastReply()).isNotNull();
    }

    @Test
    void calls_manyThatAreNotAnsweredYet_nothingMoreIsTakenFromTheClient() {
        Client client = new Client();
        for (int i = 1; i < CallsUnderWay.MOST; i++) {
            client.call(Methods.PING, PyTuple.EMPTY);
        }
        assertThat(client.pauses).isZero();

        client.call(Methods.PING, PyTuple.EMPTY);

        assertThat(client.pauses).isEqualTo(1);
        client.runLoop();
        assertThat(client.pauses).isZero();
        assertThat(client.sent).hasSize(1 + CallsUnderWay.MOST);
    }

    /** What is refused before it begins is answered, and over. */
    @Test
    void calls_manyThatTheStorageRefuses_theClientIsListenedToAllTheSame() {
        Storage refusing = (Storage) Proxy.newProxyInstance(
                Storage.class.getClassLoader(), new Class<?>[] {Storage.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("pack")) {
                        throw new ReadOnlyException();
                    }
                    return method.invoke(
                            Objects.requireNonNull(settings.storages().get("1")).storage(), arguments);
                });
        SessionSettings others = new SessionSettings(
                Map.of("1", new ServedStorage("1", refusing, false, Duration.ZERO, Instant.EPOCH)),
                Runnable::run,
                1 << 20);
        QueuedOutbox outbox = new QueuedOutbox();
        Session session = new Session(others, outbox);
        session.receive(new Message.Call(1L, Methods.REGISTER, PyTuple.of("1", false)));
        for (int i = 0; i < 2 * CallsUnderWay.MOST; i++) {
            session.receive(new Message.Call(2L, Methods.PACK, PyTuple.of(1.0, true)));
        }

        assertThat(outbox.pauses).isZero();
        assertThat(outbox.sent).hasSize(1 + 2 * CallsUnderWay.MOST);
    }

    /** As by Python's server, it is answered as if it had begun. */
    @Test
    void pack_refusedAndNotAwaited_isLogged() {
        Storage storage = Objects.requireNonNull(settings.storages().get("1")).storage();
        Storage refusing = (Storage) Proxy.newProxyInstance(
                Storage.class.getClassLoader(), new Class<?>[] {Storage.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("pack")) {
                        ((Completion<?>) arguments[2]).fail(CallException.fileStorage("Already packing"));
                        return null;
                    }
                    return method.invoke(storage, arguments);
                });
        settings = new SessionSettings(
                Map.of("1", new ServedStorage("1", refusing, false, Duration.ZERO, Instant.EPOCH)),
                Runnable::run,
                1 << 20);
        Client client = new Client();
        client.runLoop();
        try (RecordedLog log = new RecordedLog("ZEO.StorageServer")) {
            client.call(Methods.PACK, PyTuple.of(1.0, false));

            assertThat(client.lastReply()).isNull();
            assertThat(log.lines()).anySatisfy(line -> assertThat(line)
                    .startsWith("WARNING (")
                    .endsWith("a test) pack not done: Already packing"));
        }
    }

    @Test
    void loads_manyThatAreNotAnsweredYet_nothingMoreIsTakenFromTheClient() {
        List<Completion<LoadResult>> asked = new ArrayList<>();
        Storage storage = Objects.requireNonNull(settings.storages().get("1")).storage();
        Storage slow = (Storage) Proxy.newProxyInstance(
                Storage.class.getClassLoader(), new Class<?>[] {Storage.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("loadBefore")) {
                        asked.add(loadCompletion(arguments[2]));
                        return null;
                    }
                    return method.invoke(storage, arguments);
                });
        settings = new SessionSettings(
                Map.of("1", new ServedStorage("1", slow, false, Duration.ZERO, Instant.EPOCH)), Runnable::run, 1 << 20);
        Client client = new Client();
        client.runLoop();
        for (int i = 0; i < CallsUnderWay.MOST; i++) {
            assertThat(client.pauses).isZero();
            client.session.receiveLoad(i, Tid.MAX);
        }
        assertThat(client.pauses).isEqualTo(1);

        asked.get(7).complete(new LoadResult.NoneBefore(Tid.NONE));
        assertThat(client.pauses).isZero();
        asked.get(3).fail(new ReadOnlyException());
        assertThat(client.sent.get(client.sent.size() - 1)).isInstanceOf(Message.ErrorReply.class);
    }

    @SuppressWarnings("unchecked")
    private static Completion<LoadResult> loadCompletion(Object argument) {
        return (Completion<LoadResult>) argument;
    }

    @Test
    void lastTransaction_comesBehindTheInvalidationsThatItCovers() {
        Client writer = new Client();
        Client reader = new Client();
        reader.sent.clear();
        byte[] tid = writer.commit(Ids.bytes(0));

        reader.call(Methods.LAST_TRANSACTION, PyTuple.EMPTY);
        reader.runLoop();

        assertThat(reader.kinds()).containsExactly(Methods.INVALIDATE_TRANSACTION, "reply");
        assertThat((byte[]) reader.lastReply()).isEqualTo(tid);
    }

    /** Whoever pings has heard of a transaction elsewhere, and wants what it changed to be gone from the cache. */
    @Test
    void ping_comesBehindTheInvalidationsThatWait() {
        Client writer = new Client();
        Client reader = new Client();
        reader.sent.clear();
        writer.commit(Ids.bytes(0));

        reader.call(Methods.PING, PyTuple.EMPTY);
        reader.runLoop();

        assertThat(reader.kinds()).containsExactly(Methods.INVALIDATE_TRANSACTION, "reply");
    }

    @Test
    void finish_comesBehindEarlierInvalidations_andIsNotInvalidatedItself() {
        Client writer = new Client();
        Client other = new Client();
        other.tell(Methods.TPC_BEGIN, PyTuple.of(50L, NOTHING, NOTHING, NOTHING, null, " "));
        other.tell(Methods.STORE, PyTuple.of(Ids.bytes(2), Ids.bytes(0), new byte[] {7}, 50L));
        other.call(Methods.VOTE, PyTuple.of(50L));
        runCommitter();
        other.runLoop();
        other.sent.clear();

        byte[] earlier = writer.commit(Ids.bytes(0));
        other.call(Methods.TPC_FINISH, PyTuple.of(50L));
        runCommitter();
        other.runLoop();

        assertThat(other.kinds()).containsExactly(Methods.INVALIDATE_TRANSACTION, Methods.INFO, "reply");
        long own = ByteBuffer.wrap((byte[]) Objects.requireNonNull(other.lastReply()))
                .getLong();
        assertThat(own).isGreaterThan(ByteBuffer.wrap(earlier).getLong());
    }

    @Test
    void finishes_writtenTogether_eachClientHearsOfAllInTheOrderOfTids() {
        List<Client> writers = List.of(new Client(), new Client(), new Client());
        Client reader = new Client();
        long oid = 10;
        for (Client writer : writers) {
            writer.tell(Methods.TPC_BEGIN, PyTuple.of(50L, NOTHING, NOTHING, NOTHING, null, " "));
            writer.tell(Methods.STORE, PyTuple.of(Ids.bytes(oid++), Ids.bytes(0), new byte[] {7}, 50L));
            writer.call(Methods.VOTE, PyTuple.of(50L));
        }
        runCommitter();
        writers.forEach(Client::runLoop);
        writers.forEach(writer -> writer.sent.clear());
        reader.sent.clear();

        writers.forEach(writer -> writer.call(Methods.TPC_FINISH, PyTuple.of(50L)));
        runCommitter();
        writers.forEach(Client::runLoop);
        reader.runLoop();

        String told = Methods.INVALIDATE_TRANSACTION;
        assertThat(reader.kinds()).containsExactly(told, told, told);
        assertThat(writers.get(0).kinds()).containsExactly(Methods.INFO, "reply", told, told);
        assertThat(writers.get(1).kinds()).containsExactly(told, Methods.INFO, "reply", told);
        assertThat(writers.get(2).kinds()).containsExactly(told, told, Methods.INFO, "reply");
        List<Long> tids = tids(reader);
        assertThat(tids).isSorted().doesNotHaveDuplicates();
        assertThat(writers).allSatisfy(writer -> assertThat(tids(writer)).isEqualTo(tids));
    }

    /** Of the transactions that a client was told of, and of its own. */
    private static List<Long> tids(Client client) {
        List<Long> tids = new ArrayList<>();
        for (Message message : client.sent) {
            @Nullable Object tid = null;
            if (message instanceof Message.Reply reply) {
                tid = reply.value();
            } else if (message instanceof Message.OneWay oneWay
                    && oneWay.method().equals(Methods.INVALIDATE_TRANSACTION)) {
                tid = oneWay.args().get(0);
            }
            if (tid != null) {
                tids.add(ByteBuffer.wrap((byte[]) tid).getLong());
            }
        }
        return tids;
    }

    @Test
    void readOnlyConnection_everyWrite_isRefusedWhereAnAnswerIsAwaited() {
        Client writer = new Client();
        byte[] serial = writer.commit(Ids.bytes(0));
        Client client = new Client(true);
        byte[] data = {9};
        Map<String, PyTuple> staging = Map.ofEntries(
                Map.entry(Methods.TPC_BEGIN, PyTuple.of(1L, NOTHING, NOTHING, NOTHING, null, " ")),
                Map.entry(Methods.STORE, PyTuple.of(OID, serial, data, 1L)),
                Map.entry(Methods.CHECK_CURRENT, PyTuple.of(OID, serial, 1L)),
                Map.entry(Methods.DELETE_OBJECT, PyTuple.of(OID, serial, 1L)),
                Map.entry(Methods.RESTORE, PyTuple.of(OID, serial, data, null, 1L)),
                Map.entry(Methods.UNDO, PyTuple.of(serial, 1L)),
                Map.entry(Methods.STORE_BLOB_START, PyTuple.EMPTY),
                Map.entry(Methods.STORE_BLOB_CHUNK, PyTuple.of((Object) data)),
                Map.entry(Methods.STORE_BLOB_END, PyTuple.of(OID, serial, data, 1L)),
                Map.entry(Methods.STORE_BLOB_SHARED, PyTuple.of(OID, serial, data, "file", 1L)));

        staging.forEach(client::tell);
        assertThat(client.sent).as("beside the answer to register").hasSize(1);
        List<PyTuple> awaited = List.of(PyTuple.of(1L), PyTuple.of(1L), PyTuple.of(1L), PyTuple.of(5L));
        List<String> methods = List.of(Methods.VOTE, Methods.TPC_FINISH, Methods.TPC_ABORT, Methods.NEW_OIDS);
        for (int i = 0; i < methods.size(); i++) {
            client.call(methods.get(i), awaited.get(i));
            runCommitter();
            client.runLoop();
            assertThat(client.sent.get(client.sent.size() - 1))
                    .as(methods.get(i))
                    .isInstanceOfSatisfying(Message.ErrorReply.class, error -> assertThat(error.pythonClass())
                            .isEqualTo("ZODB.POSException.ReadOnlyError"));
        }
        client.call(Methods.LAST_TRANSACTION, PyTuple.EMPTY);
        client.runLoop();
        assertThat((byte[]) client.lastReply()).isEqualTo(serial);
    }

    /** A load is answered from the state of its own turn, whatever waits in the loop behind it. */
    @Test
    void load_isAnsweredInItsOwnTurn() {
        Client writer = new Client();
        byte[] first = writer.commit(Ids.bytes(0));
        Client reader = new Client();
        reader.sent.clear();

        reader.call(Methods.LOAD_BEFORE, PyTuple.of(OID, Ids.bytes(Long.MAX_VALUE)));
        byte[] second = writer.commit(first);
        reader.call(Methods.LOAD_BEFORE, PyTuple.of(OID, Ids.bytes(Long.MAX_VALUE)));
        reader.runLoop();

        assertThat(reader.kinds()).containsExactly("reply", "reply", Methods.INVALIDATE_TRANSACTION);
        assertThat(reader.sent.subList(0, 2).stream()
                        .map(message -> (PyTuple) Objects.requireNonNull(((Message.Reply) message).value()))
                        .map(loaded -> ByteBuffer.wrap((byte[]) Objects.requireNonNull(loaded.get(1)))
                                .getLong()))
                .containsExactly(
                        ByteBuffer.wrap(first).getLong(),
                        ByteBuffer.wrap(second).getLong());
    }
}
