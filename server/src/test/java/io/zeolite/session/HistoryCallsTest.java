package io.zeolite.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.zeolite.commit.CommitContext;
import io.zeolite.commit.LocalStorage;
import io.zeolite.commit.LocalStorageOptions;
import io.zeolite.commit.NoTimeouts;
import io.zeolite.disk.RealDisk;
import io.zeolite.message.Message;
import io.zeolite.message.Methods;
import io.zeolite.pickle.ExtensionPickle;
import io.zeolite.pickle.PyDict;
import io.zeolite.pickle.PyTuple;
import io.zeolite.pickle.ValueLimits;
import io.zeolite.storage.LogTransaction;
import io.zeolite.storage.Logs;
import io.zeolite.storage.Storage;
import io.zeolite.storage.TestRecords;
import io.zeolite.storage.TransactionMetadata;
import io.zeolite.storage.file.FileLog;
import io.zeolite.storage.file.FileLogOptions;
import io.zeolite.wire.Codec;
import io.zeolite.wire.MsgpackCodec;
import io.zeolite.wire.PickleCodec;
import io.zeolite.zodb.Ids;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is told of transactions whose extension holds what cannot be sent. */
class HistoryCallsTest {
    /** {@code {'a': 1, 'roles': x, 'z': 2}} with an x that this server keeps and has no form of its own for. */
    private static final List<String> UNSENDABLE = List.of(
            "cbuiltins\nset\n](K\u0001K\u0002e\u0085R",
            "cbuiltins\nfrozenset\n](K\u0001e\u0085R",
            "cbuiltins\nbytearray\n)R",
            "cbuiltins\ncomplex\nG\0\0\0\0\0\0\0\0G\0\0\0\0\0\0\0\0\u0086R",
            "cbuiltins\nint\n",
            "](cbuiltins\nset\n](K\u0001e\u0085Re");

    private final ArrayDeque<Runnable> io = new ArrayDeque<>();
    private final QueuedOutbox client = new QueuedOutbox();

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    Path directory;

    @SuppressWarnings("NullAway.Init") // Set before each test.
    private FileLog log;

    @SuppressWarnings("NullAway.Init") // Set before each test.
    private Storage storage;

    @SuppressWarnings("NullAway.Init") // Set before each test.
    private Session session;

    @BeforeEach
    void openStorage() throws IOException {
        log = FileLog.open(new RealDisk(), directory.resolve("Data.fs"), FileLogOptions.CREATE);
        for (int i = 0; i < UNSENDABLE.size(); i++) {
            byte[] extension = TestRecords.bytes("\u0080\u0003}(X\u0001\0\0\0aK\u0001X\u0005\0\0\0roles"
                    + UNSENDABLE.get(i) + "X\u0001\0\0\0zK\u0002u.");
            commit(log, 0x10 + i, extension);
        }
        commit(log, 0x20, ExtensionPickle.encode(new PyDict().put("roles", 3L)));
        commit(log, 0x21, ExtensionPickle.encode(new PyDict().put("roles", new PyDict().put(1L, 1L))));
        storage = LocalStorage.open(
                log,
                null,
                new CommitContext(
                        Runnable::run, Runnable::run, InstantSource.system(), new NoTimeouts(), Duration.ZERO),
                new LocalStorageOptions(10, Duration.ZERO, Long.MAX_VALUE, 1 << 20, () -> {
                    throw new IOException("nothing is stored");
                }));
        ServedStorage served = new ServedStorage("1", storage, true, Duration.ZERO, Instant.EPOCH);
        session = new Session(new SessionSettings(Map.of("1", served), io::add, 1 << 20), client);
        ask(Methods.REGISTER, "1", true);
    }

    private static void commit(FileLog log, long tid, byte[] extension) throws IOException {
        TransactionMetadata metadata =
                new TransactionMetadata(TestRecords.bytes("u"), TestRecords.bytes("d"), extension);
        Logs.commit(log, List.of(new LogTransaction(tid, metadata, TestRecords.of(1, "data " + tid))));
    }

    @AfterEach
    void closeStorage() throws IOException {
        storage.close();
    }

    @SuppressWarnings("NullAway") // It does not see that the method takes an array of values that may be null.
    private static PyTuple tuple(@Nullable Object... args) {
        return PyTuple.of(args);
    }

    /** Calls, and returns the answer, which can be sent. */
    private Message ask(String method, @Nullable Object... args) {
        session.receive(new Message.Call(1L, method, tuple(args)));
        while (!io.isEmpty() || !client.loop.isEmpty()) {
            (io.isEmpty() ? client.loop : io).remove().run();
        }
        Message answer = client.sent.get(client.sent.size() - 1);
        client.encoding.encode(answer, Unpooled.buffer());
        return answer;
    }

    private List<?> list(String method, @Nullable Object... args) {
        return (List<?>) Objects.requireNonNull(((Message.Reply) ask(method, args)).value());
    }

    private static Codec codec(boolean msgpack) {
        return msgpack ? new MsgpackCodec(ValueLimits.FROM_CLIENT) : new PickleCodec(ValueLimits.FROM_CLIENT);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void undoEntriesAndHistory_haveAllThatCanBeSent(boolean msgpack) {
        client.encoding = codec(msgpack);
        List<List<?>> answers = List.of(
                list(Methods.UNDO_LOG, 0L, -20L),
                list(Methods.UNDO_INFO, 0L, -20L, new PyDict().put("user_name", TestRecords.bytes("u"))),
                list(Methods.HISTORY, Ids.bytes(1), 20L));
        for (List<?> entries : answers) {
            assertThat(entries).hasSize(UNSENDABLE.size() + 2);
            assertThat(((PyDict) entries.get(0)).get("roles")).isEqualTo(msgpack ? null : new PyDict().put(1L, 1L));
            assertThat(((PyDict) entries.get(1)).get("roles")).isEqualTo(3L);
            for (Object entry : entries.subList(2, entries.size())) {
                PyDict shown = (PyDict) entry;
                assertThat(shown.get("a")).isEqualTo(1L);
                assertThat(shown.get("roles")).isNull();
                assertThat(shown.get("z")).isEqualTo(2L);
                assertThat(shown.get("description")).isEqualTo(TestRecords.bytes("d"));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void iterator_extensionThatCannotBeSent_isAnErrorThatNamesTheTransaction(boolean msgpack) {
        client.encoding = codec(msgpack);
        ask(Methods.ITERATOR_START, null, null);
        for (int i = 0; i < UNSENDABLE.size(); i++) {
            Message.ErrorReply error = (Message.ErrorReply) ask(Methods.ITERATOR_NEXT, 0L);
            assertThat(error.pythonClass()).isEqualTo("builtins.ValueError");
            assertThat(error.detail().toString())
                    .contains("the extension of transaction 0x1" + i + " cannot be sent")
                    .doesNotContain("io.zeolite");
        }
        assertThat(ask(Methods.ITERATOR_NEXT, 0L)).isInstanceOf(Message.Reply.class);
        assertThat(ask(Methods.ITERATOR_NEXT, 0L))
                .isInstanceOf(msgpack ? Message.ErrorReply.class : Message.Reply.class);
    }

    /** One may have so many of them as 65,535 bytes hold. */
    @Test
    @Timeout(30)
    void undoLog_extensionsWithThousandsOfEntries_isNotSlow() throws IOException {
        PyDict many = new PyDict();
        for (int i = 0; i < 4_000; i++) {
            many.put(Integer.toString(i), 1L);
        }
        for (int i = 0; i < 200; i++) {
            commit(log, 0x30 + i, ExtensionPickle.encode(many));
        }

        List<?> entries = list(Methods.UNDO_LOG, 0L, -200L);

        assertThat(entries).hasSize(200);
        assertThat(((PyDict) entries.get(0)).get("3999")).isEqualTo(1L);
        assertThat(((PyDict) entries.get(0)).get("description")).isEqualTo(TestRecords.bytes("d"));
    }

    @ParameterizedTest
    @CsvSource({
        "/a/b, /a/b, true",
        "/a/b/c, /a/b, true",
        "/a/bc, /a/b, false",
        "/a, /a/b, false",
        // As a transaction has it: the folder of the users, and one of them.
        "/a/b joe, /a/b, true",
        "/a/b my joe, /a/b, false",
        "Plone joe, Plone, true",
        "/a b/c, /a b, true",
        "' joe', '', true"
    })
    void hasPrefix_pathAndUser_isAsInZopeUndo(String found, String prefix, boolean expected) {
        assertThat(HistoryCalls.hasPrefix(found, prefix)).isEqualTo(expected);
        assertThat(HistoryCalls.hasPrefix(TestRecords.bytes(found), prefix)).isEqualTo(expected);
    }
}
