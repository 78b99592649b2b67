package io.zeolite.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.zeolite.client.blob.BlobCache;
import io.zeolite.client.blob.CacheLimit;
import io.zeolite.client.blob.OpenBlob;
import io.zeolite.client.connection.ConnectionOptions;
import io.zeolite.client.connection.Done;
import io.zeolite.client.connection.LinkOptions;
import io.zeolite.client.connection.LinkUser;
import io.zeolite.client.connection.ScriptedServer;
import io.zeolite.client.connection.ServerLink;
import io.zeolite.client.connection.ZeoConnection;
import io.zeolite.message.Message;
import io.zeolite.message.Methods;
import io.zeolite.pickle.PyTuple;
import io.zeolite.zodb.Ids;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
final class BlobDownloadTest {
    private static final int PIECE_BYTES = 59_000;
    private static final int BLOB_BYTES = 3_000_000;
    private static final int PART_BYTES = 1_500_000;
    private static final long OID = 5;
    private static final long SERIAL = 6;
    private static final PyTuple KEY = PyTuple.of(Ids.bytes(OID), Ids.bytes(SERIAL));

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    private Path directory;

    /** A piece waits for others to be written with it: a download that ends before they come must not keep it. */
    @Test
    void download_thatFails_givesBackThePiecesThatWereNotWritten() throws Exception {
        ExecutorService io = Executors.newCachedThreadPool();
        // Nobody is asked: it is not started.
        ServerLink link =
                new ServerLink(options(io, new InetSocketAddress(InetAddress.getLoopbackAddress(), 1)), user());
        BlobCache cache = BlobCache.open(directory, new CacheLimit.None(), false);
        ByteBuf piece = Unpooled.directBuffer(PIECE_BYTES).writeZero(PIECE_BYTES);
        try (BlobStore store = new BlobStore(new BlobDirectory.Cached(directory, cache), link, io)) {
            CompletableFuture<BlobFile> blob = store.open(1, 2);
            while (piece.refCnt() == 1) {
                // Until the download is there, nobody takes it.
                CompletableFuture<Void> offered = new CompletableFuture<>();
                link.onLoop(() -> {
                    store.received(1, 2, piece);
                    offered.complete(null);
                });
                offered.join();
            }
            link.close();
            assertThat(blob).failsWithin(Duration.ofSeconds(30));
        }
        io.shutdown();
        assertThat(io.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
        assertThat(piece.refCnt()).isEqualTo(1);
        piece.release();
    }

    /** The connection breaks in the middle of a blob: what comes again is compared, the rest is written behind it. */
    @Test
    void connectionThatBreaks_isFollowedByOneForTheRest() throws Exception {
        byte[] bytes = bytes(1, BLOB_BYTES);
        assertThat(read(passing(bytes, PART_BYTES, false), passing(bytes, BLOB_BYTES, true)))
                .isEqualTo(bytes);
    }

    @Test
    void connectionThatBreaks_andAnotherOneThatBreaksEarlier_areFollowedByOneForTheRest() throws Exception {
        byte[] bytes = bytes(1, BLOB_BYTES);
        assertThat(read(
                        passing(bytes, PART_BYTES, false),
                        passing(bytes, PART_BYTES / 2, false),
                        passing(bytes, BLOB_BYTES, true)))
                .isEqualTo(bytes);
    }

    @Test
    void connectionThatBreaks_otherBytesOnTheNextOne_isAFailure() {
        byte[] other = bytes(2, BLOB_BYTES);
        assertThatThrownBy(
                        () -> read(passing(bytes(1, BLOB_BYTES), PART_BYTES, false), passing(other, BLOB_BYTES, true)))
                .hasMessageContaining("are not those that had come when the connection broke");
    }

    @Test
    void connectionThatBreaks_lessOnTheNextOne_isAFailure() {
        byte[] bytes = bytes(1, BLOB_BYTES);
        assertThatThrownBy(() -> read(passing(bytes, PART_BYTES, false), passing(bytes, PART_BYTES / 2, true)))
                .hasMessageContaining("ends at " + PART_BYTES / 2 + " bytes");
    }

    /** Python's server answers so if it cannot read the rest, or the file is not there any more. */
    @ParameterizedTest
    @ValueSource(ints = {-1, 0, PART_BYTES})
    void answerWithoutTheEnd_isAFailure_andNothingIsKept(int sent) throws Exception {
        byte[] bytes = bytes(1, PART_BYTES);
        ScriptedServer.Script script = peer -> {
            Scripts.begin(peer, 10);
            Message.Call call = peer.call();
            if (sent >= 0) {
                peer.send(new Message.OneWay(Methods.RECEIVE_BLOB_START, KEY));
                Part.send(peer, Arrays.copyOf(bytes, sent));
            }
            peer.send(new Message.Reply(call.id(), null));
            call = peer.call();
            assertThat(call.args()).isEqualTo(KEY);
            peer.send(new Message.OneWay(Methods.RECEIVE_BLOB_START, KEY));
            Part.send(peer, bytes);
            Part.answer(peer, call);
            peer.awaitEnd();
        };
        try (ScriptedServer server = new ScriptedServer(script)) {
            try (ZeoClient client = client(server, new CacheLimit.None())) {
                assertThatThrownBy(() -> client.openBlob(OID, SERIAL)).hasMessageContaining("has not sent the end");
                try (BlobFile blob = client.openBlob(OID, SERIAL)) {
                    assertThat(blob.stream().readAllBytes()).isEqualTo(bytes);
                }
            }
            server.join();
        }
    }

    /** It is larger than the cache: the file that it came to is all there is of it. */
    @Test
    void openBlob_withoutAPlaceInTheCache_isTheFileThatItCameToUntilItIsClosed() throws Exception {
        byte[] bytes = bytes(1, BLOB_BYTES);
        try (ScriptedServer server = new ScriptedServer(sendingOnce(bytes));
                ZeoClient client = client(server, new CacheLimit.Bytes(PART_BYTES))) {
            BlobFile blob = client.openBlob(OID, SERIAL);
            assertThat(Files.readSymbolicLink(blob.path())).startsWithRaw(directory.toRealPath());
            assertThat(blob.path()).hasBinaryContent(bytes).hasSize(BLOB_BYTES);
            assertThat(blob.stream().readAllBytes()).isEqualTo(bytes);
            assertThat(blob.size()).isEqualTo(BLOB_BYTES);
            // So nothing of it stays if the process is killed.
            assertThat(directory.resolve("tmp")).isEmptyDirectory();
            assertThat(directory).isDirectoryNotContaining("glob:**.part");
            blob.close();
            blob.close();
            while (!openFilesWithoutAName().isEmpty()) {
                // The download lets go of it too.
                Thread.onSpinWait();
            }
        }
    }

    /** Room is made for more than has come, as nobody knows how much will. */
    @Test
    void openBlob_ofHardlyLessThanTheLimit_isKept() throws Exception {
        byte[] bytes = bytes(1, BLOB_BYTES);
        try (ScriptedServer server = new ScriptedServer(sendingOnce(bytes));
                ZeoClient client = client(server, new CacheLimit.Bytes(BLOB_BYTES))) {
            client.openBlob(OID, SERIAL).close();
            // It is not asked for once more.
            try (BlobFile blob = client.openBlob(OID, SERIAL)) {
                assertThat(blob.stream().readAllBytes()).isEqualTo(bytes);
            }
        }
    }

    /** Nobody else could close it. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void openBlob_nobodyWaitsAnyMore_isClosedWhenItComes(boolean interrupted) throws Exception {
        byte[] bytes = bytes(1, PART_BYTES);
        Thread caller = Thread.currentThread();
        CompletableFuture<Void> asked = new CompletableFuture<>();
        CompletableFuture<Void> left = new CompletableFuture<>();
        ScriptedServer.Script script = peer -> {
            Scripts.begin(peer, 10);
            Message.Call call = peer.call();
            if (interrupted) {
                caller.interrupt();
            }
            asked.complete(null);
            left.join();
            Part.send(peer, bytes);
            Part.answer(peer, call);
            peer.awaitEnd();
        };
        try (ScriptedServer server = new ScriptedServer(script);
                ZeoClient client = client(server, new CacheLimit.None())) {
            if (interrupted) {
                assertThatThrownBy(() -> client.openBlob(OID, SERIAL)).isInstanceOf(NoAnswerException.class);
                assertThat(Thread.interrupted()).isTrue();
            } else {
                CompletableFuture<BlobFile> blob = client.async().openBlob(OID, SERIAL);
                asked.join();
                blob.cancel(false);
            }
            left.complete(null);
            // Joins the download, if that is not over, behind the other one.
            client.openBlob(OID, SERIAL).close();
            while (!openFiles("glob:**.blob").isEmpty()) {
                Thread.onSpinWait();
            }
        }
    }

    /** As when the client is closed while it arrives: nobody else would close it. */
    @Test
    void openBlob_whenNoThreadIsThereForItAnyMore_leavesNothingOpen() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        ScriptedServer.Script script = peer -> {
            peer.handshake("M5");
            Scripts.answer(peer, Methods.REGISTER, Ids.bytes(10));
            peer.call();
            asked.countDown();
            peer.awaitEnd();
        };
        ThreadPoolExecutor io = (ThreadPoolExecutor) Executors.newCachedThreadPool();
        BlobCache cache = BlobCache.open(directory, new CacheLimit.None(), false);
        try (ScriptedServer server = new ScriptedServer(script);
                ServerLink link = new ServerLink(options(io, server.address()), user());
                BlobStore store = new BlobStore(new BlobDirectory.Cached(directory, cache), link, io)) {
            link.start();
            CompletableFuture<BlobFile> blob = store.open(OID, SERIAL);
            asked.await();
            while (io.getActiveCount() > 0) {
                // Until it is waited for.
                Thread.onSpinWait();
            }
            assertThat(openFiles("glob:**.part")).isNotEmpty();
            io.shutdown();
            link.close();
            assertThat(blob).failsWithin(Duration.ofSeconds(30));
            while (!openFiles("glob:**.part").isEmpty()
                    || !openFilesWithoutAName().isEmpty()) {
                Thread.onSpinWait();
            }
        }
    }

    /** Its threads are interrupted in the middle of something then, which closes their files. */
    @Test
    void openBlob_ofAClientThatIsClosed_failsForThat() throws Exception {
        ExecutorService io = Executors.newCachedThreadPool();
        ServerLink link =
                new ServerLink(options(io, new InetSocketAddress(InetAddress.getLoopbackAddress(), 1)), user());
        BlobCache cache = BlobCache.open(directory, new CacheLimit.None(), false);
        try (BlobStore store = new BlobStore(new BlobDirectory.Cached(directory, cache), link, io)) {
            link.close();
            CompletableFuture<BlobFile> blob = store.inBackground(() -> {
                throw new ClosedByInterruptException();
            });
            assertThatThrownBy(() -> Failures.await(blob, Duration.ZERO, link))
                    .isInstanceOf(ServerUnavailableException.class)
                    .hasMessage("the client was closed");
        }
        io.shutdown();
    }

    /** Those in the directory of the cache. */
    private List<Path> openFilesWithoutAName() throws IOException {
        return openFiles("glob:** (deleted)");
    }

    private List<Path> openFiles(String pattern) throws IOException {
        PathMatcher matcher = directory.getFileSystem().getPathMatcher(pattern);
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (Path descriptor : descriptors) {
                try {
                    Path file = Files.readSymbolicLink(descriptor);
                    if (file.startsWith(directory.toRealPath()) && matcher.matches(file)) {
                        found.add(file);
                    }
                } catch (NoSuchFileException e) {
                    // Closed meanwhile.
                }
            }
        }
        return found;
    }

    /** A download that has failed, as it would from a full disk, while the server still sends it. */
    @Test
    void downloadThatFails_isFollowedByTheNextOneWhenTheServerHasSentAllOfIt() throws Exception {
        byte[] bytes = bytes(1, BLOB_BYTES);
        CompletableFuture<OpenBlob> opened = new CompletableFuture<>();
        CompletableFuture<Void> failed = new CompletableFuture<>();
        ScriptedServer.Script goesOn = peer -> {
            Scripts.begin(peer, 10);
            Message.Call call = peer.call();
            peer.send(new Message.OneWay(Methods.RECEIVE_BLOB_START, KEY));
            Part.send(peer, bytes(2, PART_BYTES));
            failed.join();
            // Asked for after the same blob.
            Message.Call other = peer.call();
            assertThat(other.args()).isEqualTo(PyTuple.of(Ids.bytes(OID + 1), Ids.bytes(SERIAL)));
            Part.send(peer, bytes(3, PART_BYTES));
            peer.send(new Message.Reply(call.id(), null));
            call = peer.call();
            assertThat(call.args()).isEqualTo(KEY);
            peer.send(new Message.OneWay(Methods.RECEIVE_BLOB_START, KEY));
            Part.send(peer, bytes);
            Part.answer(peer, call);
            peer.awaitEnd();
        };
        try (ScriptedServer server =
                new ScriptedServer(peer -> passing(bytes, PART_BYTES, false).send(peer, opened), goesOn)) {
            try (Relay relay = relay(server)) {
                relay.openBlob(OID, SERIAL).thenAccept(opened::complete);
                try (OpenBlob blob = opened.join()) {
                    assertThatThrownBy(() -> whole(blob)).hasMessageContaining("are not those that had come");
                }
                CompletableFuture<OpenBlob> again = relay.openBlob(OID, SERIAL);
                CompletableFuture<OpenBlob> other = relay.openBlob(OID + 1, SERIAL);
                failed.complete(null);
                try (OpenBlob blob = again.join();
                        OpenBlob unused = other.join()) {
                    assertThat(whole(blob)).isEqualTo(bytes);
                    assertThat(unused.failure()).isNull();
                }
            }
            server.join();
        }
    }

    /** One that has been written lets the connection go on, and with it what comes of the other one. */
    @Test
    void connection_ofTwoThatAreSlowerThanIt_isHeldBackUntilBothHaveBeenWritten() throws Exception {
        CompletableFuture<Void> asked = new CompletableFuture<>();
        ScriptedServer.Script script = peer -> {
            peer.handshake("M5");
            Scripts.answer(peer, Methods.REGISTER, Ids.bytes(10));
            peer.call();
            peer.call();
            asked.complete(null);
            peer.awaitEnd();
        };
        ExecutorService io = Executors.newCachedThreadPool();
        BlockingQueue<Runnable> later = new LinkedBlockingQueue<>();
        Executor slow = work -> {
            if (asked.isDone()) {
                later.add(work);
            } else {
                io.execute(work);
            }
        };
        BlobCache cache = BlobCache.open(directory, new CacheLimit.None(), false);
        try (ScriptedServer server = new ScriptedServer(script);
                ServerLink link = new ServerLink(options(slow, server.address()), user());
                BlobStore store = new BlobStore(new BlobDirectory.Cached(directory, cache), link, slow)) {
            link.start();
            ZeoConnection connection = link.connection().join();
            store.open(1, SERIAL);
            store.open(2, SERIAL);
            asked.join();
            receive(store, link, 1, 9 << 20);
            receive(store, link, 2, 9 << 20);
            Runnable writing = later.take();
            assertThat(isRead(link, connection)).isFalse();
            writing.run();
            assertThat(isRead(link, connection)).isTrue();
            receive(store, link, 2, 1);
            assertThat(isRead(link, connection)).isFalse();
            later.take().run();
            assertThat(isRead(link, connection)).isTrue();
        }
        io.shutdown();
    }

    private static void receive(BlobStore store, ServerLink link, long oid, int bytes) {
        onLoop(link, () -> {
            ByteBuf piece = Unpooled.buffer(bytes).writeZero(bytes);
            store.received(oid, SERIAL, piece);
            piece.release();
            return true;
        });
    }

    private static boolean isRead(ServerLink link, ZeoConnection connection) {
        return onLoop(link, () -> ScriptedServer.isRead(connection));
    }

    private static <T> T onLoop(ServerLink link, Supplier<T> step) {
        CompletableFuture<T> result = new CompletableFuture<>();
        link.onLoop(() -> result.complete(step.get()));
        return result.join();
    }

    /** Reads a blob as it arrives; each connection goes on when the reader has all that the one before has sent. */
    private byte[] read(Part... parts) throws Exception {
        CompletableFuture<OpenBlob> opened = new CompletableFuture<>();
        ScriptedServer.Script[] scripts = Arrays.stream(parts)
                .map(part -> (ScriptedServer.Script) peer -> part.send(peer, opened))
                .toArray(ScriptedServer.Script[]::new);
        try (ScriptedServer server = new ScriptedServer(scripts)) {
            try (Relay relay = relay(server)) {
                relay.openBlob(OID, SERIAL).thenAccept(opened::complete);
                try (OpenBlob blob = opened.join()) {
                    return whole(blob);
                }
            }
        }
    }

    private static ScriptedServer.Script sendingOnce(byte[] bytes) {
        // No reader is waited for, as all of it is sent.
        return peer -> passing(bytes, bytes.length, true).send(peer, CompletableFuture.failedFuture(new IOException()));
    }

    private ZeoClient client(ScriptedServer server, CacheLimit limit) throws IOException {
        return ZeoClient.open(ZeoClientOptions.builder()
                .address(server.address())
                .blobCache(directory, limit)
                .build());
    }

    private Relay relay(ScriptedServer server) throws IOException {
        ZeoClientOptions options = ZeoClientOptions.builder()
                .address(server.address())
                .blobCache(directory, new CacheLimit.None())
                .build();
        Relay relay = Relay.open(options, RelayListener.NONE);
        relay.start();
        return relay;
    }

    private static byte[] whole(OpenBlob blob) throws IOException {
        awaitMoreThan(blob, OpenBlob.UNKNOWN);
        if (blob.failure() != null) {
            throw new IOException(blob.failure());
        }
        ByteBuffer found = ByteBuffer.allocate((int) blob.size());
        blob.channel().read(found, 0);
        return found.array();
    }

    private static void awaitMoreThan(OpenBlob blob, long bytes) {
        CompletableFuture<Void> there = new CompletableFuture<>();
        blob.whenAvailable(bytes, () -> there.complete(null));
        there.join();
    }

    /** What a server sends of a blob before its connection breaks, or the answer. */
    private record Part(byte[] bytes, boolean isAll) {
        void send(ScriptedServer.Peer peer, CompletableFuture<OpenBlob> reader) throws Exception {
            Scripts.begin(peer, 10);
            Message.Call call = peer.call();
            peer.send(new Message.OneWay(Methods.RECEIVE_BLOB_START, KEY));
            send(peer, bytes);
            if (isAll) {
                answer(peer, call);
                peer.awaitEnd();
            } else {
                awaitMoreThan(reader.join(), bytes.length - 1);
            }
        }

        static void answer(ScriptedServer.Peer peer, Message.Call call) throws IOException {
            peer.send(new Message.OneWay(Methods.RECEIVE_BLOB_STOP, KEY));
            peer.send(new Message.Reply(call.id(), null));
        }

        static void send(ScriptedServer.Peer peer, byte[] bytes) throws IOException {
            for (int at = 0; at < bytes.length; at += PIECE_BYTES) {
                byte[] piece = Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + PIECE_BYTES));
                peer.send(new Message.OneWay(
                        Methods.RECEIVE_BLOB_CHUNK, PyTuple.of(Ids.bytes(OID), Ids.bytes(SERIAL), piece)));
            }
        }
    }

    private static Part passing(byte[] blob, int bytes, boolean isAll) {
        return new Part(Arrays.copyOf(blob, bytes), isAll);
    }

    private static byte[] bytes(int seed, int count) {
        byte[] bytes = new byte[count];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private static LinkOptions options(Executor io, SocketAddress server) {
        return new LinkOptions(
                List.of(server),
                "1",
                LinkOptions.Access.READ_WRITE,
                null,
                ConnectionOptions.DEFAULT,
                Duration.ofSeconds(1),
                Duration.ofSeconds(1),
                Duration.ofMinutes(1),
                Duration.ofMinutes(1),
                io);
    }

    /** Whom nothing concerns. */
    private static LinkUser user() {
        return (LinkUser) Proxy.newProxyInstance(
                LinkUser.class.getClassLoader(),
                new Class<?>[] {LinkUser.class},
                (proxy, method, arguments) -> method.getName().equals("verify") ? Done.future() : null);
    }
}
