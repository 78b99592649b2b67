package io.zeolite.client;

import static io.zeolite.client.Scripts.OID;
import static io.zeolite.client.Scripts.answer;
import static io.zeolite.client.Scripts.answerWhetherThereIs;
import static io.zeolite.client.Scripts.begin;
import static io.zeolite.client.Scripts.commit;
import static io.zeolite.client.Scripts.data;
import static io.zeolite.client.Scripts.options;
import static io.zeolite.client.Scripts.stores;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.zeolite.client.connection.ScriptedServer;
import io.zeolite.message.Message;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PyDict;
import io.zeolite.pickle.PyTuple;
import io.zeolite.zodb.Ids;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What a client finds out about its own transaction when nobody has told it how that ended. */
class CommitOutcomeTest {
    /** The store of the search conflicts with that of the transaction itself, which the server resolves. */
    @Test
    void outcome_serverThatResolvesConflicts_committed() throws IOException {
        assertThat(outcome(7, List.of(Ids.bytes(OID)), mark -> List.of(revision(12, null), revision(11, mark))))
                .isEqualTo(new CommitOutcome.Committed(11));
    }

    @Test
    void outcome_stillCurrent_notCommitted() throws IOException {
        assertThat(outcomeOfGoodVote(PyTuple.of(data(0), Ids.bytes(7), null)))
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
                .put("oid", Ids.bytes(OID))
                .put("serials", PyTuple.of(Ids.bytes(11), Ids.bytes(7)))
                .put("data", data(1));
    }

    private static PyDict revision(long tid, @Nullable String mark) {
        PyDict revision = new PyDict().put("tid", Ids.bytes(tid)).put("size", 1L);
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
                    before == null ? null : PyTuple.of(before, Ids.bytes(serial), Ids.bytes(next)));
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
            answer(peer, Methods.REGISTER, Ids.bytes(11));
            answer(peer, Methods.GET_INVALIDATIONS, PyTuple.of(Ids.bytes(11), List.of(Ids.bytes(OID))));
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
            peer.send(new Message.Reply(finish.id(), Ids.bytes(11)));
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
            answer(peer, Methods.LAST_TRANSACTION, Ids.bytes(10));
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

    /** Of those that wait for their turn nothing was sent. */
    @Test
    void commits_thatWaitForOneWhoseConnectionBreaks_areMadeOnTheNextOne() throws IOException {
        int waiting = 5;
        ScriptedServer.Script breaking = peer -> {
            begin(peer, 10);
            stores(peer);
            answer(peer, Methods.LAST_TRANSACTION, Ids.bytes(10));
        };
        ScriptedServer.Script good = peer -> {
            peer.handshake("M5");
            answer(peer, Methods.REGISTER, Ids.bytes(10));
            answer(peer, Methods.GET_INFO, new PyDict());
            for (int i = 0; i < waiting; i++) {
                commit(peer, 11 + i);
            }
            peer.awaitEnd();
        };
        try (ScriptedServer server = new ScriptedServer(breaking, good)) {
            try (ZeoClient client = ZeoClient.connect(options(server).build())) {
                CompletableFuture<Long> first =
                        client.begin().store(OID, 7, data(1)).commitAsync();
                List<CompletableFuture<Long>> others = new ArrayList<>();
                for (int i = 0; i < waiting; i++) {
                    others.add(client.begin().store(OID + 1 + i, 7, data(1)).commitAsync());
                }
                client.sync();
                assertThat(first).failsWithin(Duration.ofSeconds(30));
                for (int i = 0; i < waiting; i++) {
                    assertThat(others.get(i))
                            .succeedsWithin(Duration.ofSeconds(30))
                            .isEqualTo(11L + i);
                }
            }
            server.join();
        }
    }

    /** It is a lock of the caller's. */
    @Test
    void commit_whileItsTransactionIsLocked_ends() throws IOException {
        ScriptedServer.Script script = peer -> {
            begin(peer, 10);
            commit(peer, 11);
            peer.awaitEnd();
        };
        try (ScriptedServer server = new ScriptedServer(script)) {
            try (ZeoClient client = ZeoClient.connect(options(server).build())) {
                ZeoTransaction transaction = client.begin();
                synchronized (transaction) {
                    assertThat(transaction.store(OID, 7, data(1)).commit()).isEqualTo(11);
                }
            }
            server.join();
        }
    }

    @Test
    void checks_ofTwoRevisions_theOlderOneCounts() throws IOException {
        ScriptedServer.Script script = peer -> {
            begin(peer, 10);
            assertThat(((Message.OneWay) peer.receive()).method()).isEqualTo(Methods.TPC_BEGIN);
            for (long oid = OID; oid < OID + 2; oid++) {
                Message.OneWay check = (Message.OneWay) peer.receive();
                assertThat(check.method()).isEqualTo(Methods.CHECK_CURRENT);
                assertThat(check.args().get(0)).isEqualTo(Ids.bytes(oid));
                assertThat(check.args().get(1)).isEqualTo(Ids.bytes(5));
            }
            peer.send(new Message.Reply(peer.call().id(), List.of()));
            peer.awaitEnd();
        };
        try (ScriptedServer server = new ScriptedServer(script)) {
            try (ZeoClient client = ZeoClient.connect(options(server).build())) {
                client.begin()
                        .checkCurrent(OID, 7)
                        .checkCurrent(OID, 5)
                        .checkCurrent(OID + 1, 5)
                        .checkCurrent(OID + 1, 7)
                        .vote();
            }
            server.join();
        }
    }

    /** One after the other, each with the whole time, they would take more than a minute. */
    @Test
    void vote_ofManyWhoWaitForOneWhenTheServerGoesAway_failsOfAllTogether() throws IOException {
        ScriptedServer.Script only = peer -> {
            begin(peer, 10);
            markOfVoted(peer);
            answer(peer, Methods.LAST_TRANSACTION, Ids.bytes(10));
        };
        try (ScriptedServer server = new ScriptedServer(only)) {
            try (ZeoClient client = ZeoClient.connect(
                    options(server).waitTimeout(Duration.ofSeconds(2)).build())) {
                client.begin().store(OID, 7, data(1)).vote();
                List<CompletableFuture<Void>> votes = new ArrayList<>();
                for (int i = 0; i < 40; i++) {
                    votes.add(client.begin().store(OID, 7, data(1)).voteAsync());
                }
                client.sync();
                assertThat(CompletableFuture.allOf(votes.toArray(CompletableFuture[]::new)))
                        .failsWithin(Duration.ofSeconds(30));
            }
            server.join();
        }
    }
}
