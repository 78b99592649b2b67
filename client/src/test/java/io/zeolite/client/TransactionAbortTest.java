package io.zeolite.client;

import static io.zeolite.client.Scripts.answer;
import static io.zeolite.client.Scripts.begin;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zeolite.client.blob.CacheLimit;
import io.zeolite.client.connection.Done;
import io.zeolite.client.connection.ScriptedServer;
import io.zeolite.message.Message;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PyTuple;
import io.zeolite.zodb.Ids;
import io.zeolite.zodb.Tid;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What comes to the server of a transaction that is given up while it is sent. */
@Timeout(60)
final class TransactionAbortTest {
    /** More than is on its way out at a time, wherever it is buffered. */
    private static final long BLOB_BYTES = 64L << 20;

    private static final byte[] DATA = {1};

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    private Path directory;

    private final CountDownLatch sending = new CountDownLatch(1);
    private final CountDownLatch aborted = new CountDownLatch(1);

    private ZeoClientOptions options(ScriptedServer server) {
        return ZeoClientOptions.builder()
                .address(server.address())
                .blobCache(directory.resolve("blobs"), new CacheLimit.None())
                .build();
    }

    private static void expect(ScriptedServer.Peer peer, String... methods) throws Exception {
        for (String method : methods) {
            assertThat(((Message.OneWay) peer.receive()).method()).isEqualTo(method);
        }
    }

    /** The blob is ended for the server's sake, and nothing of it comes after the abort. */
    private void abortsInABlob(ScriptedServer.Peer peer) throws Exception {
        begin(peer, 10);
        expect(peer, Methods.TPC_BEGIN, Methods.STORE, Methods.STORE_BLOB_START, Methods.STORE_BLOB_CHUNK);
        sending.countDown();
        aborted.await();
        Message message = peer.receive();
        while (message instanceof Message.OneWay piece && piece.method().equals(Methods.STORE_BLOB_CHUNK)) {
            message = peer.receive();
        }
        assertThat(((Message.OneWay) message).method()).isEqualTo(Methods.STORE_BLOB_END);
        answer(peer, Methods.TPC_ABORT, null);
        answer(peer, Methods.LAST_TRANSACTION, Ids.bytes(10));
        peer.awaitEnd();
    }

    private Path blob() throws IOException {
        Path file = directory.resolve("blob");
        try (RandomAccessFile blob = new RandomAccessFile(file.toFile(), "rw")) {
            blob.setLength(BLOB_BYTES);
        }
        return file;
    }

    @Test
    void voteOfABlob_isAborted_sendsNothingBehindThat() throws Exception {
        try (ScriptedServer server = new ScriptedServer(this::abortsInABlob)) {
            try (ZeoClient client = ZeoClient.connect(options(server))) {
                ZeoTransaction transaction = client.begin("", "").storeBlob(1, Tid.NONE, DATA, blob());
                CompletableFuture<Void> voted = transaction.voteAsync();
                sending.await();
                CompletableFuture<Void> over = transaction.abortAsync();
                aborted.countDown();
                over.join();
                assertThat(voted).failsWithin(Duration.ofSeconds(30));
                assertThat(client.sync()).isEqualTo(10);
            }
            server.join();
        }
    }

    /** Not only the vote, which has sent half of the transaction by then. */
    @Test
    void storeBlob_withoutADirectoryForBlobs_failsAtOnce() throws IOException {
        ZeoClientOptions options =
                ZeoClientOptions.builder().address("localhost", 1).build();
        Path file = blob();
        try (ZeoClient client = ZeoClient.open(options)) {
            ZeoTransaction transaction = client.begin();
            assertThatThrownBy(() -> transaction.storeBlob(1, Tid.NONE, DATA, file))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("no directory for blobs");
        }
    }

    private List<Path> unfinished() throws IOException {
        try (Stream<Path> files = Files.list(directory.resolve("blobs").resolve("tmp"))) {
            return files.toList();
        }
    }

    @Test
    void blobOfAStream_liesWithTheBlobs_andGoesWithItsTransaction() throws Exception {
        ScriptedServer.Script script = peer -> {
            begin(peer, 10);
            peer.awaitEnd();
        };
        try (ScriptedServer server = new ScriptedServer(script)) {
            try (ZeoClient client = ZeoClient.connect(options(server))) {
                ZeoTransaction transaction = client.begin("", "");
                transaction.storeBlob(1, Tid.NONE, DATA, new ByteArrayInputStream(DATA));
                assertThat(unfinished()).singleElement().satisfies(file -> assertThat(file)
                        .hasBinaryContent(DATA));
                transaction.abort();
                assertThatThrownBy(() -> transaction.storeBlob(1, Tid.NONE, DATA, new ByteArrayInputStream(DATA)))
                        .isInstanceOf(IllegalStateException.class);
            }
            assertThat(unfinished()).isEmpty();
            server.join();
        }
    }

    @Test
    void relayedBlob_isAborted_sendsNothingBehindThat() throws Exception {
        try (ScriptedServer server = new ScriptedServer(this::abortsInABlob)) {
            try (Relay relay = Relay.open(options(server), RelayListener.NONE)) {
                relay.start();
                RelayTransaction transaction = relay.transaction();
                transaction
                        .begin(new byte[0], new byte[0], new byte[0], Tid.NONE, " ")
                        .join();
                transaction.store(1, Tid.NONE, DATA).join();
                CompletableFuture<Done> sent = transaction.storeBlob(1, Tid.NONE, DATA, blob());
                sending.await();
                transaction.abort();
                CompletableFuture<?> late = transaction.store(2, Tid.NONE, DATA);
                aborted.countDown();
                for (CompletableFuture<?> failed : List.of(sent, late, transaction.vote())) {
                    assertThat(failed).failsWithin(Duration.ofSeconds(30));
                }
                relay.call(Methods.LAST_TRANSACTION, PyTuple.EMPTY).join();
            }
            server.join();
        }
    }

    /** It gets its turn when the connection of the one before breaks, and is given up while there is no other one. */
    @Test
    void transactionThatWaitsForAConnection_isAborted_sendsNothingWhenThereIsOne() throws Exception {
        ScriptedServer.Script first = peer -> {
            begin(peer, 10);
            expect(peer, Methods.TPC_BEGIN, Methods.STORE);
            answer(peer, Methods.VOTE, List.of());
            answer(peer, Methods.LAST_TRANSACTION, Ids.bytes(10));
        };
        ScriptedServer.Script second = peer -> {
            // The client is here since it has heard of the end of the other connection.
            sending.countDown();
            aborted.await();
            begin(peer, 10);
            answer(peer, Methods.LAST_TRANSACTION, Ids.bytes(10));
            peer.awaitEnd();
        };
        try (ScriptedServer server = new ScriptedServer(first, second)) {
            try (ZeoClient client = ZeoClient.connect(options(server))) {
                client.begin("", "").store(1, Tid.NONE, DATA).vote();
                ZeoTransaction transaction = client.begin("", "").store(2, Tid.NONE, DATA);
                CompletableFuture<Void> voted = transaction.voteAsync();
                client.sync();
                sending.await();
                transaction.abort();
                assertThat(voted).failsWithin(Duration.ofSeconds(30));
                aborted.countDown();
                assertThat(client.sync()).isEqualTo(10);
            }
            server.join();
        }
    }
}
