package io.zeolite.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.logging.RecordedLog;
import io.zeolite.message.Message;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PyTuple;
import io.zeolite.storage.Completion;
import io.zeolite.storage.Finished;
import io.zeolite.storage.Storage;
import io.zeolite.storage.StorageInfo;
import io.zeolite.storage.StorageTransaction;
import io.zeolite.storage.VoteResult;
import io.zeolite.zodb.Ids;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is logged and counted of one client, on a storage that does nothing of its own. */
class SessionTest {
    private static final byte[] NOTHING = {};
    private static final byte[] ID = Ids.bytes(1);

    private final QueuedOutbox client = new QueuedOutbox() {
        @Override
        public void close() {}
    };
    private final List<Runnable> timeouts = new ArrayList<>();
    private final List<Completion<VoteResult>> votes = new ArrayList<>();
    private final List<Completion<Finished>> finishes = new ArrayList<>();

    private ServedStorage served = new ServedStorage("1", storage(), false, Duration.ZERO, Instant.EPOCH);
    private Session session = session();

    private Session session() {
        Session made = new Session(new SessionSettings(Map.of("1", served), Runnable::run, 1 << 20), client);
        made.receive(new Message.Call(1L, Methods.REGISTER, PyTuple.of("1", false)));
        return made;
    }

    @SuppressWarnings("unchecked")
    private Storage storage() {
        StorageTransaction transaction = proxy(StorageTransaction.class, (method, arguments) -> {
            switch (method) {
                case "vote" -> votes.add((Completion<VoteResult>) arguments[0]);
                case "finish" -> finishes.add((Completion<Finished>) arguments[0]);
                default -> {}
            }
            return method.equals("isBacklogged") ? false : null;
        });
        return proxy(Storage.class, (method, arguments) -> switch (method) {
            case "whenOpen" -> {
                Completion.done((Completion<Void>) arguments[0]);
                yield null;
            }
            case "info" -> new StorageInfo("a storage", false, true, true, List.of());
            case "subscribe" -> new NoSubscription();
            case "begin" -> {
                timeouts.add((Runnable) arguments[3]);
                yield transaction;
            }
            case "sharedBlobFile" -> Path.of("shared");
            case "lastTransaction" -> 0L;
            case "waitingVotes" -> 0;
            default -> null;
        });
    }

    private interface Calls {
        @Nullable
        Object call(String method, Object[] arguments);
    }

    private static <T> T proxy(Class<T> type, Calls calls) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(),
                new Class<?>[] {type},
                (proxy, method, arguments) -> calls.call(method.getName(), arguments)));
    }

    private void tell(String method, PyTuple arguments) {
        session.receive(new Message.OneWay(method, arguments));
    }

    private void begin() {
        tell(Methods.TPC_BEGIN, PyTuple.of(7L, NOTHING, NOTHING, NOTHING, null, " "));
    }

    private void vote() {
        session.receive(new Message.Call(2L, Methods.VOTE, PyTuple.of((Object) 7L)));
        votes.get(0).complete(new VoteResult(List.of(), new long[0]));
        runLoop();
    }

    private void runLoop() {
        while (!client.loop.isEmpty()) {
            client.loop.remove().run();
        }
    }

    private @Nullable Object counted(String what) {
        return served.status().get(what);
    }

    @ParameterizedTest
    @CsvSource({"PT30S, 30", "PT0.5S, 0.5", "PT5.5S, 5.5", "PT100S, 100", "PT0.000000001S, 0.000000001"})
    void timeout_isNamedWithItsSeconds(Duration timeout, String seconds) {
        served = new ServedStorage("1", storage(), false, timeout, Instant.EPOCH);
        session = session();
        begin();
        try (RecordedLog log = new RecordedLog("ZEO.StorageServer")) {
            timeouts.get(0).run();
            runLoop();
            assertThat(log.lines())
                    .containsExactly("CRITICAL (a test) Transaction timeout after " + seconds + " seconds");
        }
    }

    @Test
    void label_isShownAsText() {
        tell(Methods.SET_CLIENT_LABEL, PyTuple.of((Object) "site \u00e4".getBytes(StandardCharsets.UTF_8)));
        assertThat(session.label()).isEqualTo("site \u00e4 a test");
        tell(Methods.SET_CLIENT_LABEL, PyTuple.of((Object) null));
        assertThat(session.label()).isEqualTo("None a test");
        tell(Methods.SET_CLIENT_LABEL, PyTuple.of(17L));
        assertThat(session.label()).isEqualTo("17 a test");
        tell(Methods.SET_CLIENT_LABEL, PyTuple.of("site"));
        assertThat(session.label()).isEqualTo("site a test");
    }

    @Test
    void pack_logsItsTimeWithoutWhatComesFromRounding() {
        try (RecordedLog log = new RecordedLog("ZEO.StorageServer")) {
            tell(Methods.PACK, PyTuple.of(1796138484.734, true));
            assertThat(log.messages()).containsExactly("(a test) pack(time=2026-12-01T15:21:24.734Z) started...");
        }
    }

    @Test
    void stores_ofBlobs_areNotCounted() {
        begin();
        tell(Methods.STORE, PyTuple.of(ID, ID, ID, 7L));
        tell(Methods.DELETE_OBJECT, PyTuple.of(ID, ID, 7L));
        tell(Methods.RESTORE, PyTuple.of(ID, ID, ID, null, 7L));
        tell(Methods.STORE_BLOB_SHARED, PyTuple.of(ID, ID, ID, "x.tmp", 7L));
        // It lacks its upload, of which it is told when everything else is right.
        tell(Methods.STORE_BLOB_END, PyTuple.of(ID, ID, ID, 7L));
        assertThat(counted("stores")).isEqualTo(3L);
    }

    @Test
    void aborts_countAClientThatLeavesItsTransaction() {
        begin();
        session.disconnected();
        assertThat(counted("aborts")).isEqualTo(1L);
        assertThat(counted("active_txns")).isEqualTo(0L);

        session = session();
        session.disconnected();
        assertThat(counted("aborts")).isEqualTo(1L);

        session = session();
        begin();
        vote();
        session.disconnected();
        assertThat(counted("aborts")).isEqualTo(2L);
    }

    @Test
    void aborts_doNotCountAClientThatLeavesWhileItsTransactionFinishes() {
        begin();
        vote();
        session.receive(new Message.Call(3L, Methods.TPC_FINISH, PyTuple.of((Object) 7L)));
        session.disconnected();
        finishes.get(0).complete(new Finished(1, 1, 1));
        runLoop();
        assertThat(counted("aborts")).isEqualTo(0L);
        assertThat(counted("commits")).isEqualTo(1L);
    }
}
