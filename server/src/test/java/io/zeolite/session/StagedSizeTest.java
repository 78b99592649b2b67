package io.zeolite.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.blob.directory.BlobDirectory;
import io.zeolite.commit.CommitContext;
import io.zeolite.commit.LocalStorage;
import io.zeolite.commit.LocalStorageOptions;
import io.zeolite.commit.NoTimeouts;
import io.zeolite.disk.RealDisk;
import io.zeolite.message.Message;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PyTuple;
import io.zeolite.storage.file.FileLog;
import io.zeolite.storage.file.FileLogOptions;
import io.zeolite.zodb.Ids;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How much a client may stage, if its calls bring next to no data. */
class StagedSizeTest {
    private static final byte[] NOTHING = {};
    private static final byte[] ID = Ids.bytes(1);
    /** More than 78 calls take with a byte of data, less than 79 take without. */
    private static final int MAX_STAGED_BYTES = 10_100;

    private final List<Object> sent = new ArrayList<>();
    private boolean closed;

    @SuppressWarnings("NullAway.Init") // Set before each test.
    private LocalStorage storage;

    @SuppressWarnings("NullAway.Init") // Set before each test.
    private Session session;

    @BeforeEach
    void open(@TempDir Path directory) throws IOException {
        storage = LocalStorage.open(
                FileLog.open(new RealDisk(), directory.resolve("Data.fs"), FileLogOptions.DEFAULT),
                BlobDirectory.open(directory.resolve("blobs")),
                new CommitContext(
                        Runnable::run, Runnable::run, InstantSource.system(), new NoTimeouts(), Duration.ZERO),
                new LocalStorageOptions(10, Duration.ZERO, Long.MAX_VALUE, 1 << 20, () -> {
                    throw new IOException("nothing should be spilled");
                }));
        ServedStorage served = new ServedStorage("1", storage, false, Duration.ZERO, Instant.EPOCH);
        Outbox outbox = (Outbox) Proxy.newProxyInstance(
                Outbox.class.getClassLoader(), new Class<?>[] {Outbox.class}, (proxy, method, arguments) -> {
                    switch (method.getName()) {
                        case "send" -> sent.add(arguments[0]);
                        case "execute" -> ((Runnable) arguments[0]).run();
                        case "close" -> closed = true;
                        default -> {}
                    }
                    return switch (method.getName()) {
                        case "inLoop" -> true;
                        case "peer" -> "a test";
                        default -> null;
                    };
                });
        session = new Session(new SessionSettings(Map.of("1", served), Runnable::run, MAX_STAGED_BYTES), outbox);
        session.receive(new Message.Call(1L, Methods.REGISTER, PyTuple.of("1", false)));
    }

    @AfterEach
    void close() {
        storage.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                Methods.STORE,
                Methods.CHECK_CURRENT,
                Methods.RESTORE,
                Methods.DELETE_OBJECT,
                Methods.UNDO,
                Methods.STORE_BLOB_END,
                Methods.STORE_BLOB_SHARED
            })
    void vote_manyCallsThatBringNothing_isRefused(String method) {
        assertThat(answerToVote(78, method)).doesNotContain("max-staged-size");
        tell(Methods.TPC_ABORT, PyTuple.of((Object) 7L));
        assertThat(answerToVote(79, method)).contains("max-staged-size");
    }

    @Test
    void blob_withoutATransaction_endsTheConnection() {
        tell(Methods.STORE_BLOB_START, PyTuple.of());

        assertThat(closed).isTrue();
    }

    private String answerToVote(int count, String method) {
        tell(Methods.TPC_BEGIN, PyTuple.of(7L, NOTHING, NOTHING, NOTHING, null, " "));
        for (int i = 0; i < count; i++) {
            if (method.equals(Methods.STORE_BLOB_END)) {
                tell(Methods.STORE_BLOB_START, PyTuple.of());
            }
            tell(method, arguments(method));
        }
        sent.clear();
        session.receive(new Message.Call(2L, Methods.VOTE, PyTuple.of((Object) 7L)));
        return sent.toString();
    }

    private static PyTuple arguments(String method) {
        return switch (method) {
            case Methods.STORE, Methods.STORE_BLOB_END -> PyTuple.of(ID, ID, new byte[] {1}, 7L);
            case Methods.RESTORE -> PyTuple.of(ID, ID, null, null, 7L);
            case Methods.STORE_BLOB_SHARED -> PyTuple.of(ID, ID, new byte[] {1}, "none.tmp", 7L);
            case Methods.UNDO -> PyTuple.of(Base64.getEncoder().encode(ID), 7L);
            default -> PyTuple.of(ID, ID, 7L);
        };
    }

    private void tell(String method, PyTuple arguments) {
        session.receive(new Message.OneWay(method, arguments));
    }
}
