package io.zeolite.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.client.blob.OpenBlob;
import io.zeolite.error.CallException;
import io.zeolite.message.Message;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PyTuple;
import io.zeolite.storage.Completion;
import io.zeolite.storage.Storage;
import io.zeolite.zodb.Ids;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The blobs that one client asks for. They are open when the test says so, and client.sent when it says so. */
class BlobCallsTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    private Path directory;

    private final ArrayDeque<Completion<OpenBlob>> opening = new ArrayDeque<>();
    private final ArrayDeque<Completion<Long>> sending = new ArrayDeque<>();
    private final List<OpenBlob> files = new ArrayList<>();

    @SuppressWarnings("NullAway.Init") // Set before each test.
    private Session session;

    private long lastId;

    private final QueuedOutbox client = new QueuedOutbox() {
        @Override
        public void sendBlob(long oid, long serial, OpenBlob source, Completion<Long> outcome) {
            files.add(source);
            sending.add(outcome);
        }
    };

    @BeforeEach
    void register() {
        ServedStorage served = new ServedStorage("1", storage(), true, Duration.ZERO, Instant.EPOCH);
        session = new Session(new SessionSettings(Map.of("1", served), Runnable::run, 1 << 20), client);
        session.receive(new Message.Call(0L, Methods.REGISTER, PyTuple.of("1", true)));
        client.sent.clear();
    }

    @AfterEach
    void closeFiles() throws IOException {
        for (OpenBlob file : files) {
            file.close();
        }
    }

    @SuppressWarnings("unchecked")
    private Storage storage() {
        return (Storage) Proxy.newProxyInstance(
                Storage.class.getClassLoader(), new Class<?>[] {Storage.class}, (proxy, method, args) -> {
                    switch (method.getName()) {
                        case "whenOpen" -> Completion.done((Completion<Void>) args[0]);
                        case "openBlob" -> opening.add((Completion<OpenBlob>) args[2]);
                        case "subscribe" -> {
                            return new NoSubscription();
                        }
                        default -> throw new AssertionError(method + " was called");
                    }
                    return null;
                });
    }

    private void ask(int blobs) {
        for (int i = 0; i < blobs; i++) {
            session.receive(new Message.Call(++lastId, Methods.SEND_BLOB, PyTuple.of(Ids.bytes(lastId), Ids.bytes(1))));
        }
    }

    private void opened() throws IOException {
        opening.remove().complete(new OpenBlob.LocalFile(FileChannel.open(Files.createTempFile(directory, "", "")), 0));
        client.loop.remove().run();
    }

    private void failed() {
        opening.remove().fail(CallException.storage("broken"));
        client.loop.remove().run();
    }

    @Test
    void manyBlobs_areOpenedAFewAtATime_andAllAnsweredInTheirOrder() throws IOException {
        int blobs = 3 * BlobCalls.MAX_OPEN;
        ask(blobs);
        assertThat(opening).hasSize(BlobCalls.MAX_OPEN);
        for (int i = 0; i < BlobCalls.MAX_OPEN; i++) {
            opened();
        }
        assertThat(opening).isEmpty();
        assertThat(sending).hasSize(BlobCalls.MAX_OPEN);

        while (client.sent.size() < blobs) {
            sending.remove().complete(0L);
            assertThat(opening.size() + sending.size()).isLessThanOrEqualTo(BlobCalls.MAX_OPEN);
            if (!opening.isEmpty()) {
                opened();
            }
        }

        assertThat(client.sent)
                .isEqualTo(LongStream.rangeClosed(1, blobs)
                        .mapToObj(id -> new Message.Reply(id, null))
                        .toList());
    }

    @Test
    void blobsThatFail_makeRoomForOthers() {
        int blobs = 2 * BlobCalls.MAX_OPEN;
        ask(blobs);
        while (client.sent.size() < blobs) {
            failed();
        }
        assertThat(client.sent).allMatch(message -> message instanceof Message.ErrorReply);
        assertThat(opening).isEmpty();
    }

    @Test
    void clientThatAsksFarAhead_isNotReadFromUntilItsBlobsHaveHadTheirTurn() {
        int blobs = BlobCalls.MAX_OPEN + BlobCalls.MAX_WAITING;
        ask(blobs);
        assertThat(client.pauses).isZero();
        ask(1);
        assertThat(client.pauses).isOne();
        while (client.pauses > 0) {
            failed();
        }
        assertThat(opening).hasSize(BlobCalls.MAX_OPEN);
        ask(1);
        assertThat(client.pauses).isZero();
    }

    @Test
    void clientThatGoes_hasNothingOpenedAnyMore() {
        ask(BlobCalls.MAX_OPEN + BlobCalls.MAX_WAITING + 1);
        session.disconnected();
        failed();
        assertThat(opening).hasSize(BlobCalls.MAX_OPEN - 1);
        assertThat(client.pauses).isOne();
    }
}
