package io.zeolite.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.zeolite.client.connection.ScriptedServer;
import io.zeolite.message.Message;
import io.zeolite.message.Methods;
import io.zeolite.pickle.ExtensionPickle;
import io.zeolite.pickle.PyDict;
import io.zeolite.pickle.PyTuple;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The order of messages on which the cache depends, with servers that say exactly what a test wants. */
class ZeoClientTest {
    private static final long OID = 5;

    private static ZeoClientOptions.Builder options(ScriptedServer server) {
        return ZeoClientOptions.builder().address(server.address()).waitTimeout(Duration.ofSeconds(20));
    }

    private static byte[] data(int value) {
        return new byte[] {(byte) value};
    }

    /** The beginning of every connection, up to the first call of the client's user. */
    private static void begin(ScriptedServer.Peer peer, long lastTransaction) throws Exception {
        peer.handshake("M5");
        answer(peer, Methods.REGISTER, Wire.bytes(lastTransaction));
        answer(peer, Methods.GET_INFO, new PyDict().put("name", "scripted").put("size", 7L));
    }

    private static void answer(ScriptedServer.Peer peer, String method, @Nullable Object value) throws Exception {
        Message.Call call = peer.call();
        assertThat(call.method()).isEqualTo(method);
        peer.send(new Message.Reply(call.id(), value));
    }

    /** The client asks whether the storage has the last transaction that it knows of. */
    private static void answerWhetherThereIs(ScriptedServer.Peer peer, long tid, boolean isThere) throws Exception {
        Message.Call start = peer.call();
        assertThat(start.method()).isEqualTo(Methods.ITERATOR_START);
        assertThat(start.args()).isEqualTo(PyTuple.of(Wire.bytes(tid), Wire.bytes(tid)));
        peer.send(new Message.Reply(start.id(), 3L));
        byte[] nothing = {};
        PyTuple transaction = PyTuple.of(Wire.bytes(tid), " ", nothing, nothing, new PyDict());
        answer(peer, Methods.ITERATOR_NEXT, isThere ? transaction : null);
        if (isThere) {
            Message.OneWay end = (Message.OneWay) peer.receive();
            assertThat(end.method()).isEqualTo(Methods.ITERATOR_GC);
            assertThat(Wire.sequence(end.method(), end.args().get(0))).containsExactly(3L);
        }
    }

    private static void invalidate(ScriptedServer.Peer peer, long tid, long... oids) throws IOException {
        List<byte[]> changed = new ArrayList<>();
        Arrays.stream(oids).forEach(oid -> changed.add(Wire.bytes(oid)));
        peer.send(new Message.OneWay(Methods.INVALIDATE_TRANSACTION, PyTuple.of(Wire.bytes(tid), changed)));
    }

    private static PyTuple current(int value, long serial) {
        return PyTuple.of(data(value), Wire.bytes(serial), null);
    }

    @Test
    void load_answerBeforeTheInvalidation_isKeptUntilThat() throws IOException {
        CountDownLatch loaded = new CountDownLatch(1);
        ScriptedServer.Script script = peer -> {
            begin(peer, 10);
            answer(peer, Methods.LOAD_BEFORE, current(1, 7));
            loaded.await();
            invalidate(peer, 11, OID, 6);
            answer(peer, Methods.LAST_TRANSACTION, Wire.bytes(11));
            answer(peer, Methods.LOAD_BEFORE, current(2, 11));
            peer.awaitEnd();
        };
        try (ScriptedServer server = new ScriptedServer(script)) {
            try (ZeoClient client = ZeoClient.connect(options(server).build())) {
                assertThat(client.info().sizeBytes()).isEqualTo(7);
                assertThat(client.load(OID).data()).isEqualTo(data(1));
                assertThat(client.load(OID).serial()).isEqualTo(7);
                ZeoView view = client.view();
                loaded.countDown();
                assertThat(client.sync()).isEqualTo(11);
                assertThat(client.load(OID).data()).isEqualTo(data(2));
                // From the cache: the server has no answer for it any more.
                assertThat(view.load(OID).data()).isEqualTo(data(1));
                assertThat(view.load(OID).end()).isEqualTo(11);
            }
            server.join();
        }
    }

    /** As Python's server does under uvloop, behind the answer to a finish. */
    @Test
    void load_invalidationBehindALaterOne_isNotServedFromTheCacheAnyMore() throws IOException {
        ScriptedServer.Script script = peer -> {
            begin(peer, 10);
            answer(peer, Methods.LOAD_BEFORE, current(1, 7));
            invalidate(peer, 12, 6);
            invalidate(peer, 11, OID);
            answer(peer, Methods.LAST_TRANSACTION, Wire.bytes(12));
            answer(peer, Methods.LOAD_BEFORE, current(2, 11));
            peer.awaitEnd();
        };
        try (ScriptedServer server = new ScriptedServer(script)) {
            try (ZeoClient client = ZeoClient.connect(options(server).build())) {
                assertThat(client.load(OID).data()).isEqualTo(data(1));
                assertThat(client.sync()).isEqualTo(12);
                assertThat(client.load(OID).data()).isEqualTo(data(2));
                assertThat(client.lastTransaction()).isEqualTo(12);
            }
            server.join();
        }
    }

    @Test
    void load_invalidationOvertakesAnAnswerThatDoesNotKnowOfIt_isNotKept() throws IOException {
        ScriptedServer.Script script = peer -> {
            begin(peer, 10);
            Message.Call load = peer.call();
            invalidate(peer, 11, OID);
            peer.send(new Message.Reply(load.id(), current(1, 7)));
            answer(peer, Methods.LOAD_BEFORE, current(2, 11));
            peer.awaitEnd();
        };
        try (ScriptedServer server = new ScriptedServer(script)) {
            try (ZeoClient client = ZeoClient.connect(options(server).build())) {
                assertThat(client.load(OID).data()).isEqualTo(data(1));
                assertThat(client.load(OID).data()).isEqualTo(data(2));
                assertThat(client.load(OID).serial()).isEqualTo(11);
            }
            server.join();
        }
    }

    @Test
    void load_invalidationOvertakesAnAnswerThatKnowsOfIt_isKept() throws IOException {
        ScriptedServer.Script script = peer -> {
            begin(peer, 10);
            Message.Call load = peer.call();
            invalidate(peer, 11, OID);
            peer.send(new Message.Reply(load.id(), current(2, 11)));
            peer.awaitEnd();
        };
        try (ScriptedServer server = new ScriptedServer(script)) {
            try (ZeoClient client = ZeoClient.connect(options(server).build())) {
                assertThat(client.load(OID).data()).isEqualTo(data(2));
                assertThat(client.load(OID).data()).isEqualTo(data(2));
                assertThat(client.lastTransaction()).isEqualTo(11);
            }
            server.join();
        }
    }

    @Test
    void load_askedForByMany_isOneRequest() throws IOException {
        CountDownLatch asked = new CountDownLatch(1);
        ScriptedServer.Script script = peer -> {
            begin(peer, 10);
            Message.Call load = peer.call();
            asked.await();
            peer.send(new Message.Reply(load.id(), current(1, 7)));
            answer(peer, Methods.LAST_TRANSACTION, Wire.bytes(10));
            peer.awaitEnd();
        };
        try (ScriptedServer server = new ScriptedServer(script)) {
            try (ZeoClient client = ZeoClient.connect(options(server).build())) {
                List<CompletableFuture<Revision>> loads = new ArrayList<>();
                for (int i = 0; i < 20; i++) {
                    loads.add(client.async().load(OID));
                }
                asked.countDown();
                loads.forEach(load -> assertThat(load.join().data()).isEqualTo(data(1)));
                client.sync();
            }
            server.join();
        }
    }

    @Test
    void commit_ownRecordsAreKept_butNotThoseThatTheServerChanged() throws IOException {
        List<Long> heard = Collections.synchronizedList(new ArrayList<>());
        ScriptedServer.Script script = peer -> {
            begin(peer, 10);
            assertThat(((Message.OneWay) peer.receive()).method()).isEqualTo(Methods.TPC_BEGIN);
            assertThat(((Message.OneWay) peer.receive()).method()).isEqualTo(Methods.STORE);
            assertThat(((Message.OneWay) peer.receive()).method()).isEqualTo(Methods.STORE);
            answer(peer, Methods.VOTE, List.of(Wire.bytes(6)));
            answer(peer, Methods.TPC_FINISH, Wire.bytes(12));
            Message.Call load = peer.call();
            assertThat(load.args().get(0)).isEqualTo(Wire.bytes(6));
            peer.send(new Message.Reply(load.id(), current(66, 12)));
            peer.awaitEnd();
        };
        try (ScriptedServer server = new ScriptedServer(script)) {
            try (ZeoClient client = ZeoClient.connect(options(server).build())) {
                client.addListener((tid, oids) -> heard.add(tid));
                long tid = client.begin()
                        .store(OID, 7, data(5))
                        .store(6, 7, data(6))
                        .commit();
                assertThat(tid).isEqualTo(12);
                assertThat(client.lastTransaction()).isEqualTo(12);
                assertThat(client.load(OID).data()).isEqualTo(data(5));
                assertThat(client.load(6).data()).isEqualTo(data(66));
            }
            server.join();
        }
        assertThat(heard).containsExactly(12L);
    }

    @Test
    void connect_whatTheServerSaysBeforeTheCacheIsVerified_comesAfterThat(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("cache");
        ScriptedServer.Script first = peer -> {
            begin(peer, 10);
            answer(peer, Methods.LOAD_BEFORE, current(1, 7));
            answer(peer, Methods.LOAD_BEFORE, current(3, 9));
            peer.awaitEnd();
        };
        try (ScriptedServer server = new ScriptedServer(first);
                ZeoClient client =
                        ZeoClient.connect(options(server).cacheFile(file).build())) {
            client.load(OID);
            client.load(OID + 1);
        }
        ScriptedServer.Script second = peer -> {
            peer.handshake("Z5");
            answer(peer, Methods.REGISTER, Wire.bytes(20));
            Message.Call missed = peer.call();
            assertThat(missed.method()).isEqualTo(Methods.GET_INVALIDATIONS);
            assertThat(missed.args().get(0)).isEqualTo(Wire.bytes(10));
            // Committed after the registration, and told before the answer, which knows of it or not.
            invalidate(peer, 21, OID + 1);
            peer.send(new Message.Reply(missed.id(), PyTuple.of(Wire.bytes(20), List.of(Wire.bytes(OID)))));
            answerWhetherThereIs(peer, 10, true);
            answer(peer, Methods.GET_INFO, new PyDict());
            answer(peer, Methods.LOAD_BEFORE, current(2, 20));
            answer(peer, Methods.LOAD_BEFORE, current(4, 21));
            peer.awaitEnd();
        };
        try (ScriptedServer server = new ScriptedServer(second)) {
            try (ZeoClient client =
                    ZeoClient.connect(options(server).cacheFile(file).build())) {
                assertThat(client.lastTransaction()).isEqualTo(21);
                assertThat(client.viewAt(20).load(OID + 1).data()).isEqualTo(data(3));
                assertThat(client.load(OID).data()).isEqualTo(data(2));
                assertThat(client.load(OID + 1).data()).isEqualTo(data(4));
            }
            server.join();
        }
        ScriptedServer.Script older = peer -> {
            peer.handshake("Z5");
            answer(peer, Methods.REGISTER, Wire.bytes(15));
            peer.awaitEnd();
        };
        try (ScriptedServer server = new ScriptedServer(older)) {
            assertThatThrownBy(() -> ZeoClient.connect(options(server)
                            .cacheFile(file)
                            .waitTimeout(Duration.ofMillis(500))
                            .build()))
                    .isInstanceOf(ServerUnavailableException.class)
                    .hasMessageContaining("does not take us on: its last transaction is 0x0f")
                    .hasMessageContaining("this client knows of 0x15")
                    .hasMessageEndingWith("stop this one, delete " + file + ", and start it again");
            server.join();
        }
    }

    @Test
    void connect_serverThatCannotSayWhatChanged_cacheIsDroppedAndListenersAreTold(@TempDir Path directory)
            throws IOException {
        Path file = directory.resolve("cache");
        try (ScriptedServer server = new ScriptedServer(peer -> {
                    begin(peer, 10);
                    answer(peer, Methods.LOAD_BEFORE, current(1, 7));
                    peer.awaitEnd();
                });
                ZeoClient client =
                        ZeoClient.connect(options(server).cacheFile(file).build())) {
            client.load(OID);
        }
        CountDownLatch listening = new CountDownLatch(1);
        CompletableFuture<Long> everything = new CompletableFuture<>();
        ScriptedServer.Script script = peer -> {
            peer.handshake("Z5");
            answer(peer, Methods.REGISTER, Wire.bytes(20));
            Message.Call missed = peer.call();
            listening.await();
            peer.send(new Message.Reply(missed.id(), null));
            answer(peer, Methods.GET_INFO, new PyDict());
            answer(peer, Methods.LOAD_BEFORE, current(2, 20));
            peer.awaitEnd();
        };
        try (ScriptedServer server = new ScriptedServer(script)) {
            try (ZeoClient client =
                    ZeoClient.open(options(server).cacheFile(file).build())) {
                client.addListener(new InvalidationListener() {
                    @Override
                    public void invalidated(long tid, long[] oids) {
                        everything.completeExceptionally(new AssertionError("invalidated " + tid));
                    }

                    @Override
                    public void everythingInvalidated(long tid) {
                        everything.complete(tid);
                    }
                });
                // As of what was known, until there is a connection.
                assertThat(client.load(OID).data()).isEqualTo(data(1));
                assertThat(client.lastTransaction()).isEqualTo(10);
                listening.countDown();
                assertThat(everything.join()).isEqualTo(20);
                assertThat(client.load(OID).data()).isEqualTo(data(2));
                assertThat(client.cacheStatistics().cleared()).isEqualTo(1);
            }
            server.join();
        }
    }

    /** Python's server does not look whether it has the transaction since which it is asked. */
    @Test
    void connect_storageWithoutTheLastTransactionOfTheCache_cacheIsDropped(@TempDir Path directory) throws IOException {
        Path file = fill(directory);
        try (ScriptedServer server = new ScriptedServer(peer -> {
            peer.handshake("M5");
            answer(peer, Methods.REGISTER, Wire.bytes(20));
            answer(peer, Methods.GET_INVALIDATIONS, PyTuple.of(Wire.bytes(20), List.of()));
            answerWhetherThereIs(peer, 10, false);
            answer(peer, Methods.GET_INFO, new PyDict());
            answer(peer, Methods.LOAD_BEFORE, current(2, 6));
            peer.awaitEnd();
        })) {
            try (ZeoClient client =
                    ZeoClient.connect(options(server).cacheFile(file).build())) {
                assertThat(client.load(OID).data()).isEqualTo(data(2));
                assertThat(client.lastTransaction()).isEqualTo(20);
            }
            server.join();
        }
    }

    @Test
    void connect_storageThatCannotIterate_isBelieved(@TempDir Path directory) throws IOException {
        Path file = fill(directory);
        try (ScriptedServer server = new ScriptedServer(peer -> {
            peer.handshake("M5");
            answer(peer, Methods.REGISTER, Wire.bytes(20));
            answer(peer, Methods.GET_INVALIDATIONS, PyTuple.of(Wire.bytes(20), List.of()));
            Message.Call start = peer.call();
            assertThat(start.method()).isEqualTo(Methods.ITERATOR_START);
            peer.send(new Message.ErrorReply(start.id(), "builtins.AttributeError", PyTuple.of("iterator")));
            answer(peer, Methods.GET_INFO, new PyDict());
            peer.awaitEnd();
        })) {
            try (ZeoClient client =
                    ZeoClient.connect(options(server).cacheFile(file).build())) {
                assertThat(client.load(OID).data()).isEqualTo(data(1));
                assertThat(client.lastTransaction()).isEqualTo(20);
            }
            server.join();
        }
    }

    /** The file of a cache that has one object as of transaction 10. */
    private static Path fill(Path directory) throws IOException {
        Path file = directory.resolve("cache");
        try (ScriptedServer server = new ScriptedServer(peer -> {
                    begin(peer, 10);
                    answer(peer, Methods.LOAD_BEFORE, current(1, 7));
                    peer.awaitEnd();
                });
                ZeoClient client =
                        ZeoClient.connect(options(server).cacheFile(file).build())) {
            client.load(OID);
        }
        return file;
    }

    @Test
    void answer_thatMakesNoSense_failsTheCallOnly() throws IOException {
        ScriptedServer.Script script = peer -> {
            begin(peer, Tid.NONE);
            answer(peer, Methods.LOAD_BEFORE, "nonsense");
            answer(peer, Methods.LAST_TRANSACTION, Wire.bytes(Tid.NONE));
            peer.awaitEnd();
        };
        try (ScriptedServer server = new ScriptedServer(script)) {
            try (ZeoClient client = ZeoClient.connect(options(server).build())) {
                assertThatThrownBy(() -> client.load(OID))
                        .hasMessageContaining("answered loadBefore with nonsense (expected: a tuple of 3)");
                assertThat(client.sync()).isEqualTo(Tid.NONE);
            }
            server.join();
        }
    }

    private static Message.Call stores(ScriptedServer.Peer peer) throws Exception {
        assertThat(((Message.OneWay) peer.receive()).method()).isEqualTo(Methods.TPC_BEGIN);
        assertThat(((Message.OneWay) peer.receive()).method()).isEqualTo(Methods.STORE);
        Message.Call vote = peer.call();
        assertThat(vote.method()).isEqualTo(Methods.VOTE);
        return vote;
    }

    @Test
    void vote_extensionThatTheEncodingDoesNotHave_failsAlone() throws IOException {
        ScriptedServer.Script script = peer -> {
            begin(peer, 10);
            answer(peer, Methods.TPC_ABORT, null);
            peer.send(new Message.Reply(stores(peer).id(), List.of()));
            answer(peer, Methods.TPC_ABORT, null);
            peer.awaitEnd();
        };
        try (ScriptedServer server = new ScriptedServer(script)) {
            try (ZeoClient client = ZeoClient.connect(options(server).build())) {
                Map<String, ?> extension = Map.of("big", BigInteger.ONE.shiftLeft(70));
                try (ZeoTransaction transaction = client.begin("", "", extension)) {
                    transaction.store(OID, 7, data(1));
                    assertThatThrownBy(transaction::vote).isInstanceOf(IllegalArgumentException.class);
                }
                try (ZeoTransaction transaction = client.begin()) {
                    transaction.store(OID, 7, data(1)).vote();
                }
            }
            server.join();
        }
    }

    /** The dict cannot be sent; the pickle of it can. */
    @Test
    void relay_extensionThatTheEncodingDoesNotHave_goesAsItIs() throws IOException {
        PyDict extension = new PyDict().put("big", BigInteger.ONE.shiftLeft(70));
        byte[] pickle = ExtensionPickle.encode(extension);
        ScriptedServer.Script script = peer -> {
            begin(peer, 10);
            Message.OneWay begun = (Message.OneWay) peer.receive();
            assertThat(begun.method()).isEqualTo(Methods.TPC_BEGIN);
            assertThat(begun.args().get(3)).isEqualTo(pickle);
            answer(peer, Methods.VOTE, List.of());
            peer.awaitEnd();
        };
        try (ScriptedServer server = new ScriptedServer(script)) {
            try (Relay relay = Relay.open(options(server).build(), RelayListener.NONE)) {
                relay.start();
                RelayTransaction transaction = relay.transaction();
                transaction
                        .begin(new byte[0], new byte[0], pickle, Tid.NONE, " ")
                        .join();
                assertThat(transaction.vote().join().conflicts()).isEmpty();
            }
            server.join();
        }
    }

    /** The store of the search conflicts with that of the transaction itself, which the server resolves. */
    @Test
    void outcome_serverThatResolvesConflicts_committed() throws IOException {
        assertThat(outcome(7, List.of(Wire.bytes(OID)), mark -> List.of(revision(12, null), revision(11, mark))))
                .isEqualTo(new CommitOutcome.Committed(11));
    }

    @Test
    void outcome_stillCurrent_notCommitted() throws IOException {
        assertThat(outcomeOfGoodVote(PyTuple.of(data(0), Wire.bytes(7), null)))
                .isEqualTo(new CommitOutcome.NotCommitted());
    }

    /** An object that is not there any more may be stored over anything. */
    @Test
    void outcome_objectIsPackedAway_cannotBeTold() throws IOException {
        assertThat(outcomeOfGoodVote(null)).isInstanceOf(CommitOutcome.Undecidable.class);
    }

    private static CommitOutcome outcomeOfGoodVote(@Nullable Object before) throws IOException {
        return search(7, (peer, mark) -> {
            peer.send(new Message.Reply(stores(peer).id(), List.of()));
            answer(peer, Methods.TPC_ABORT, null);
            answer(peer, Methods.LOAD_BEFORE, before);
        });
    }

    @Test
    void outcome_anotherHasWrittenTheSameRecord_notCommitted() throws IOException {
        assertThat(outcome(7, List.of(conflict()), mark -> List.of(revision(11, mark + "0")), data(0), 11, null))
                .isEqualTo(new CommitOutcome.NotCommitted());
    }

    @Test
    void outcome_sameRecordByWhoWritesNoMark_cannotBeTold() throws IOException {
        assertThat(outcome(7, List.of(conflict()), mark -> List.of(revision(11, null)), data(0), 11, data(1)))
                .isInstanceOf(CommitOutcome.Undecidable.class);
    }

    @Test
    void outcome_otherRecordByWhoWritesNoMark_notCommitted() throws IOException {
        assertThat(outcome(7, List.of(conflict()), mark -> List.of(revision(11, null)), data(0), 11, data(2)))
                .isEqualTo(new CommitOutcome.NotCommitted());
    }

    @Test
    void outcome_whatWasCurrentIsPackedAway_cannotBeTold() throws IOException {
        assertThat(outcome(7, List.of(conflict()), mark -> List.of(revision(15, mark + "0")), null, 0, null))
                .isInstanceOf(CommitOutcome.Undecidable.class);
    }

    /** Another one has written over the new object since, and a pack has removed the revision that made it. */
    @Test
    void outcome_newObjectWhoseFirstRevisionIsPackedAway_cannotBeTold() throws IOException {
        assertThat(outcome(Tid.NONE, List.of(conflict()), mark -> List.of(revision(12, mark + "0"))))
                .isInstanceOf(CommitOutcome.Undecidable.class);
    }

    /** Answers a vote, and returns what marks its transaction. */
    private static String markOfVoted(ScriptedServer.Peer peer) throws Exception {
        Message.OneWay begun = (Message.OneWay) peer.receive();
        assertThat(((Message.OneWay) peer.receive()).method()).isEqualTo(Methods.STORE);
        answer(peer, Methods.VOTE, List.of());
        return String.valueOf(((PyDict) Objects.requireNonNull(begun.args().get(3))).get("zeolite_commit"));
    }

    private static PyDict conflict() {
        return new PyDict()
                .put("oid", Wire.bytes(OID))
                .put("serials", PyTuple.of(Wire.bytes(11), Wire.bytes(7)))
                .put("data", data(1));
    }

    private static PyDict revision(long tid, @Nullable String mark) {
        PyDict revision = new PyDict().put("tid", Wire.bytes(tid)).put("size", 1L);
        return mark == null ? revision : revision.put("zeolite_commit", mark);
    }

    private static CommitOutcome outcome(long serial, List<?> voted, Function<String, List<PyDict>> history)
            throws IOException {
        return outcome(serial, voted, history, peer -> {});
    }

    /**
     * @param before what was under the store; null if it is gone
     * @param next who wrote over it
     * @param written what that wrote; null if it is not asked for
     */
    private static CommitOutcome outcome(
            long serial,
            List<?> voted,
            Function<String, List<PyDict>> history,
            @Nullable Object before,
            long next,
            byte @Nullable [] written)
            throws IOException {
        return outcome(serial, voted, history, peer -> {
            answer(
                    peer,
                    Methods.LOAD_BEFORE,
                    before == null ? null : PyTuple.of(before, Wire.bytes(serial), Wire.bytes(next)));
            if (written != null) {
                answer(peer, Methods.LOAD_SERIAL, written);
            }
        });
    }

    private static CommitOutcome outcome(
            long serial, List<?> voted, Function<String, List<PyDict>> history, ScriptedServer.Script rest)
            throws IOException {
        return search(serial, (peer, mark) -> {
            peer.send(new Message.Reply(stores(peer).id(), voted));
            answer(peer, Methods.TPC_ABORT, null);
            answer(peer, Methods.HISTORY, history.apply(mark));
            rest.run(peer);
        });
    }

    /** What a server answers a search, which knows the mark of the transaction. */
    private interface Search {
        void answer(ScriptedServer.Peer peer, String mark) throws Exception;
    }

    /** What is found out about a transaction that the connection broke in. */
    private static CommitOutcome search(long serial, Search search) throws IOException {
        AtomicReference<String> mark = new AtomicReference<>("");
        ScriptedServer.Script first = peer -> {
            begin(peer, 10);
            mark.set(markOfVoted(peer));
            assertThat(peer.call().method()).isEqualTo(Methods.TPC_FINISH);
        };
        ScriptedServer.Script second = peer -> {
            peer.handshake("M5");
            answer(peer, Methods.REGISTER, Wire.bytes(11));
            answer(peer, Methods.GET_INVALIDATIONS, PyTuple.of(Wire.bytes(11), List.of(Wire.bytes(OID))));
            answerWhetherThereIs(peer, 10, true);
            answer(peer, Methods.GET_INFO, new PyDict());
            search.answer(peer, String.valueOf(mark.get()));
            peer.awaitEnd();
        };
        try (ScriptedServer server = new ScriptedServer(first, second)) {
            CommitOutcome outcome;
            try (ZeoClient client = ZeoClient.connect(options(server).build())) {
                ZeoTransaction transaction = client.begin().store(OID, serial, data(1));
                outcome = client.outcome(catchThrowableOfType(CommitUnknownException.class, transaction::commit));
            }
            server.join();
            return outcome;
        }
    }

    @Test
    void commit_interruptedDuringTheFinish_isUnknownAndFoundOut() throws Exception {
        Thread caller = Thread.currentThread();
        AtomicReference<String> mark = new AtomicReference<>("");
        CountDownLatch interrupted = new CountDownLatch(1);
        ScriptedServer.Script script = peer -> {
            begin(peer, 10);
            mark.set(markOfVoted(peer));
            Message.Call finish = peer.call();
            caller.interrupt();
            interrupted.await();
            peer.send(new Message.Reply(finish.id(), Wire.bytes(11)));
            // The search begins when the finish is answered.
            peer.send(new Message.Reply(stores(peer).id(), List.of(conflict())));
            answer(peer, Methods.TPC_ABORT, null);
            answer(peer, Methods.HISTORY, List.of(revision(11, mark.get())));
            peer.awaitEnd();
        };
        try (ScriptedServer server = new ScriptedServer(script)) {
            try (ZeoClient client = ZeoClient.connect(options(server).build())) {
                CommitUnknownException unknown = catchThrowableOfType(CommitUnknownException.class, () -> {
                    try (ZeoTransaction transaction = client.begin().store(OID, 7, data(1))) {
                        transaction.commit();
                    }
                });
                assertThat(unknown).hasMessageContaining("interrupted").hasNoSuppressedExceptions();
                assertThat(Thread.interrupted()).isTrue();
                interrupted.countDown();
                assertThat(client.outcome(unknown)).isEqualTo(new CommitOutcome.Committed(11));
            }
            server.join();
        }
    }

    @Test
    void commit_interruptedBeforeTheFinish_isGivenUp() throws Exception {
        Thread caller = Thread.currentThread();
        ScriptedServer.Script script = peer -> {
            begin(peer, 10);
            Message.Call vote = stores(peer);
            caller.interrupt();
            answer(peer, Methods.TPC_ABORT, null);
            peer.send(new Message.Reply(vote.id(), List.of()));
            // No finish comes before.
            answer(peer, Methods.LAST_TRANSACTION, Wire.bytes(10));
            peer.awaitEnd();
        };
        try (ScriptedServer server = new ScriptedServer(script)) {
            try (ZeoClient client = ZeoClient.connect(options(server).build())) {
                assertThatThrownBy(() -> {
                            try (ZeoTransaction transaction = client.begin().store(OID, 7, data(1))) {
                                transaction.commit();
                            }
                        })
                        .isInstanceOf(NoAnswerException.class)
                        .hasNoSuppressedExceptions();
                assertThat(Thread.interrupted()).isTrue();
                assertThat(client.sync()).isEqualTo(10);
            }
            server.join();
        }
    }
}
