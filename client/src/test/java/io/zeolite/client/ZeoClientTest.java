package io.zeolite.client;

import static io.zeolite.client.Scripts.OID;
import static io.zeolite.client.Scripts.answer;
import static io.zeolite.client.Scripts.answerWhetherThereIs;
import static io.zeolite.client.Scripts.begin;
import static io.zeolite.client.Scripts.commit;
import static io.zeolite.client.Scripts.current;
import static io.zeolite.client.Scripts.data;
import static io.zeolite.client.Scripts.invalidate;
import static io.zeolite.client.Scripts.options;
import static io.zeolite.client.Scripts.stores;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zeolite.client.connection.ScriptedServer;
import io.zeolite.message.Message;
import io.zeolite.message.Methods;
import io.zeolite.pickle.ExtensionPickle;
import io.zeolite.pickle.PyDict;
import io.zeolite.pickle.PyTuple;
import io.zeolite.zodb.Ids;
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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The order of messages on which the cache depends, with servers that say exactly what a test wants. */
class ZeoClientTest {
    @Test
    void load_answerBeforeTheInvalidation_isKeptUntilThat() throws IOException {
        CountDownLatch loaded = new CountDownLatch(1);
        ScriptedServer.Script script = peer -> {
            begin(peer, 10);
            answer(peer, Methods.LOAD_BEFORE, current(1, 7));
            loaded.await();
            invalidate(peer, 11, OID, 6);
            answer(peer, Methods.LAST_TRANSACTION, Ids.bytes(11));
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

    /** As Python's server does under uvloop, behind the answer to a finish; and as a server in front of that one passes it on. */
    @ParameterizedTest
    @ValueSource(longs = {11, 12})
    void load_invalidationBehindALaterOne_isNotServedFromTheCacheAnyMore(long tid) throws IOException {
        ScriptedServer.Script script = peer -> {
            begin(peer, 10);
            answer(peer, Methods.LOAD_BEFORE, current(1, 7));
            invalidate(peer, 12, 6);
            invalidate(peer, tid, OID);
            answer(peer, Methods.LAST_TRANSACTION, Ids.bytes(12));
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

    /** Who knows of the later one would believe to know everything when told to ask again. */
    @Test
    void relay_invalidationBehindALaterOne_isToldAsOfTheLaterOne() throws IOException {
        ScriptedServer.Script script = peer -> {
            begin(peer, 10);
            invalidate(peer, 12, 6);
            invalidate(peer, 11, OID);
            answer(peer, Methods.LAST_TRANSACTION, Ids.bytes(12));
            peer.awaitEnd();
        };
        List<String> told = Collections.synchronizedList(new ArrayList<>());
        try (ScriptedServer server = new ScriptedServer(script)) {
            try (Relay relay = Relay.open(options(server).build(), (tid, oids, makeVisible) -> {
                makeVisible.run();
                told.add(tid + " " + Arrays.toString(oids));
            })) {
                relay.start();
                relay.ask(Methods.LAST_TRANSACTION, PyTuple.EMPTY).join();
                assertThat(told).containsExactly("12 [6]", "12 [" + OID + "]");
            }
            server.join();
        }
    }

    /** Told after the registration, and known of by the answer to what has changed; the last one may be told of late. */
    @Test
    void relay_invalidationThatTheVerificationKnewOf_isNotToldAgain(@TempDir Path directory) throws IOException {
        ScriptedServer.Script script = peer -> {
            peer.handshake("M5");
            answer(peer, Methods.REGISTER, Ids.bytes(20));
            Message.Call missed = peer.call();
            invalidate(peer, 21, OID);
            invalidate(peer, 22, 6);
            peer.send(new Message.Reply(missed.id(), PyTuple.of(Ids.bytes(22), List.of(Ids.bytes(OID), Ids.bytes(6)))));
            answerWhetherThereIs(peer, 10, true);
            answer(peer, Methods.GET_INFO, new PyDict());
            // What was committed before the cache was asked about, and what is later, is told as ever.
            invalidate(peer, 10, 7);
            invalidate(peer, 23, 8);
            answer(peer, Methods.PING, true);
            peer.awaitEnd();
        };
        List<String> told = Collections.synchronizedList(new ArrayList<>());
        Path file = fill(directory);
        try (ScriptedServer server = new ScriptedServer(script)) {
            ZeoClientOptions cached = options(server).cacheFile(file).build();
            try (Relay relay = Relay.open(cached, (tid, oids, makeVisible) -> {
                makeVisible.run();
                told.add(tid + " " + Arrays.toString(oids));
            })) {
                relay.start();
                relay.ask(Methods.PING, PyTuple.EMPTY).join();
                assertThat(told).containsExactly("22 [6]", "22 [7]", "23 [8]");
            }
            server.join();
        }
    }

    /** The cache does not know of it. */
    @Test
    void relay_invalidationThatCannotBePublishedWhenTheCacheIsVerified_isAskedForOnANewConnection() throws IOException {
        ScriptedServer.Script first = peer -> {
            peer.handshake("M5");
            answer(peer, Methods.REGISTER, Ids.bytes(10));
            Message.Call info = peer.call();
            invalidate(peer, 11, OID);
            peer.send(new Message.Reply(info.id(), new PyDict()));
            peer.awaitEnd();
        };
        ScriptedServer.Script second = peer -> {
            peer.handshake("M5");
            answer(peer, Methods.REGISTER, Ids.bytes(11));
            answer(peer, Methods.GET_INVALIDATIONS, null);
            answer(peer, Methods.GET_INFO, new PyDict());
            answer(peer, Methods.PING, true);
            peer.awaitEnd();
        };
        try (ScriptedServer server = new ScriptedServer(first, second)) {
            try (Relay relay = Relay.open(options(server).build(), (tid, oids, makeVisible) -> {
                throw new IllegalStateException("of a publication");
            })) {
                relay.start();
                assertThat(relay.ask(Methods.PING, PyTuple.EMPTY).join()).isEqualTo(true);
                assertThat(relay.lastTransaction()).isEqualTo(11);
            }
            server.join();
        }
    }

    @Test
    void relay_finishThatCannotBePublished_isAsIfTheConnectionHadBroken() throws IOException {
        ScriptedServer.Script script = peer -> {
            begin(peer, 10);
            commit(peer, 11);
            peer.awaitEnd();
        };
        try (ScriptedServer server = new ScriptedServer(script)) {
            try (Relay relay = Relay.open(options(server).build(), RelayListener.NONE)) {
                relay.start();
                RelayTransaction transaction = relay.transaction();
                byte[] none = {};
                transaction.begin(none, none, none, Tid.NONE, " ").join();
                transaction.store(OID, 7, data(1));
                transaction.vote().join();
                CompletableFuture<Long> finished =
                        transaction.finish(new long[] {OID}, List.of(), (tid, oids, makeVisible) -> {
                            throw new IllegalStateException("of a publication");
                        });
                assertThat(finished)
                        .failsWithin(Duration.ofSeconds(30))
                        .withThrowableThat()
                        .matches(Relay::isUnavailable)
                        .withMessageContaining("of a publication");
                // The end of the first connection.
                server.join();
            }
        }
    }

    /** Python's server answers this if it does not know the transaction. */
    @Test
    void commit_finishAnsweredWithNothing_isUnknownAndEndsTheConnection() throws IOException {
        ScriptedServer.Script script = peer -> {
            begin(peer, 10);
            peer.send(new Message.Reply(stores(peer).id(), List.of()));
            answer(peer, Methods.TPC_FINISH, null);
            peer.awaitEnd();
        };
        try (ScriptedServer server = new ScriptedServer(script)) {
            try (ZeoClient client = ZeoClient.connect(options(server).build())) {
                ZeoTransaction transaction = client.begin().store(OID, 7, data(1));
                assertThatThrownBy(transaction::commit).isInstanceOf(CommitUnknownException.class);
                server.join();
            }
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
            answer(peer, Methods.LAST_TRANSACTION, Ids.bytes(10));
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
            answer(peer, Methods.VOTE, List.of(Ids.bytes(6)));
            answer(peer, Methods.TPC_FINISH, Ids.bytes(12));
            Message.Call load = peer.call();
            assertThat(load.args().get(0)).isEqualTo(Ids.bytes(6));
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
            answer(peer, Methods.REGISTER, Ids.bytes(20));
            Message.Call missed = peer.call();
            assertThat(missed.method()).isEqualTo(Methods.GET_INVALIDATIONS);
            assertThat(missed.args().get(0)).isEqualTo(Ids.bytes(10));
            // Committed after the registration, and told before the answer, which knows of it or not.
            invalidate(peer, 21, OID + 1);
            peer.send(new Message.Reply(missed.id(), PyTuple.of(Ids.bytes(20), List.of(Ids.bytes(OID)))));
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
            answer(peer, Methods.REGISTER, Ids.bytes(15));
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
            answer(peer, Methods.REGISTER, Ids.bytes(20));
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
            answer(peer, Methods.REGISTER, Ids.bytes(20));
            answer(peer, Methods.GET_INVALIDATIONS, PyTuple.of(Ids.bytes(20), List.of()));
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
            answer(peer, Methods.REGISTER, Ids.bytes(20));
            answer(peer, Methods.GET_INVALIDATIONS, PyTuple.of(Ids.bytes(20), List.of()));
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
            answer(peer, Methods.LAST_TRANSACTION, Ids.bytes(Tid.NONE));
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

    /** All of them at once would take as much memory again. */
    @Test
    void vote_ofManyRecords_isSentAsTheServerTakesIt() throws Exception {
        int count = 64;
        CountDownLatch sending = new CountDownLatch(1);
        CountDownLatch asked = new CountDownLatch(1);
        ScriptedServer.Script script = peer -> {
            begin(peer, 10);
            assertThat(((Message.OneWay) peer.receive()).method()).isEqualTo(Methods.TPC_BEGIN);
            sending.countDown();
            asked.await();
            int stores = 0;
            Message message = peer.receive();
            while (message instanceof Message.OneWay store && store.method().equals(Methods.STORE)) {
                stores++;
                message = peer.receive();
            }
            Message.Call load = (Message.Call) message;
            assertThat(load.method()).isEqualTo(Methods.LOAD_BEFORE);
            peer.send(new Message.Reply(load.id(), current(1, 7)));
            for (int i = stores; i < count; i++) {
                assertThat(((Message.OneWay) peer.receive()).method()).isEqualTo(Methods.STORE);
            }
            answer(peer, Methods.VOTE, List.of());
            peer.awaitEnd();
        };
        try (ScriptedServer server = new ScriptedServer(script)) {
            try (ZeoClient client = ZeoClient.connect(options(server).build())) {
                ZeoTransaction transaction = client.begin();
                for (int i = 0; i < count; i++) {
                    transaction.store(100 + i, 7, new byte[1 << 20]);
                }
                CompletableFuture<Void> voted = transaction.voteAsync();
                sending.await();
                CompletableFuture<Revision> loaded = client.async().load(OID);
                // Not before the load has been sent.
                client.async().newOids(0).join();
                asked.countDown();
                assertThat(loaded.join().data()).isEqualTo(data(1));
                voted.join();
            }
            server.join();
        }
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

    private static void answerOids(ScriptedServer.Peer peer, long... oids) throws Exception {
        answer(peer, Methods.NEW_OIDS, Arrays.stream(oids).mapToObj(Ids::bytes).toList());
    }

    /** A server that was started anew gives out again what nothing was stored with. */
    @Test
    void newOids_afterTheConnectionHasBroken_areNoneOfThoseBefore() throws IOException {
        ScriptedServer.Script first = peer -> {
            begin(peer, 10);
            answerOids(peer, 1, 2, 3);
            // The last one that is asked for here, with two from before in hand.
            assertThat(peer.call().method()).isEqualTo(Methods.NEW_OIDS);
        };
        ScriptedServer.Script second = peer -> {
            begin(peer, 10);
            answerOids(peer, 2, 3, 4);
            answerOids(peer, 5, 6, 7);
        };
        ScriptedServer.Script third = peer -> {
            begin(peer, 10);
            answer(peer, Methods.LAST_TRANSACTION, Ids.bytes(10));
            answerOids(peer, 5, 6, 7);
            peer.awaitEnd();
        };
        try (ScriptedServer server = new ScriptedServer(first, second, third)) {
            try (ZeoClient client = ZeoClient.connect(options(server).build())) {
                assertThat(client.newOid()).isEqualTo(1);
                assertThat(client.newOids(4)).containsExactly(2, 3, 4, 5);
                client.sync();
                assertThat(client.newOids(2)).containsExactly(5, 6);
            }
            server.join();
        }
    }

    @Test
    void commit_newObjectWhoseOidIsTaken_isNotResolved() throws IOException {
        ScriptedServer.Script script = peer -> {
            begin(peer, 10);
            PyDict conflict = new PyDict()
                    .put("oid", Ids.bytes(OID))
                    .put("serials", PyTuple.of(Ids.bytes(9), Ids.bytes(Tid.NONE)))
                    .put("data", data(1));
            peer.send(new Message.Reply(stores(peer).id(), List.of(conflict)));
            answer(peer, Methods.TPC_ABORT, null);
            peer.awaitEnd();
        };
        try (ScriptedServer server = new ScriptedServer(script)) {
            ZeoClientOptions.Builder options = options(server).conflictResolver(Conflict::wanted);
            try (ZeoClient client = ZeoClient.connect(options.build())) {
                ZeoTransaction transaction = client.begin().store(OID, Tid.NONE, data(1));
                assertThatThrownBy(transaction::commit)
                        .isInstanceOf(CommitConflictException.class)
                        .hasMessage("new objects have oids of others that are there already: 0x05");
            }
            server.join();
        }
    }
}
